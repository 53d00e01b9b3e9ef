use std::env;
use std::path::PathBuf;
use std::process::Command;

use crate::command::{command, execute, output, succeeds};
use crate::failure::{Result, bail};

/// The path of a program, installed from the Debian or Ubuntu package if it is missing.
pub(crate) fn program(name: &str, package: &str) -> Result<PathBuf> {
    if let Some(path) = find(name) {
        return Ok(path);
    }
    install(&format!("`{name}`"), package)?;
    match find(name) {
        Some(path) => Ok(path),
        None => bail!("package {package} is installed, but `{name}` is not on PATH"),
    }
}

/// Makes sure that a C library can be linked, and installs the Debian or Ubuntu package if it is
/// missing.
fn library(name: &str, package: &str) -> Result {
    program("pkg-config", "pkg-config")?;
    if succeeds(command("pkg-config").args(["--exists", name])) {
        return Ok(());
    }
    install(&format!("library `{name}`"), package)
}

pub(crate) fn find(name: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    // Servers are in a folder that is only on root's PATH.
    let folders = env::split_paths(&path).chain([PathBuf::from("/usr/sbin")]);
    folders.map(|folder| folder.join(name)).find(|path| path.is_file())
}

/// Installs a package that is needed for `what`, as root or with a sudo that needs no password.
pub(crate) fn install(what: &str, package: &str) -> Result {
    let Some(mut update) = apt_get() else {
        bail!("{what} is missing: install package {package} (no root, no sudo without a password)");
    };
    println!("{what} is missing: installing package {package}");
    // A source that cannot be reached matters only if the package would be installed from it.
    let _ = execute(update.args(["-qq", "update"]));
    let mut install = apt_get().expect("there was one a moment ago");
    install.args(["-qq", "install", "--yes", "--no-install-recommends", package]);
    if let Err(failure) = execute(&mut install) {
        bail!("{what} is missing, and its package {package} could not be installed: {failure}");
    }
    Ok(())
}

/// The library on which `native-tls` is based here.
pub(crate) fn openssl() -> Result {
    library("openssl", "libssl-dev")
}

fn apt_get() -> Option<Command> {
    find("apt-get")?;
    if output(command("id").arg("-u")).is_ok_and(|id| id.trim() == "0") {
        let mut apt_get = command("apt-get");
        apt_get.env("DEBIAN_FRONTEND", "noninteractive");
        return Some(apt_get);
    }
    if succeeds(command("sudo").args(["-n", "true"])) {
        let mut sudo = command("sudo");
        sudo.args(["-n", "env", "DEBIAN_FRONTEND=noninteractive", "apt-get"]);
        return Some(sudo);
    }
    None
}
