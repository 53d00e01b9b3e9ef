use std::env;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::command::{command, execute, output};
use crate::debian::Packages;
use crate::failure::{Context as _, Result, bail};
use crate::{packages, python, workspace};

/// The last virtualenv that makes environments for Python 2.7; it brings pip 20.3.4 for them.
const VIRTUALENV: &str = include_str!("../../conformance/virtualenv.txt");

/// A complete Python 2.7.
pub(crate) struct Python2 {
    pub(crate) program: PathBuf,
    pub(crate) libraries: Option<OsString>,
}

/// The one that `PYTHON2` names, one on `PATH`, one of pyenv's, or that of an older Debian or
/// Ubuntu, which is unpacked under `target/` and nowhere else.
pub(crate) fn find() -> Result<Python2> {
    if let Some(named) = env::var_os("PYTHON2") {
        let Some(program) = interpreter(&named, None) else {
            bail!("PYTHON2 names no complete Python 2.7: {}", named.display());
        };
        return Ok(Python2 { program, libraries: None });
    }
    for candidate in [OsString::from("python2.7")].into_iter().chain(of_pyenv()) {
        if let Some(program) = interpreter(&candidate, None) {
            return Ok(Python2 { program, libraries: None });
        }
    }
    let (candidate, libraries) = of_debian()?;
    match interpreter(candidate.as_os_str(), Some(&libraries)) {
        Some(program) => Ok(Python2 { program, libraries: Some(libraries) }),
        None => bail!("{} does not run", candidate.display()),
    }
}

impl Python2 {
    /// Makes an environment that has pip and nothing else.
    pub(crate) fn make_environment(&self, folder: &Path) -> Result {
        packages::program("cc", "build-essential")?;
        let tools = python::environment(&workspace::scratch("virtualenv")?, VIRTUALENV)?;
        let mut virtualenv = command(tools);
        virtualenv.args(["-m", "virtualenv", "--quiet", "--no-download", "--python"]);
        virtualenv.arg(&self.program).arg(folder);
        clean(&mut virtualenv, self.libraries.as_deref());
        execute(&mut virtualenv)
    }

    pub(crate) fn install(&self, folder: &Path, requirements: &str) -> Result {
        let list = folder.join("requirements.txt");
        fs::write(&list, requirements)?;
        let mut pip = command(folder.join("bin/python"));
        pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]);
        pip.args(["--no-python-version-warning", "--requirement"]).arg(list);
        pip.env("PYTHONWARNINGS", "ignore");
        clean(&mut pip, self.libraries.as_deref());
        execute(&mut pip)
    }
}

/// Keeps what is set for another Python away, and lets an unpacked one find its libraries.
pub(crate) fn clean(command: &mut Command, libraries: Option<&OsStr>) {
    for name in ["PYTHONHOME", "PYTHONPATH", "PYTHONSTARTUP"] {
        command.env_remove(name);
    }
    if let Some(libraries) = libraries {
        command.env("LD_LIBRARY_PATH", libraries);
    }
}

/// The program behind a command, which may be a launcher's, if that is a complete Python 2.7.
fn interpreter(candidate: &OsStr, libraries: Option<&OsStr>) -> Option<PathBuf> {
    let mut python = command(candidate);
    python.args(["-c", IDENTIFY]);
    clean(&mut python, libraries);
    Some(output(&mut python).ok()?.trim().into())
}

const IDENTIFY: &str = "
import sys, bz2, ctypes, hashlib, ssl, zlib
assert sys.version_info[:2] == (2, 7)
print(sys.executable)
";

/// The last Python 2.7 that Debian had, and what it needs.
const DEBIAN: Packages = Packages {
    release: "bullseye",
    names: &[
        "python2.7-minimal",
        "libpython2.7-minimal",
        "libpython2.7-stdlib",
        "libpython2.7-dev",
        "libssl1.1",
        "libffi7",
    ],
};

/// Python 2.7 and the folder of the shared libraries that it needs.
fn of_debian() -> Result<(PathBuf, OsString)> {
    let folder = workspace::scratch("autobahn")?.join("debian");
    DEBIAN
        .unpack(&folder)
        .context("the suite needs a Python 2.7 (set PYTHON2 to one, or use --docker)")?;
    let libraries = fs::read_dir(folder.join("usr/lib"))?.flatten().map(|entry| entry.path());
    let mut with_ssl = libraries.filter(|path| path.join("libssl.so.1.1").exists());
    let libraries = with_ssl.next().context("there is no libssl.so.1.1 among the packages")?;
    Ok((folder.join("usr/bin/python2.7"), libraries.into()))
}

fn of_pyenv() -> Vec<OsString> {
    let home = env::var_os("HOME").unwrap_or_default();
    let root = env::var_os("PYENV_ROOT").map_or(Path::new(&home).join(".pyenv"), PathBuf::from);
    let Ok(versions) = fs::read_dir(root.join("versions")) else {
        return Vec::new();
    };
    let versions = versions.flatten().map(|version| version.path());
    let two = versions.filter(|path| {
        path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("2.7"))
    });
    two.map(|path| path.join("bin/python2.7").into_os_string()).collect()
}
