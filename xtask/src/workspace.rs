use std::env;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use xshell::Shell;

/// The packages that are published for dependents, which support an old compiler.
pub(crate) const LIBRARIES: &[&str] =
    &["ws-proto", "ws-futures", "ws-tokio", "ws-async-std", "ws-hub"];

/// The option of cargo that selects each library.
pub(crate) fn libraries() -> impl Iterator<Item = String> {
    LIBRARIES.iter().map(|library| format!("--package={library}"))
}

/// The folder of the repository.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask lies in the repository's folder")
}

/// A folder for what a command downloads, installs or writes; created if it does not exist.
pub(crate) fn scratch(name: &str) -> Result<PathBuf> {
    Ok(Shell::new()?.create_dir(root().join("target/xtask").join(name))?)
}

/// A shell in the repository's folder that finds the tools which xtask has installed, and servers, which are in a
/// folder that is only on root's PATH.
pub(crate) fn shell() -> Result<Shell> {
    let sh = Shell::new()?;
    sh.change_dir(root());
    let path = env::var_os("PATH").unwrap_or_default();
    let folders = [scratch("tools")?.join("bin")].into_iter().chain(env::split_paths(&path));
    let folders = folders.chain([PathBuf::from("/usr/sbin")]);
    sh.set_var("PATH", env::join_paths(folders).context("PATH")?);
    Ok(sh)
}

/// The path relative to the repository's folder.
pub(crate) fn relative(path: &Path) -> &Path {
    path.strip_prefix(root()).unwrap_or(path)
}
