use core::time::Duration;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use crate::command::{cargo, command, execute, execute_within, output, succeeds};
use crate::debian::Packages;
use crate::failure::{Context as _, Result};
use crate::libraries::LIBRARIES;
use crate::outcome::Outcome;
use crate::{note, packages, workspace};

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

/// The time limit for fetching a compiler with rustup.
const DOWNLOAD: Duration = Duration::from_secs(180);

/// Checks the libraries with the oldest compiler that they support: one from rustup,
/// or the one of a Debian release, which is unpacked under `target/`.
pub(crate) fn run() -> Result<Outcome> {
    packages::openssl()?;
    let mut check = if rustup_has_it() {
        cargo(&[&format!("+{VERSION}")])
    } else if let Ok(compiler) = of_debian() {
        let mut check = cargo(&[]);
        check.env("RUSTC", compiler);
        check
    } else if rustup_can_fetch_it() {
        cargo(&[&format!("+{VERSION}")])
    } else {
        note::print(&format!("nothing was checked: no Rust {VERSION} available"));
        return Ok(Outcome::Skipped);
    };
    check.args(["check", "--all-features"]);
    for library in LIBRARIES {
        check.args(["--package", library]);
    }
    // Two compilers would invalidate each other's artifacts in one folder.
    execute(check.env("CARGO_TARGET_DIR", workspace::scratch("msrv/build")?))?;
    note::print(&format!("{} with Rust {VERSION}", LIBRARIES.join(", ")));
    Ok(Outcome::Passed)
}

fn rustup_has_it() -> bool {
    let toolchains = output(command("rustup").args(["toolchain", "list"]));
    toolchains.is_ok_and(|list| list.lines().any(|line| line.starts_with(VERSION)))
}

fn rustup_can_fetch_it() -> bool {
    let mut install = command("rustup");
    install.args(["toolchain", "install", VERSION, "--profile", "minimal"]);
    execute_within(&mut install, DOWNLOAD).is_ok()
}

/// A script that runs the compiler with its own libraries.
fn of_debian() -> Result<PathBuf> {
    let folder = workspace::scratch("msrv")?.join("debian");
    DEBIAN.unpack(&folder)?;
    let libraries = &DEBIAN.folder_of(&folder, "libc.so.6")?;
    let compiler = folder.join("rustc");
    let usr = folder.join("usr");
    let script = format!(
        "#!/bin/sh\nexec {loader} --library-path {libraries} {usr}/bin/rustc --sysroot {usr} \"$@\"\n",
        loader = loader(libraries)?.display(),
        libraries = libraries.display(),
        usr = usr.display(),
    );
    fs::write(&compiler, script)?;
    fs::set_permissions(&compiler, fs::Permissions::from_mode(0o755))?;
    let runs = succeeds(command(&compiler).arg("--version"));
    runs.then_some(compiler).context(format_args!("Debian's Rust {VERSION} does not run here"))
}

/// The dynamic loader, whose name contains the processor architecture.
fn loader(libraries: &Path) -> Result<PathBuf> {
    let mut files = fs::read_dir(libraries)?.flatten().map(|entry| entry.path());
    files
        .find(|path| {
            path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("ld-linux"))
        })
        .context("there is no dynamic loader among the packages")
}
