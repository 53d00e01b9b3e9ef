use std::process::ExitCode;

use anyhow::Result;

/// The prefix of a line that CI repeats in its table.
pub(crate) const NOTE: &str = "summary: ";

/// The exit status of a skipped command, as in Automake and Meson.
pub(crate) const SKIPPED_STATUS: u8 = 77;

/// The error of a command that checked nothing, because the machine lacks something that is needed.
#[derive(Debug)]
pub(crate) struct Skipped(pub(crate) String);

impl std::error::Error for Skipped {}

impl std::fmt::Display for Skipped {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// Prints a line that CI repeats in its table.
pub(crate) fn note(text: &str) {
    println!("{NOTE}{text}");
}

/// Reports the result of a command.
pub(crate) fn exit_code(result: Result<()>) -> ExitCode {
    let Err(error) = result else { return ExitCode::SUCCESS };
    match error.downcast_ref::<Skipped>() {
        Some(Skipped(reason)) => {
            note(reason);
            ExitCode::from(SKIPPED_STATUS)
        }
        None => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}
