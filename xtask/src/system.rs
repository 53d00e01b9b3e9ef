//! The tests of `system-tests`, with the programs that they need.

use std::env;
use std::path::PathBuf;

use anyhow::{Context as _, Result};
use xshell::{Shell, cmd};

use crate::{packages, python, stamp, workspace};

/// Selects programs as `cargo test --workspace` builds them, so that nothing is compiled after that. An example has
/// to be among the targets: only then are features of dependencies those of the tests.
pub(crate) const AS_TESTED: &[&str] = &["--workspace", "--example=simulation"];

/// The server of `ws-peers`, which echoes on every runtime.
pub(crate) const ECHO_SERVER: &[&str] = &["--package=ws-peers", "--bin=echo_server"];

/// Builds programs, and returns their folder. The profile `checked` optimizes and has the checks of a debug build.
pub(crate) fn build(sh: &Shell, profile: &str, selection: &[&[&str]]) -> Result<PathBuf> {
    let selection = selection.concat();
    cmd!(sh, "cargo build --profile {profile} {selection...}").run()?;
    let own = env::current_exe()?;
    let target = own.ancestors().nth(2).context("a folder for each profile")?;
    Ok(target.join(if profile == "dev" { "debug" } else { profile }))
}

/// Builds the server of `ws-demo`.
pub(crate) fn build_demo(sh: &Shell) -> Result<PathBuf> {
    build(sh, "dev", &[AS_TESTED, &["--bin=ws-demo"]])
}

/// Runs the tests whose names contain one of these parts, with the programs in this folder, one after the other.
pub(crate) fn test(sh: &Shell, programs: PathBuf, names: &[&str]) -> Result<()> {
    run(sh, programs, names, &["--test-threads=1"])
}

/// `test` with other options.
pub(crate) fn run(sh: &Shell, programs: PathBuf, names: &[&str], options: &[&str]) -> Result<()> {
    // With the features of dependencies that all tests have, so that those are not compiled again.
    let test = cmd!(sh, "cargo test --workspace --features system-tests/system --test system");
    let test = test.args(["--", "--show-output"]).args(options).args(names);
    Ok(test.env("PROGRAMS", programs).run()?)
}

/// Installs Node, and the packages of the scripts.
pub(crate) fn node(sh: &Shell) -> Result<()> {
    packages::program(sh, "node", "nodejs")?;
    let folder = workspace::root().join("system-tests/scripts");
    let lock = sh.read_file(folder.join("package-lock.json"))?;
    stamp::fill(
        sh,
        &folder.join("node_modules"),
        &lock,
        || true,
        || {
            packages::program(sh, "npm", "npm")?;
            let _folder = sh.push_dir(&folder);
            Ok(cmd!(sh, "npm ci --ignore-scripts --no-audit --no-fund").run()?)
        },
    )
}

/// Installs a browser, unless `CHROMIUM` names one, and what its scripts need.
pub(crate) fn chromium(sh: &Shell) -> Result<()> {
    node(sh)?;
    if sh.var_os("CHROMIUM").is_none() {
        let mut known = ["chromium", "chromium-browser", "google-chrome"].into_iter();
        let path = match known.find_map(|name| packages::find(sh, name)) {
            Some(path) => path,
            None => packages::program(sh, "chromium", "chromium")?,
        };
        sh.set_var("CHROMIUM", path);
    }
    Ok(())
}

/// Installs the Python packages of the scripts.
pub(crate) fn python(sh: &Shell) -> Result<()> {
    let requirements = sh.read_file("system-tests/scripts/requirements.txt")?;
    let folder = workspace::scratch("clients/python")?;
    sh.set_var("PYTHON", python::environment(sh, &folder, &requirements)?);
    Ok(())
}
