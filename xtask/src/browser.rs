//! The server's page, in a real browser.

use std::path::{self, PathBuf};

use clap::Args;

use crate::clients::scripts;
use crate::command::execute;
use crate::demo;
use crate::failure::{Context as _, Result};
use crate::outcome::Outcome;

#[derive(Args, Default)]
pub(crate) struct Options {
    /// Where to put pictures of the page, for people to look at; none are taken without it
    #[arg(long, value_name = "DIR")]
    screenshots: Option<PathBuf>,
}

pub(crate) fn run(options: &Options) -> Result<Outcome> {
    let mut script = scripts::chromium("browser.mjs")?;
    script.env("WS_DEMO", demo::build()?);
    if let Some(folder) = &options.screenshots {
        script.arg(path::absolute(folder).context(folder.display())?);
    }
    execute(&mut script)?;
    Ok(Outcome::Passed)
}
