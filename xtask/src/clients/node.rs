use std::process::Command;

use crate::clients::scripts;
use crate::command::command;
use crate::failure::Result;

/// `ws`, the implementation that most of Node uses.
pub(crate) fn prepare() -> Result<Command> {
    script("node.mjs")
}

/// Another script that uses it.
pub(crate) fn script(name: &str) -> Result<Command> {
    let mut node = command("node");
    node.arg(scripts::with_packages(name)?);
    Ok(node)
}
