use std::env;
use std::process::Command;

use crate::command::{cargo, execute};
use crate::failure::{Context as _, Result};
use crate::{packages, workspace};

/// A cargo subcommand that is built from crates.io if it is missing.
pub(crate) struct Tool {
    pub(crate) name: &'static str,
    /// The accepted versions.
    pub(crate) version: &'static str,
}

impl Tool {
    /// Installs it under `target/`, unless it is available already.
    pub(crate) fn install(&self) -> Result {
        let tools = workspace::scratch("tools")?;
        if packages::find(self.name).is_some() || tools.join("bin").join(self.name).exists() {
            return Ok(());
        }
        // It runs only a few times: an optimised build would take longer than it saves.
        let mut install = cargo(&["install", self.name, "--locked", "--debug"]);
        execute(install.args(["--version", self.version, "--root"]).arg(&tools))
    }
}

/// Makes what was installed available to a command.
pub(crate) fn on_path(command: &mut Command) -> Result<&mut Command> {
    let path = env::var_os("PATH").unwrap_or_default();
    let folders = [workspace::scratch("tools")?.join("bin")];
    let folders = folders.into_iter().chain(env::split_paths(&path));
    Ok(command.env("PATH", env::join_paths(folders).context("PATH")?))
}
