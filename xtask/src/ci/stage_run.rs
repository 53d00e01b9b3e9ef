use core::fmt::Write as _;
use core::task::Poll;
use core::time::Duration;
use std::collections::VecDeque;
use std::fs::File;
use std::path::PathBuf;
use std::process::{self, ExitStatus};
use std::time::Instant;

use crate::ci::stage::{Output, Stage};
use crate::command::command;
use crate::failure::{Context as _, Result};
use crate::outcome::Outcome;
use crate::process::Process;
use crate::{note, workspace};

/// How much of a failed stage's output is printed again.
const TAIL: usize = 60;

/// How long a stage may print nothing before its status is checked.
const SILENCE: Duration = Duration::from_secs(1);

/// The result of a stage.
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
    // A build may replace the file of this program at any time; Linux keeps the running one under this link.
    let mut command = command(format!("/proc/{}/exe", process::id()));
    command.args(["stage", stage.name]);
    let start = Instant::now();
    let (mut process, lines) = Process::followed(command, file)?;
    let mut kept = Kept::default();
    while start.elapsed() < stage.limit {
        match lines.poll(SILENCE) {
            Poll::Ready(Some(line)) => {
                if stage.output == Output::Shown {
                    println!("{line}");
                }
                kept.push(line);
            }
            Poll::Ready(None) => break,
            // Processes that the stage has left behind may keep the output open.
            Poll::Pending if process.ended()?.is_some() => break,
            Poll::Pending => {}
        }
    }
    let verdict = verdict(process.wait(stage.limit.saturating_sub(start.elapsed()))?);
    let Kept { tail, note } = kept;
    Ok(StageRun { name: stage.name, verdict, time: start.elapsed(), note, tail, log })
}

impl StageRun {
    #[cfg(test)]
    pub(crate) fn of(name: &'static str, verdict: Verdict) -> Self {
        let (tail, log) = (VecDeque::new(), PathBuf::new());
        Self { name, verdict, time: Duration::ZERO, note: None, tail, log }
    }

    /// The report of the stage when it has ended.
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
            let _ = writeln!(report, "     to repeat: {}", self.repeat());
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

/// The part of the output that is kept.
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
