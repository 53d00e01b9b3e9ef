use core::fmt;
use core::time::Duration;

use crate::ci::stage_run::StageRun;

/// The table at the end.
#[derive(Default)]
pub(crate) struct Summary {
    runs: Vec<StageRun>,
}

impl Summary {
    pub(crate) fn push(&mut self, run: StageRun) {
        self.runs.push(run);
    }

    pub(crate) fn failures(&self) -> usize {
        self.runs.iter().filter(|run| run.failed()).count()
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:<12} {:<10} {:>8}", "stage", "result", "time")?;
        for run in &self.runs {
            let (word, seconds) = (run.verdict.word(), run.time.as_secs_f64());
            write!(f, "{:<12} {word:<10} {seconds:>6.1} s", run.name)?;
            if run.failed() {
                write!(f, "  to repeat it: {}", run.repeat())?;
            } else if let Some(note) = &run.note {
                write!(f, "  {note}")?;
            }
            writeln!(f)?;
        }
        let total: Duration = self.runs.iter().map(|run| run.time).sum();
        writeln!(f, "{:<12} {:<10} {:>6.1} s", "all", "", total.as_secs_f64())
    }
}
