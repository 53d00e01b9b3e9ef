use anyhow::Result;
use xshell::{Shell, cmd};

use crate::{packages, workspace};

/// Builds a subcommand of cargo from crates.io under `target/`, unless it is available already.
pub(crate) fn install(sh: &Shell, name: &str, version: &str) -> Result<()> {
    if packages::find(sh, name).is_some() {
        return Ok(());
    }
    let tools = workspace::scratch("tools")?;
    // It runs only a few times: an optimised build would take longer than it saves.
    let install = cmd!(sh, "cargo install {name} --locked --debug --version {version}");
    Ok(install.arg("--root").arg(tools).run()?)
}
