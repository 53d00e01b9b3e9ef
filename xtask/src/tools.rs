use std::env;
use std::process::Command;

use crate::command::{cargo, execute};
use crate::failure::{Context as _, Result};
use crate::{packages, workspace};

/// A subcommand of cargo that is built from crates.io when it is missing.
pub(crate) struct Tool {
    pub(crate) name: &'static str,
    /// The versions that are known to do.
    pub(crate) version: &'static str,
}

impl Tool {
    /// Installs it under `target/`, unless there is one anyway.
    pub(crate) fn install(&self) -> Result {
        let tools = workspace::scratch("tools")?;
        if packages::find(self.name).is_some() || tools.join("bin").join(self.name).exists() {
            return Ok(());
        }
        // It runs a few times at most: an optimised build would take longer than it saves.
        let mut install = cargo(&["install", self.name, "--locked", "--debug"]);
        execute(install.args(["--version", self.version, "--root"]).arg(&tools))
    }
}

/// Lets a command find what was installed.
pub(crate) fn on_path(command: &mut Command) -> Result<&mut Command> {
    let path = env::var_os("PATH").unwrap_or_default();
    let folders = [workspace::scratch("tools")?.join("bin")];
    let folders = folders.into_iter().chain(env::split_paths(&path));
    Ok(command.env("PATH", env::join_paths(folders).context("PATH")?))
}
