//! permessage-deflate with foreign clients, over every choice of parameters.

use std::io;
use std::process::Command;

use super::{SILENCE, chromium, node, python};
use crate::artifacts::Artifacts;
use crate::echo::Echo;
use crate::failure::{Result, bail};
use crate::lines::Lines;
use crate::outcome::Outcome;
use crate::process::Process;

pub(crate) fn run() -> Result<Outcome> {
    let programs = Artifacts::build(&["--package", "ws-tokio", "--example", "tokio_echo"])?;
    let echo = programs.path("tokio_echo")?;
    for (name, mut command) in [
        ("node", node::script("deflate.mjs")?),
        ("python", python::script("deflate.py")?),
        ("chromium", chromium::script("deflate_page.mjs")?),
    ] {
        println!("{name}:");
        let server = Echo::start(echo, &["--deflate"], &format!("deflate-{name}"))?;
        command.arg(server.address.to_string());
        follow(command)?;
    }
    Ok(Outcome::Passed)
}

fn follow(mut command: Command) -> Result {
    let (source, sink) = io::pipe()?;
    command.stdout(sink.try_clone()?).stderr(sink);
    let mut client = Process::start(&mut command)?;
    // The pipe ends with the client, once this side of it is closed as well.
    drop(command);
    let output = Lines::follow(source, io::sink());
    while let Some(line) = output.next(SILENCE)? {
        println!("  {line}");
    }
    let status = client.finish(SILENCE)?;
    if !status.success() {
        bail!("the client ended with {status}");
    }
    Ok(())
}
