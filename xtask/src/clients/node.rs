use std::process::Command;

use crate::clients::scripts;
use crate::command::command;
use crate::failure::Result;

/// `ws`, the implementation that most of Node uses.
pub(crate) fn prepare() -> Result<Command> {
    let mut node = command("node");
    node.arg(scripts::with_packages("node.mjs")?);
    Ok(node)
}
