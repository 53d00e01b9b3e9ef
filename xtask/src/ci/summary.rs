use std::fmt;
use std::time::Duration;

use crate::ci::stage_run::{StageRun, Verdict};

/// The table at the end, and the line with the counts.
#[derive(Default)]
pub(crate) struct Summary {
    runs: Vec<StageRun>,
}

impl Summary {
    pub(crate) fn push(&mut self, run: StageRun) {
        self.runs.push(run);
    }

    pub(crate) fn failed(&self) -> bool {
        self.runs.iter().any(StageRun::failed)
    }

    /// In the form that `cargo test` prints.
    fn counts(&self) -> String {
        let count = |is: fn(&StageRun) -> bool| self.runs.iter().filter(|run| is(run)).count();
        let passed = count(|run| run.verdict == Verdict::Passed);
        let skipped = match count(|run| run.verdict == Verdict::Skipped) {
            0 => String::new(),
            skipped => format!(", {skipped} skipped"),
        };
        format!("{passed} passed, {} failed{skipped}", count(StageRun::failed))
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:<14} {:<10} {:>8}", "stage", "result", "time")?;
        for run in &self.runs {
            let (word, seconds) = (run.verdict.word(), run.time.as_secs_f64());
            write!(f, "{:<14} {word:<10} {seconds:>6.1} s", run.name)?;
            if run.failed() {
                write!(f, "  to repeat: {}", run.repeat())?;
            } else if let Some(note) = &run.note {
                write!(f, "  {note}")?;
            }
            writeln!(f)?;
        }
        let total: Duration = self.runs.iter().map(|run| run.time).sum();
        writeln!(f, "{:<14} {:<10} {:>6.1} s", "all", "", total.as_secs_f64())?;
        writeln!(f, "\n{}", self.counts())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn summary(verdicts: &[Verdict]) -> Summary {
        let runs = verdicts.iter().map(|verdict| StageRun::of("fmt", *verdict)).collect();
        Summary { runs }
    }

    #[test]
    fn the_last_line_counts_the_stages() {
        let last = |verdicts: &[Verdict]| {
            let text = summary(verdicts).to_string();
            text.lines().last().map(str::to_owned).expect("a line")
        };
        assert_eq!(last(&[Verdict::Passed; 21]), "21 passed, 0 failed");
        let some = [Verdict::Passed, Verdict::Failed, Verdict::TimedOut, Verdict::Skipped];
        assert_eq!(last(&some), "1 passed, 2 failed, 1 skipped");
    }

    #[test]
    fn a_failed_stage_fails_all_and_is_named() {
        assert!(!summary(&[Verdict::Passed, Verdict::Skipped]).failed());
        for failed in [Verdict::Failed, Verdict::TimedOut] {
            let summary = summary(&[Verdict::Passed, failed]);
            assert!(summary.failed());
            assert!(summary.to_string().contains("cargo xtask ci fmt"), "{summary}");
        }
    }
}
