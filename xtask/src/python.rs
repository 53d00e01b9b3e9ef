use std::path::{Path, PathBuf};

use anyhow::Result;
use xshell::{Shell, cmd};

use crate::{packages, stamp};

/// The interpreter of a virtual environment in `folder` that has exactly these requirements.
pub(crate) fn environment(sh: &Shell, folder: &Path, requirements: &str) -> Result<PathBuf> {
    let python = &folder.join("bin/python");
    let works = || cmd!(sh, "{python} --version").quiet().ignore_stdout().run().is_ok();
    stamp::fill(sh, folder, requirements, works, || {
        packages::program(sh, "python3", "python3-venv")?;
        if cmd!(sh, "python3 -c 'import ensurepip, venv'").quiet().ignore_stderr().run().is_err() {
            packages::install(sh, "Python's venv module", "python3-venv")?;
        }
        cmd!(sh, "python3 -m venv {folder}").run()?;
        let list = folder.join("requirements.txt");
        sh.write_file(&list, requirements)?;
        let options = ["--quiet", "--disable-pip-version-check", "--requirement"];
        Ok(cmd!(sh, "{python} -m pip install {options...} {list}").run()?)
    })?;
    Ok(python.clone())
}
