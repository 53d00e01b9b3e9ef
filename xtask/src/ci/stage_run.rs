use core::fmt::Write as _;
use core::time::Duration;
use std::collections::VecDeque;
use std::fs::File;
use std::io;
use std::path::PathBuf;
use std::process::ExitStatus;
use std::sync::{Arc, Mutex, mpsc};
use std::thread;
use std::time::Instant;

use crate::ci::stage::{Output, Stage};
use crate::command::command;
use crate::failure::{Context as _, Result};
use crate::lines;
use crate::outcome::Outcome;
use crate::process::Process;
use crate::{note, this_program, workspace};

/// How much of a failed stage's output is repeated.
const TAIL: usize = 60;

/// How long output may still come after its stage has ended.
const AFTERGLOW: Duration = Duration::from_secs(5);

/// How a stage went.
pub(crate) struct StageRun {
    pub(crate) name: &'static str,
    pub(crate) verdict: Verdict,
    pub(crate) time: Duration,
    pub(crate) note: Option<String>,
    tail: VecDeque<String>,
    log: PathBuf,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Passed,
    Skipped,
    Failed,
    TimedOut,
}

/// Runs the stage in a process of its own, so that its output can be kept and its time bounded.
pub(crate) fn run(stage: &Stage) -> Result<StageRun> {
    let log = stage.log()?;
    let file = File::create(&log).context(log.display())?;
    let output = Arc::new(Mutex::new(Kept::default()));

    let start = Instant::now();
    let (source, sink) = io::pipe()?;
    let mut process = {
        let mut command = command(this_program::path()?);
        command.args(["stage", stage.name]).stdout(sink.try_clone()?).stderr(sink);
        Process::start(&mut command)?
    };
    let (done, end) = mpsc::channel::<()>();
    let (kept, shown) = (Arc::clone(&output), stage.output == Output::Shown);
    thread::spawn(move || {
        lines::copy(source, file, |line| {
            if shown {
                println!("{line}");
            }
            lock(&kept).push(line);
        });
        drop(done);
    });
    let verdict = verdict(process.wait(stage.limit)?);
    let time = start.elapsed();
    drop(process);
    let _ = end.recv_timeout(AFTERGLOW);

    let Kept { tail, note } = core::mem::take(&mut *lock(&output));
    Ok(StageRun { name: stage.name, verdict, time, note, tail, log })
}

impl StageRun {
    #[cfg(test)]
    pub(crate) fn of(name: &'static str, verdict: Verdict) -> Self {
        let (tail, log) = (VecDeque::new(), PathBuf::new());
        Self { name, verdict, time: Duration::ZERO, note: None, tail, log }
    }

    /// What is said of the stage when it has ended.
    pub(crate) fn report(&self) -> String {
        let seconds = self.time.as_secs_f64();
        let log = workspace::relative(&self.log).display();
        let mut report = String::new();
        if self.failed() {
            let _ = writeln!(report, "---- the last lines of {log}:");
            for line in &self.tail {
                let _ = writeln!(report, "     {line}");
            }
        }
        let _ = writeln!(report, "==== {}: {} in {seconds:.1} s", self.name, self.verdict.word());
        if self.failed() {
            let _ = writeln!(report, "     to repeat it: {}", self.repeat());
        }
        report
    }

    pub(crate) fn failed(&self) -> bool {
        matches!(self.verdict, Verdict::Failed | Verdict::TimedOut)
    }

    pub(crate) fn repeat(&self) -> String {
        format!("cargo xtask ci {}", self.name)
    }
}

impl Verdict {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Skipped => "skipped",
            Self::Failed => "FAILED",
            Self::TimedOut => "TIMED OUT",
        }
    }
}

fn verdict(status: Option<ExitStatus>) -> Verdict {
    match status.map(|status| status.code()) {
        Some(Some(0)) => Verdict::Passed,
        Some(Some(code)) if code == i32::from(Outcome::SKIPPED_STATUS) => Verdict::Skipped,
        Some(_) => Verdict::Failed,
        None => Verdict::TimedOut,
    }
}

/// What is remembered of the output.
#[derive(Default)]
struct Kept {
    tail: VecDeque<String>,
    note: Option<String>,
}

impl Kept {
    fn push(&mut self, line: String) {
        if let Some(note) = line.strip_prefix(note::MARK) {
            self.note = Some(note.to_owned());
        }
        if self.tail.len() == TAIL {
            self.tail.pop_front();
        }
        self.tail.push_back(line);
    }
}

fn lock(kept: &Mutex<Kept>) -> std::sync::MutexGuard<'_, Kept> {
    kept.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::ExitStatusExt as _;

    use super::*;

    #[test]
    fn an_exit_status_is_a_verdict() {
        let exited = |code: i32| Some(ExitStatus::from_raw(code << 8));
        assert_eq!(verdict(exited(0)), Verdict::Passed);
        assert_eq!(verdict(exited(77)), Verdict::Skipped);
        assert_eq!(verdict(exited(101)), Verdict::Failed);
        assert_eq!(verdict(Some(ExitStatus::from_raw(9))), Verdict::Failed);
        assert_eq!(verdict(None), Verdict::TimedOut);
    }

    #[test]
    fn the_end_and_the_note_are_kept() {
        let mut kept = Kept::default();
        kept.push("summary: no compiler".into());
        (0..TAIL).for_each(|n| kept.push(n.to_string()));
        assert_eq!(kept.tail.len(), TAIL);
        assert_eq!(kept.tail[0], "0");
        assert_eq!(kept.note.as_deref(), Some("no compiler"));
    }
}
