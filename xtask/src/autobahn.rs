use std::env;
use std::path::PathBuf;

use anyhow::{Context as _, Result};
use xshell::{Shell, cmd};

use crate::debian::Packages;
use crate::{packages, python, stamp, workspace};

const REQUIREMENTS: &str = include_str!("../autobahn/requirements.txt");

/// The last virtualenv that supports Python 2.7; it installs pip 20.3.4 there.
const VIRTUALENV: &str = include_str!("../autobahn/virtualenv.txt");

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

/// The options with which Python 2.7 ignores the variables for another Python, and warns of nothing.
const QUIET: [&str; 3] = ["-E", "-W", "ignore"];

/// Prints the path of the program, which may be behind a launcher, if that is a complete Python 2.7.
const IDENTIFY: &str = "
import sys, bz2, ctypes, hashlib, ssl, zlib
assert sys.version_info[:2] == (2, 7)
print(sys.executable)
";

/// Installs the Autobahn Testsuite in a Python 2.7 environment under `target/`, if necessary, and sets the variables
/// for its users.
pub(crate) fn install(sh: &Shell) -> Result<()> {
    let python2 = &match env::var("PYTHON2") {
        Ok(named) => identified(sh, &named).context("PYTHON2")?,
        Err(_) => match identified(sh, "python2.7") {
            Ok(installed) => installed,
            Err(_) => of_debian(sh).context("the suite needs a Python 2.7 (set PYTHON2 to one)")?,
        },
    };
    let folder = &workspace::scratch("autobahn")?.join("suite");
    let python = &folder.join("bin/python");
    let description = format!("{python2}\n{REQUIREMENTS}");
    let imports = "import autobahntestsuite.wstest";
    let works = || cmd!(sh, "{python} {QUIET...} -c {imports}").quiet().run().is_ok();
    stamp::fill(sh, folder, &description, works, || {
        packages::c_compiler(sh)?;
        let virtualenv = python::environment(sh, &workspace::scratch("virtualenv")?, VIRTUALENV)?;
        cmd!(sh, "{virtualenv} -m virtualenv --quiet --no-download --python {python2} {folder}")
            .env_remove("PYTHONHOME")
            .env_remove("PYTHONPATH")
            .run()?;
        let list = folder.join("requirements.txt");
        sh.write_file(&list, REQUIREMENTS)?;
        let options = ["--quiet", "--disable-pip-version-check", "--no-python-version-warning"];
        Ok(cmd!(sh, "{python} {QUIET...} -m pip install {options...} --requirement {list}")
            .run()?)
    })?;
    sh.set_var("AUTOBAHN", folder);
    Ok(())
}

fn identified(sh: &Shell, python2: &str) -> Result<String> {
    let identify = cmd!(sh, "{python2} -E -c {IDENTIFY}").quiet().ignore_stderr();
    identify.read().context("no complete Python 2.7")
}

/// Unpacks that of an older Debian under `target/`, with its libraries.
fn of_debian(sh: &Shell) -> Result<String> {
    let folder = workspace::scratch("autobahn")?.join("debian");
    DEBIAN.unpack(sh, &folder)?;
    let libraries: PathBuf = DEBIAN.folder_of(&folder, "libssl.so.1.1")?;
    // The folder has no library of another program.
    sh.set_var("LD_LIBRARY_PATH", libraries);
    identified(sh, &folder.join("usr/bin/python2.7").to_string_lossy())
}
