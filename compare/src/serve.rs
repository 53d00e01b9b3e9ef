//! Servers, each as its own process: `compare serve NAME MODE`.

use crate::Result;
use crate::contestant::Server;
use crate::mode::Mode;
use crate::peers;

/// Runs the server that the arguments name.
pub(crate) fn run(mut arguments: impl Iterator<Item = String>) -> Result<()> {
    let name = arguments.next().ok_or("no server named")?;
    let mode = match arguments.next().as_deref() {
        Some("echo") => Mode::Echo,
        Some("broadcast") => Mode::Broadcast,
        other => return Err(format!("unknown mode {other:?}").into()),
    };
    let contestant = peers::named(&name).ok_or_else(|| format!("unknown server `{name}`"))?;
    match (contestant.server, mode) {
        (Some(Server::Echo(serve)), Mode::Echo)
        | (Some(Server::Broadcast(serve)), Mode::Broadcast) => serve(),
        (Some(Server::Modes(serve)), mode) => serve(mode),
        _ => return Err(format!("`{name}` does not serve {}", mode.name()).into()),
    }
    Ok(())
}
