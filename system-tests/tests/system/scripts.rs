//! Clients and servers of other projects, as scripts.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A script with `ws`, the most common implementation for Node. Scripts for a browser use the one that `CHROMIUM`
/// names.
pub(crate) fn node(name: &str) -> Command {
    let mut node = Command::new("node");
    node.arg(path(name));
    node
}

/// A script with `websockets`, the strictest of Python's implementations.
pub(crate) fn python(name: &str) -> Command {
    let python = env::var_os("PYTHON").expect("PYTHON: an interpreter with `websockets`");
    let mut python = Command::new(python);
    python.arg("-u").arg(path(name));
    python
}

fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts").join(name)
}
