use std::collections::VecDeque;
use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::{self, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Result;

use crate::ci::stage::{Output, Stage};
use crate::outcome::{NOTE, SKIPPED_STATUS};
use crate::workspace;

/// How much of a failed stage's output is printed again.
const TAIL: usize = 60;

/// Runs a command in the group of this shell, and kills the group as soon as the input of the shell ends: when
/// xtask closes it, or itself ends for any reason.
const GROUP: &str = r#"exec 3<&0 </dev/null
(read -r _ <&3; kill -s KILL 0) >/dev/null 2>&1 &
exec "$0" "$@" 3<&-"#;

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
    let mut file = File::create(&log)?;
    // A build may replace the file of this program at any time; Linux keeps the running one under this link.
    let mut command = Command::new(format!("/proc/{}/exe", process::id()));
    command.args(["stage", stage.name]);
    let start = Instant::now();
    let mut kept = Kept::default();
    let status = run_group(&command, stage.limit, |line| {
        if stage.output == Output::Shown {
            println!("{line}");
        }
        // A full disk must not stop the stage.
        let _ = writeln!(file, "{line}");
        kept.push(line);
    })?;
    let Kept { tail, note } = kept;
    let verdict = verdict(status);
    Ok(StageRun { name: stage.name, verdict, time: start.elapsed(), note, tail, log })
}

/// Runs a command with each line of its output given to `each`; returns its exit status if it ended within the limit.
/// No process that it has started outlives it.
fn run_group(
    command: &Command,
    limit: Duration,
    mut each: impl FnMut(String),
) -> Result<Option<ExitStatus>> {
    let (source, sink) = io::pipe()?;
    let mut shell = Command::new("sh");
    shell.args(["-c", GROUP]).arg(command.get_program()).args(command.get_args());
    shell.current_dir(workspace::root()).process_group(0).stdin(Stdio::piped());
    let mut child = shell.stdout(sink.try_clone()?).stderr(sink).spawn()?;
    // The pipe ends with the group, once this side of it is closed as well.
    drop(shell);
    let input = child.stdin.take();
    let (ended, end) = mpsc::channel();
    let waiter = thread::spawn(move || {
        let status = child.wait();
        drop::<mpsc::Sender<()>>(ended);
        status
    });
    let timer = thread::spawn(move || {
        let in_time = end.recv_timeout(limit) != Err(RecvTimeoutError::Timeout);
        drop(input);
        in_time
    });
    for line in BufReader::new(source).split(b'\n') {
        each(String::from_utf8_lossy(&line?).trim_end_matches('\r').to_owned());
    }
    let in_time = timer.join().expect("no panic");
    let status = waiter.join().expect("no panic")?;
    Ok(in_time.then_some(status))
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
        Some(Some(code)) if code == i32::from(SKIPPED_STATUS) => Verdict::Skipped,
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
        if let Some(note) = line.strip_prefix(NOTE) {
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

    const SOON: Duration = Duration::from_secs(10);

    fn run(script: &str, limit: Duration) -> (Option<i32>, Vec<String>) {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        let mut lines = Vec::new();
        let status = run_group(&command, limit, |line| lines.push(line)).unwrap();
        (status.and_then(|status| status.code()), lines)
    }

    #[test]
    fn all_output_and_the_status_are_returned() {
        let lines = vec!["one".to_owned(), "two".to_owned()];
        assert_eq!(run("echo one; echo two >&2; exit 3", SOON), (Some(3), lines));
    }

    #[test]
    fn the_group_ends_with_the_command() {
        let start = Instant::now();
        assert_eq!(run("sleep 60 & echo started", SOON), (Some(0), vec!["started".to_owned()]));
        assert!(start.elapsed() < SOON);
    }

    #[test]
    fn the_group_ends_after_the_limit() {
        let limit = Duration::from_millis(100);
        assert_eq!(run("sleep 60 & sleep 60", limit), (None, Vec::new()));
    }

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
