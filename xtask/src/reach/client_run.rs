use core::fmt;
use core::time::Duration;
use std::io;
use std::process::Command;

use crate::failure::{Result, bail};
use crate::process::Process;

/// Longer than the deadlines of a client.
const SILENCE: Duration = Duration::from_secs(45);

/// The output of a client, and whether it succeeded.
pub(crate) struct ClientRun {
    succeeded: bool,
    output: Vec<String>,
}

impl ClientRun {
    pub(crate) fn of(command: Command) -> Result<Self> {
        let (mut client, lines) = Process::followed(command, io::sink())?;
        let mut output = Vec::new();
        while let Some(line) = lines.next(SILENCE)? {
            output.push(line);
        }
        let succeeded = client.finish(SILENCE)?.success();
        Ok(Self { succeeded, output })
    }

    /// Checks for success, and for all these lines.
    pub(crate) fn expect_lines(&self, lines: &[&str]) -> Result {
        let missing = lines.iter().find(|line| !self.output.iter().any(|own| own == *line));
        match missing {
            None if self.succeeded => Ok(()),
            None => bail!("the client failed: {self}"),
            Some(line) => bail!("no line `{line}` from the client: {self}"),
        }
    }

    /// Checks for a failure with this error.
    pub(crate) fn expect_error(&self, error: &dyn fmt::Display) -> Result {
        let text = error.to_string();
        let said = |line: &String| line.starts_with("error: ") && line.contains(&text);
        match self.output.iter().any(said) {
            true if !self.succeeded => Ok(()),
            _ => bail!("no error `{text}` from the client: {self}"),
        }
    }
}

impl fmt::Display for ClientRun {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.output.join(" | "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::command;

    fn run(script: &str) -> ClientRun {
        let mut shell = command("sh");
        shell.args(["-c", script]);
        ClientRun::of(shell).unwrap()
    }

    #[test]
    fn lines_and_success() {
        assert!(run("echo one; echo two >&2").expect_lines(&["two", "one"]).is_ok());
        assert!(run("echo one").expect_lines(&["one", "two"]).is_err());
        assert!(run("echo one; exit 1").expect_lines(&["one"]).is_err());
    }

    #[test]
    fn errors_and_failure() {
        assert!(run("echo 'error: no way through'; exit 1").expect_error(&"no way").is_ok());
        assert!(run("echo 'error: no way through'").expect_error(&"no way").is_err());
        assert!(run("echo 'no way through'; exit 1").expect_error(&"no way").is_err());
    }
}
