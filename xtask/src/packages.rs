//! What is installed from the packages of Debian or Ubuntu if it is missing.

use anyhow::{Context as _, Result, bail};
use xshell::{Shell, cmd};

/// The path of a program.
pub(crate) fn program(sh: &Shell, name: &str, package: &str) -> Result<String> {
    if let Some(path) = find(sh, name) {
        return Ok(path);
    }
    install(sh, &format!("`{name}`"), package)?;
    find(sh, name).with_context(|| format!("`{name}` of package {package} is not on PATH"))
}

pub(crate) fn find(sh: &Shell, name: &str) -> Option<String> {
    let name = format!("command -v {name}");
    cmd!(sh, "sh -c {name}").quiet().ignore_stderr().read().ok()
}

/// Installs a package that is needed for `what`, as root or with a sudo that needs no password.
pub(crate) fn install(sh: &Shell, what: &str, package: &str) -> Result<()> {
    let is_root = cmd!(sh, "id -u").quiet().read()? == "0";
    if !is_root && cmd!(sh, "sudo -n true").quiet().ignore_stderr().run().is_err() {
        bail!("{what} is missing: install package {package} (no root, no sudo without a password)");
    }
    println!("{what} is missing: installing package {package}");
    let sudo: &[&str] = if is_root { &[] } else { &["-n", "env"] };
    let program = if is_root { "env" } else { "sudo" };
    let apt_get = || sh.cmd(program).args(sudo).args(["DEBIAN_FRONTEND=noninteractive", "apt-get"]);
    // A source that cannot be reached matters only if the package would be installed from it.
    let _ = apt_get().args(["-qq", "update"]).run();
    let install = apt_get().args(["-qq", "install", "--yes", "--no-install-recommends", package]);
    install.run().with_context(|| format!("{what} is missing, and its package {package} failed"))
}

/// The library on which `native-tls` is based here.
pub(crate) fn openssl(sh: &Shell) -> Result<()> {
    program(sh, "pkg-config", "pkg-config")?;
    if cmd!(sh, "pkg-config --exists openssl").quiet().run().is_ok() {
        return Ok(());
    }
    install(sh, "library `openssl`", "libssl-dev")
}

/// The compiler of the fuzzer, and of C in Python packages.
pub(crate) fn c_compiler(sh: &Shell) -> Result<()> {
    program(sh, "c++", "build-essential").map(drop)
}
