use anyhow::{Result, bail};
use clap::Args;
use xshell::{Shell, cmd};

use crate::outcome::Skipped;
use crate::tools;
use crate::workspace::LIBRARIES;

#[derive(Args)]
pub(crate) struct Options {
    /// Compare with this commit, by default with the latest release on crates.io
    #[arg(long, value_name = "COMMIT")]
    baseline: Option<String>,
}

/// Compares the public items of the libraries with those of an earlier version.
pub(crate) fn run(sh: &Shell, options: &Options) -> Result<()> {
    let is_compared = |library: &&&str| options.baseline.is_some() || is_released(sh, library);
    let compared = LIBRARIES.iter().filter(is_compared);
    let compared: Vec<_> = compared.map(|library| format!("--package={library}")).collect();
    if compared.is_empty() {
        bail!(Skipped(
            "nothing was compared: there is no release yet (--baseline selects a commit)".into()
        ));
    }
    tools::install(sh, "cargo-semver-checks", "^0.48")?;
    let baseline = options.baseline.iter().map(|commit| format!("--baseline-rev={commit}"));
    Ok(cmd!(sh, "cargo semver-checks check-release {compared...} {baseline...}").run()?)
}

fn is_released(sh: &Shell, library: &str) -> bool {
    // Outside of the workspace, which has a package of that name itself.
    let _folder = sh.push_dir("/");
    let info = cmd!(sh, "cargo info --quiet --registry crates-io {library}");
    info.quiet().ignore_stdout().ignore_stderr().run().is_ok()
}
