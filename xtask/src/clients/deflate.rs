//! permessage-deflate with foreign implementations.

use core::time::Duration;
use std::io;
use std::path::Path;
use std::process::Command;

use super::scripts;
use crate::artifacts::Artifacts;
use crate::command::{command, execute};
use crate::failure::Result;
use crate::outcome::Outcome;
use crate::process::Process;
use crate::service::{BUILD_ECHO_SERVER, ECHO_SERVER, Service};

const START: Duration = Duration::from_secs(30);

pub(crate) fn run() -> Result<Outcome> {
    let examples = ["--package=ws-tokio", "--example=deflate_client", "--example=deflate_streams"];
    let programs = Artifacts::build(&[&examples[..], &BUILD_ECHO_SERVER].concat())?;
    let echo = programs.path(ECHO_SERVER)?;
    for (name, mut client) in [
        ("node", scripts::node("deflate.mjs")?),
        ("python", scripts::python("deflate.py")?),
        ("chromium", scripts::chromium("deflate_page.mjs")?),
    ] {
        println!("{name}:");
        let server = Service::echo(echo, &["--deflate"], &format!("deflate-{name}"))?;
        client.arg(server.address.to_string());
        execute(&mut client)?;
    }
    let client = programs.path("deflate_client")?;
    for (name, server) in [
        ("node", scripts::node("deflate_server.mjs")?),
        ("python", scripts::python("deflate_server.py")?),
    ] {
        println!("{name} as the server:");
        serve(server, client)?;
    }
    println!("C zlib:");
    let mut inflater = scripts::python("deflate_window.py")?;
    inflater.arg(programs.path("deflate_streams")?);
    execute(&mut inflater)?;
    Ok(Outcome::Passed)
}

/// Runs our client against a server that prints, in a line, the arguments for the client.
fn serve(server: Command, client: &Path) -> Result {
    let (_server, output) = Process::followed(server, io::stderr())?;
    let told = |line: &str| line.strip_prefix("serving ").map(str::to_owned);
    let told = output.wait_for("a line with its address", START, told)?;
    let mut client = command(client);
    client.args(told.split(' '));
    execute(&mut client)
}
