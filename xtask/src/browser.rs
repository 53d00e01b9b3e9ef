use std::path::{self, PathBuf};

use anyhow::Result;
use clap::Args;
use xshell::{Shell, cmd};

use crate::system;

#[derive(Args, Default)]
pub(crate) struct Options {
    /// Where to put pictures of the page, for people to look at; none are taken without it
    #[arg(long, value_name = "DIR")]
    screenshots: Option<PathBuf>,
}

/// Checks the server's page in a browser.
pub(crate) fn run(sh: &Shell, options: &Options) -> Result<()> {
    system::chromium(sh)?;
    let demo = system::build_demo(sh)?.join("ws-demo");
    let folder = options.screenshots.as_ref().map(path::absolute).transpose()?;
    Ok(cmd!(sh, "node system-tests/scripts/browser.mjs {folder...}").env("WS_DEMO", demo).run()?)
}
