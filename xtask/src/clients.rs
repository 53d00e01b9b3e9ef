pub(crate) mod deflate;
pub(crate) mod http2;
pub(crate) mod scripts;

use core::time::Duration;
use std::io;
use std::path::Path;
use std::process::Command;

use clap::Args;
use clap::builder::PossibleValuesParser;

use crate::demo::{self, Demo};
use crate::failure::{Context as _, Result, bail};
use crate::outcome::Outcome;
use crate::process::Process;

/// The maximum time from one line of a client to the next. Each client has shorter timeouts for
/// what it expects.
const SILENCE: Duration = Duration::from_secs(60);

/// The line by which a client reports that it only waits for the server's end.
const READY: &str = "ready";

/// A foreign implementation and how to run it.
struct Client {
    name: &'static str,
    /// Installs what is needed and returns the command, to which the server's address is added.
    prepare: fn() -> Result<Command>,
}

const CLIENTS: &[Client] = &[
    Client { name: "node", prepare: || scripts::node("node.mjs") },
    Client { name: "python", prepare: || scripts::python("python.py") },
    Client { name: "chromium", prepare: || scripts::chromium("chromium.mjs") },
];

#[derive(Args, Default)]
pub(crate) struct Options {
    /// The clients to run; all if none is named
    #[arg(value_name = "CLIENT", value_parser = PossibleValuesParser::new(CLIENTS.iter().map(|client| client.name)))]
    clients: Vec<String>,
}

pub(crate) fn run(options: &Options) -> Result<Outcome> {
    let chosen =
        |name: &str| options.clients.is_empty() || options.clients.iter().any(|c| c == name);
    let server = demo::build()?;
    let mut failed = Vec::new();
    for client in CLIENTS.iter().filter(|client| chosen(client.name)) {
        match (client.prepare)().and_then(|command| test(client.name, command, &server)) {
            Ok(()) => println!("{}: passed", client.name),
            Err(failure) => {
                println!("{}: FAILED: {failure}", client.name);
                failed.push(client.name);
            }
        }
    }
    if !failed.is_empty() {
        bail!("clients that failed: {}", failed.join(", "));
    }
    Ok(Outcome::Passed)
}

/// Runs one client against a server of its own, and stops the server while the client is connected.
fn test(name: &str, mut command: Command, program: &Path) -> Result {
    println!("{name}:");
    let server = Demo::start(program, &[], name)?;
    command.arg(server.address.to_string());
    let (mut client, output) = Process::followed(command, io::sink())?;
    let mut ready = false;
    while let Some(line) = output.next(SILENCE)? {
        if line == READY {
            ready = true;
            server.process.terminate();
        } else {
            println!("  {line}");
        }
    }
    let status = client.finish(SILENCE)?;
    if !status.success() {
        bail!("the client ended with {status}");
    }
    if !ready {
        bail!("the client ended before the server did");
    }
    check_log(&server.stopped()?)
}

/// The server has logged the Close frame that each client sends.
fn check_log(log: &str) -> Result {
    let close = r#"code=1000 reason="Done""#;
    let line = log.lines().find(|line| line.contains("Close from ") && line.contains(close));
    line.context(format_args!("the server logged no `Close from …: {close}`"))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_close_is_found_in_the_log() {
        let line = r#"[ws] Close from 0123abcd: code=1000 reason="Done""#;
        assert!(check_log(&format!("[ws] Client 0123abcd connected (1 total)\n{line}\n")).is_ok());
        assert!(check_log(r#"[ws] Close from 0123abcd: code=1005 reason="""#).is_err());
    }
}
