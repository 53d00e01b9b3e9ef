use core::time::Duration;
use std::fs::File;
use std::io::{self, Write};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;

use crate::failure::{Context as _, Result, bail};
use crate::guardian;
use crate::lines::Lines;

/// How long a process may take to end after SIGTERM.
const TIMEOUT: Duration = Duration::from_secs(5);

/// A child in a process group of its own; dropping this ends the whole group.
pub(crate) struct Process {
    name: String,
    id: u32,
    waiter: Receiver<io::Result<ExitStatus>>,
    status: Option<ExitStatus>,
}

impl Process {
    pub(crate) fn start(command: &mut Command) -> Result<Self> {
        let name = command.get_program().to_string_lossy().into_owned();
        let mut child = command
            .process_group(0)
            .stdin(Stdio::null())
            .spawn()
            .context(format_args!("cannot start {name}"))?;
        let id = child.id();
        guardian::started(id);
        let (sender, waiter) = mpsc::channel();
        thread::spawn(move || {
            let _ = sender.send(child.wait());
        });
        Ok(Self { name, id, waiter, status: None })
    }

    /// Starts it with its output in a file.
    pub(crate) fn logged(command: &mut Command, log: &Path) -> Result<Self> {
        let file = File::create(log).context(log.display())?;
        Self::start(command.stdout(file.try_clone()?).stderr(file))
    }

    /// Starts it with its output read line by line, and copied to `log`.
    pub(crate) fn followed(
        mut command: Command,
        log: impl Write + Send + 'static,
    ) -> Result<(Self, Lines)> {
        let (source, sink) = io::pipe()?;
        let process = Self::start(command.stdout(sink.try_clone()?).stderr(sink))?;
        // The pipe ends with the process, once this side of it is closed as well.
        drop(command);
        Ok((process, Lines::follow(source, log)))
    }

    pub(crate) fn id(&self) -> u32 {
        self.id
    }

    /// The exit status, or `None` when the process still runs after `limit`.
    pub(crate) fn wait(&mut self, limit: Duration) -> Result<Option<ExitStatus>> {
        if self.status.is_none()
            && let Ok(status) = self.waiter.recv_timeout(limit)
        {
            self.status = Some(status.context(format_args!("cannot wait for {}", self.name))?);
            // No process that it started outlives it.
            self.signal_group("KILL");
            guardian::ended(self.id);
        }
        Ok(self.status)
    }

    /// The exit status; a process that does not end in time is an error.
    pub(crate) fn finish(&mut self, limit: Duration) -> Result<ExitStatus> {
        match self.wait(limit)? {
            Some(status) => Ok(status),
            None => bail!("{} did not end within {} s", self.name, limit.as_secs()),
        }
    }

    /// The exit status, if the process has already ended.
    pub(crate) fn ended(&mut self) -> Result<Option<ExitStatus>> {
        self.wait(Duration::ZERO)
    }

    /// Sends SIGTERM to the process alone, as an operator does to stop it.
    pub(crate) fn terminate(&self) {
        kill("TERM", &self.id.to_string());
    }

    /// Sends SIGKILL to the process alone, like a crash.
    pub(crate) fn kill(&self) {
        kill("KILL", &self.id.to_string());
    }

    fn signal_group(&self, signal: &str) {
        kill(signal, &format!("-{}", self.id));
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        for signal in ["TERM", "KILL"] {
            if matches!(self.ended(), Ok(Some(_)) | Err(_)) {
                return;
            }
            self.signal_group(signal);
            let _ = self.wait(TIMEOUT);
        }
    }
}

/// A signal without `unsafe` and without a dependency: the shell's `kill`.
fn kill(signal: &str, target: &str) {
    let _ = Command::new("sh")
        .args(["-c", r#"kill -s "$0" -- "$1""#, signal, target])
        .stderr(Stdio::null())
        .status();
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOON: Duration = Duration::from_secs(10);

    #[test]
    fn tells_the_exit_status() {
        let mut process = Process::start(Command::new("sh").args(["-c", "exit 3"])).unwrap();
        assert_eq!(process.finish(SOON).unwrap().code(), Some(3));
    }

    #[test]
    fn a_limit_is_kept() {
        let mut process = Process::start(Command::new("sleep").arg("60")).unwrap();
        assert!(process.wait(Duration::from_millis(10)).unwrap().is_none());
    }

    #[test]
    fn the_whole_group_ends_with_the_value() {
        let mut command = Command::new("sh");
        command.args(["-c", "sleep 60 & echo started; wait"]);
        let (process, lines) = Process::followed(command, io::sink()).unwrap();
        assert_eq!(lines.next(SOON).unwrap().as_deref(), Some("started"));
        drop(process);
        // The grandchild keeps the pipe open while it runs.
        assert_eq!(lines.next(SOON).unwrap(), None);
    }
}
