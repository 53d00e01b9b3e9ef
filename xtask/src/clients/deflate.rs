//! permessage-deflate with foreign clients, over every choice of parameters.

use super::{follow, node, python};
use crate::artifacts::Artifacts;
use crate::echo::Echo;
use crate::failure::Result;
use crate::outcome::Outcome;

pub(crate) fn run() -> Result<Outcome> {
    let programs = Artifacts::build(&["--package", "ws-tokio", "--example", "tokio_echo"])?;
    let echo = programs.path("tokio_echo")?;
    for (name, mut command) in
        [("node", node::script("deflate.mjs")?), ("python", python::script("deflate.py")?)]
    {
        println!("{name}:");
        let server = Echo::start(echo, &["--deflate"], &format!("deflate-{name}"))?;
        command.arg(server.address.to_string());
        follow(command)?;
    }
    Ok(Outcome::Passed)
}
