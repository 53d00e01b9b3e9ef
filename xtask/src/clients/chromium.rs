use std::env;
use std::path::PathBuf;
use std::process::Command;

use crate::clients::node;
use crate::failure::Result;
use crate::packages;

/// The sockets of a real browser.
pub(crate) fn prepare() -> Result<Command> {
    script("chromium.mjs")
}

/// Another script that uses it.
pub(crate) fn script(name: &str) -> Result<Command> {
    let mut node = node::script(name)?;
    node.env("CHROMIUM", browser()?);
    Ok(node)
}

/// The browser that `CHROMIUM` names, or one that is installed.
fn browser() -> Result<PathBuf> {
    if let Some(named) = env::var_os("CHROMIUM") {
        return Ok(named.into());
    }
    let known = ["chromium", "chromium-browser", "google-chrome"];
    match known.into_iter().find_map(packages::find) {
        Some(path) => Ok(path),
        None => packages::program("chromium", "chromium"),
    }
}
