use core::time::Duration;
use std::path::Path;

use crate::command::{command, execute_within, output};
use crate::packages;

/// The time limit for fetching a target with rustup.
const DOWNLOAD: Duration = Duration::from_secs(120);

/// Whether there is a standard library for the target, or rustup could fetch one.
pub(crate) fn can_be_had(target: &str) -> bool {
    is_installed(target) || can_be_added(target)
}

fn is_installed(target: &str) -> bool {
    let libraries = output(command("rustc").args(["--print", "target-libdir", "--target", target]));
    libraries.is_ok_and(|folder| Path::new(folder.trim()).is_dir())
}

fn can_be_added(target: &str) -> bool {
    let mut add = command("rustup");
    add.args(["target", "add", target]);
    packages::find("rustup").is_some()
        && execute_within(&mut add, DOWNLOAD).is_ok()
        && is_installed(target)
}
