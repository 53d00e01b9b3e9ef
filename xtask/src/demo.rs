use core::net::SocketAddr;
use core::time::Duration;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use crate::artifacts::Artifacts;
use crate::command::command;
use crate::failure::{Context as _, Result, bail};
use crate::lines::Lines;
use crate::process::Process;
use crate::workspace;

const START: Duration = Duration::from_secs(30);

/// Longer than the server waits for its clients when it is stopped.
const STOP: Duration = Duration::from_secs(45);

/// A running `ws-demo serve`.
pub(crate) struct Demo {
    pub(crate) process: Process,
    pub(crate) address: SocketAddr,
    lines: Lines,
    log: PathBuf,
}

pub(crate) fn build() -> Result<PathBuf> {
    let programs = Artifacts::build_as_tested(&["--bin", "ws-demo"])?;
    Ok(programs.path("ws-demo")?.to_owned())
}

impl Demo {
    /// Starts it on a port that the system chooses, with a log of its own.
    pub(crate) fn start(program: &Path, arguments: &[&str], name: &str) -> Result<Self> {
        let log = workspace::scratch("demo")?.join(format!("{name}.log"));
        let file = File::create(&log).context(log.display())?;
        let mut command = command(program);
        command.args(["serve", "--listen", "127.0.0.1:0"]).args(arguments);
        let (process, lines) = Process::followed(command, file)?;
        let address = lines
            .wait_for("a line with its address", START, address)
            .context(format_args!("ws-demo (see {})", workspace::relative(&log).display()))?;
        Ok(Self { process, address, lines, log })
    }

    /// Waits for the end of a server that was stopped; returns all that it has logged.
    pub(crate) fn stopped(mut self) -> Result<String> {
        let status = self.process.finish(STOP)?;
        if !status.success() {
            bail!("the server ended with {status}; see {}", self.log.display());
        }
        while self.lines.next(STOP)?.is_some() {}
        fs::read_to_string(&self.log).context(self.log.display())
    }
}

/// The address in the line that says where the server listens.
fn address(line: &str) -> Option<SocketAddr> {
    let (_, rest) = line.split_once("listening on http://")?;
    let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.' && c != ':');
    rest[..end.unwrap_or(rest.len())].parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_is_found() {
        let expected = Some(SocketAddr::from(([127, 0, 0, 1], 40123)));
        assert_eq!(address("[ws] listening on http://127.0.0.1:40123"), expected);
        assert_eq!(address("INFO listening on http://127.0.0.1:40123/ and more"), expected);
        assert_eq!(address("listening on http://127.0.0.1"), None);
        assert_eq!(address("[ws] Client 01234567 connected (1 total)"), None);
    }
}
