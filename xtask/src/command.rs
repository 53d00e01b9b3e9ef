use core::time::Duration;
use std::ffi::OsStr;
use std::io;
use std::process::{Command, Stdio};

use crate::failure::{Context as _, Result, bail};
use crate::process::Process;
use crate::workspace;

/// Returns a command that runs in the repository's folder.
pub(crate) fn command(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    command.current_dir(workspace::root());
    command
}

pub(crate) fn cargo(arguments: &[&str]) -> Command {
    let mut cargo = command("cargo");
    cargo.args(arguments);
    cargo
}

/// Prints the command, then runs it with its output shown; anything but success is an error.
pub(crate) fn execute(command: &mut Command) -> Result {
    execute_within(command, Duration::MAX)
}

/// `execute`, for a command that may hang.
pub(crate) fn execute_within(command: &mut Command, limit: Duration) -> Result {
    let shown = shown(command);
    println!("$ {shown}");
    finish(&shown, &mut Process::start(command)?, limit)
}

/// `execute`, with each line of the output also given to `each`.
pub(crate) fn execute_reading(command: Command, mut each: impl FnMut(&str)) -> Result {
    let shown = shown(&command);
    println!("$ {shown}");
    let (mut process, lines) = Process::followed(command, io::sink())?;
    while let Some(line) = lines.next(Duration::MAX)? {
        println!("{line}");
        each(&line);
    }
    finish(&shown, &mut process, Duration::MAX)
}

fn finish(shown: &str, process: &mut Process, limit: Duration) -> Result {
    match process.wait(limit)? {
        Some(status) if status.success() => Ok(()),
        Some(status) => bail!("`{shown}` failed ({status})"),
        None => bail!("`{shown}` did not end within {} s", limit.as_secs()),
    }
}

/// Whether the command can be started and succeeds, with its output thrown away.
pub(crate) fn succeeds(command: &mut Command) -> bool {
    let status = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
    status.is_ok_and(|status| status.success())
}

/// What the command writes to its standard output.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    let shown = shown(command);
    let output = command.stdin(Stdio::null()).output().context(format_args!("`{shown}`"))?;
    if !output.status.success() {
        bail!("`{shown}` failed: {}", String::from_utf8_lossy(&output.stderr).trim_end());
    }
    String::from_utf8(output.stdout).context(format_args!("`{shown}`"))
}

/// The command as it would be typed into a shell.
fn shown(command: &Command) -> String {
    let mut words = Vec::new();
    for (name, value) in command.get_envs() {
        if let Some(value) = value.filter(|_| name != "PATH") {
            words.push(format!("{}={}", name.to_string_lossy(), quoted(value)));
        }
    }
    words.push(quoted(command.get_program()));
    words.extend(command.get_args().map(quoted));
    words.join(" ")
}

fn quoted(word: &OsStr) -> String {
    let word = word.to_string_lossy();
    let plain = |c: char| c.is_alphanumeric() || "-_./:=+,@%".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.into_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_shown_as_typed() {
        let mut doc = cargo(&["doc", "--no-deps"]);
        doc.env("RUSTDOCFLAGS", "-D warnings");
        assert_eq!(shown(&doc), "RUSTDOCFLAGS='-D warnings' cargo doc --no-deps");
        assert_eq!(quoted(OsStr::new("it's")), r"'it'\''s'");
        assert_eq!(quoted(OsStr::new("")), "''");
    }

    #[test]
    fn all_output_is_read() {
        let mut seen = Vec::new();
        let mut command = Command::new("sh");
        command.args(["-c", "echo one; echo two >&2"]);
        execute_reading(command, |line| seen.push(line.to_owned())).unwrap();
        assert_eq!(seen, ["one", "two"]);
    }

    #[test]
    fn a_failing_command_is_an_error() {
        let failure = execute(Command::new("sh").args(["-c", "exit 3"])).unwrap_err();
        assert_eq!(failure.to_string(), "`sh -c 'exit 3'` failed (exit status: 3)");
    }
}
