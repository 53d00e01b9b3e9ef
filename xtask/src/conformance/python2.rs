use std::env;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::command::{command, execute, output};
use crate::debian::Packages;
use crate::failure::{Context as _, Result};
use crate::{packages, python, workspace};

/// The last virtualenv that supports Python 2.7; it installs pip 20.3.4 there.
const VIRTUALENV: &str = include_str!("../../conformance/virtualenv.txt");

/// The last Python 2.7 that Debian had, and the packages that it needs.
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

/// A complete Python 2.7, and the folder of its shared libraries if it was unpacked separately.
pub(crate) struct Python2 {
    pub(crate) program: PathBuf,
    libraries: Option<OsString>,
}

/// The one that `PYTHON2` names, or one on `PATH`, or that of an older Debian, which is unpacked
/// only under `target/`.
pub(crate) fn find() -> Result<Python2> {
    match env::var_os("PYTHON2") {
        Some(named) => Python2::identified(&named, None).context("PYTHON2"),
        None => Python2::identified(OsStr::new("python2.7"), None).or_else(|_| of_debian()),
    }
}

impl Python2 {
    /// The program behind a command, which may be a launcher's, if that is a complete Python 2.7.
    fn identified(candidate: &OsStr, libraries: Option<OsString>) -> Result<Self> {
        let mut python2 = Self { program: candidate.into(), libraries };
        let mut command = command(candidate);
        python2.clean(command.args(["-c", IDENTIFY]));
        let program = output(&mut command).context("no complete Python 2.7")?;
        python2.program = program.trim().into();
        Ok(python2)
    }

    /// Makes an environment that has pip and nothing else.
    pub(crate) fn make_environment(&self, folder: &Path) -> Result {
        packages::program("cc", "build-essential")?;
        let tools = python::environment(&workspace::scratch("virtualenv")?, VIRTUALENV)?;
        let mut virtualenv = command(tools);
        virtualenv.args(["-m", "virtualenv", "--quiet", "--no-download", "--python"]);
        self.clean(virtualenv.arg(&self.program).arg(folder));
        execute(&mut virtualenv)
    }

    pub(crate) fn install(&self, folder: &Path, requirements: &str) -> Result {
        let list = folder.join("requirements.txt");
        fs::write(&list, requirements)?;
        let mut pip = command(folder.join("bin/python"));
        pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]);
        pip.args(["--no-python-version-warning", "--requirement"]).arg(list);
        self.clean(pip.env("PYTHONWARNINGS", "ignore"));
        execute(&mut pip)
    }

    /// Removes the settings for another Python, and lets an unpacked one find its libraries.
    pub(crate) fn clean(&self, command: &mut Command) {
        for name in ["PYTHONHOME", "PYTHONPATH", "PYTHONSTARTUP"] {
            command.env_remove(name);
        }
        if let Some(libraries) = &self.libraries {
            command.env("LD_LIBRARY_PATH", libraries);
        }
    }
}

const IDENTIFY: &str = "
import sys, bz2, ctypes, hashlib, ssl, zlib
assert sys.version_info[:2] == (2, 7)
print(sys.executable)
";

fn of_debian() -> Result<Python2> {
    let folder = workspace::scratch("autobahn")?.join("debian");
    DEBIAN.unpack(&folder).context("the suite needs a Python 2.7 (set PYTHON2 to one)")?;
    let libraries = DEBIAN.folder_of(&folder, "libssl.so.1.1")?;
    Python2::identified(folder.join("usr/bin/python2.7").as_os_str(), Some(libraries.into()))
}
