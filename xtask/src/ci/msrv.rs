use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use anyhow::{Context as _, Result, bail};
use xshell::{Cmd, Shell, cmd};

use crate::debian::Packages;
use crate::outcome::{Skipped, note};
use crate::packages;
use crate::workspace::{self, LIBRARIES, libraries};

/// The value of `rust-version` in the workspace.
const VERSION: &str = "1.85";

/// The release of Debian that has this compiler, and the packages that it needs.
const DEBIAN: Packages = Packages {
    release: "trixie",
    names: &[
        "rustc",
        "libstd-rust-1.85",
        "libstd-rust-dev",
        "libllvm19",
        "libc6",
        "libgcc-s1",
        "libstdc++6",
        "zlib1g",
        "libffi8",
        "libedit2",
        "libxml2",
        "libzstd1",
        "libtinfo6",
        "liblzma5",
        "libbsd0",
        "libmd0",
    ],
};

/// Checks the libraries with the oldest compiler that they support.
pub(crate) fn run(sh: &Shell) -> Result<()> {
    packages::openssl(sh)?;
    let Some(cargo) = cargo(sh) else {
        bail!(Skipped(format!("nothing was checked: no Rust {VERSION} available")));
    };
    let check = cargo.args(["check", "--all-features"]).args(libraries());
    // Two compilers would invalidate each other's artifacts in one folder.
    check.env("CARGO_TARGET_DIR", workspace::scratch("msrv/build")?).run()?;
    note(&format!("{} with Rust {VERSION}", LIBRARIES.join(", ")));
    Ok(())
}

/// Cargo with a compiler from rustup, or with the one of a Debian release, which is unpacked under `target/`.
fn cargo(sh: &Shell) -> Option<Cmd<'_>> {
    let toolchains = cmd!(sh, "rustup toolchain list").quiet().read().unwrap_or_default();
    if !toolchains.lines().any(|line| line.starts_with(VERSION)) {
        if let Ok(compiler) = of_debian(sh) {
            return Some(cmd!(sh, "cargo").env("RUSTC", compiler));
        }
        let install = cmd!(sh, "timeout 180 rustup toolchain install {VERSION} --profile minimal");
        install.run().ok()?;
    }
    let toolchain = format!("+{VERSION}");
    Some(cmd!(sh, "cargo {toolchain}"))
}

/// A script that runs the compiler with its own libraries and their dynamic loader, whose name contains the processor
/// architecture.
fn of_debian(sh: &Shell) -> Result<PathBuf> {
    let folder = workspace::scratch("msrv")?.join("debian");
    DEBIAN.unpack(sh, &folder)?;
    let libraries = DEBIAN.folder_of(&folder, "libc.so.6")?;
    let mut files = sh.read_dir(&libraries)?.into_iter();
    let is_loader = |path: &PathBuf| path.to_string_lossy().contains("/ld-linux");
    let loader = files.find(is_loader).context("there is no dynamic loader among the packages")?;
    let [loader, libraries, usr] =
        [&loader, &libraries, &folder.join("usr")].map(|path| path.display().to_string());
    let script = format!(
        "#!/bin/sh\nexec {loader} --library-path {libraries} {usr}/bin/rustc --sysroot {usr} \"$@\"\n"
    );
    let compiler = folder.join("rustc");
    sh.write_file(&compiler, script)?;
    fs::set_permissions(&compiler, fs::Permissions::from_mode(0o755))?;
    cmd!(sh, "{compiler} --version").quiet().ignore_stdout().run()?;
    Ok(compiler)
}
