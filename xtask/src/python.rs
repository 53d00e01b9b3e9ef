use std::fs;
use std::path::{Path, PathBuf};

use crate::command::{command, execute, succeeds};
use crate::failure::Result;
use crate::{packages, stamp};

/// The interpreter of a virtual environment in `folder` that has exactly these requirements.
pub(crate) fn environment(folder: &Path, requirements: &str) -> Result<PathBuf> {
    let python = folder.join("bin/python");
    if stamp::is_current(folder, requirements) && succeeds(command(&python).arg("--version")) {
        return Ok(python);
    }
    packages::program("python3", "python3-venv")?;
    if !succeeds(command("python3").args(["-c", "import ensurepip, venv"])) {
        packages::install("Python's venv module", "python3-venv")?;
    }
    stamp::clear(folder)?;
    execute(command("python3").args(["-m", "venv"]).arg(folder))?;
    let list = folder.join("requirements.txt");
    fs::write(&list, requirements)?;
    execute(
        command(&python)
            .args([
                "-m",
                "pip",
                "install",
                "--quiet",
                "--disable-pip-version-check",
                "--requirement",
            ])
            .arg(list),
    )?;
    stamp::write(folder, requirements)?;
    Ok(python)
}
