use clap::Args;

use crate::command::{cargo, execute, succeeds};
use crate::failure::Result;
use crate::libraries::LIBRARIES;
use crate::note;
use crate::outcome::Outcome;
use crate::tools::{self, Tool};

const SEMVER_CHECKS: Tool = Tool { name: "cargo-semver-checks", version: "^0.48" };

#[derive(Args)]
pub(crate) struct Options {
    /// Compare with this commit, by default with the latest release on crates.io
    #[arg(long, value_name = "COMMIT")]
    baseline: Option<String>,
}

/// Compares the public items of the libraries with those of an earlier version.
pub(crate) fn run(options: &Options) -> Result<Outcome> {
    let released = |library: &&&str| options.baseline.is_some() || is_released(library);
    let libraries: Vec<_> = LIBRARIES.iter().filter(released).collect();
    if libraries.is_empty() {
        note::print("nothing was compared: there is no release yet (--baseline selects a commit)");
        return Ok(Outcome::Skipped);
    }
    SEMVER_CHECKS.install()?;
    let mut check = cargo(&["semver-checks", "check-release"]);
    for library in libraries {
        check.args(["--package", library]);
    }
    if let Some(commit) = &options.baseline {
        check.args(["--baseline-rev", commit]);
    }
    execute(tools::on_path(&mut check)?)?;
    Ok(Outcome::Passed)
}

fn is_released(library: &str) -> bool {
    // Outside of the workspace, which has a package of that name itself.
    succeeds(cargo(&["info", "--quiet", "--registry", "crates-io", library]).current_dir("/"))
}
