use std::fs;
use std::path::{Path, PathBuf};

use crate::command::{command, execute};
use crate::failure::{Context as _, Result};
use crate::{packages, stamp, workspace};

/// A copy of a script of ours, beside the others and the packages from npm that it imports.
pub(crate) fn with_packages(script: &str) -> Result<PathBuf> {
    let source = workspace::root().join("xtask/clients");
    let folder = workspace::scratch("clients/npm")?;
    packages::program("node", "nodejs")?;
    let lock = read(&source.join("package-lock.json"))?;
    if !stamp::is_current(&folder, &lock) {
        packages::program("npm", "npm")?;
        stamp::clear(&folder)?;
        for file in ["package.json", "package-lock.json"] {
            copy(&source.join(file), &folder.join(file))?;
        }
        let mut install = command("npm");
        install.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]);
        execute(install.current_dir(&folder))?;
        stamp::write(&folder, &lock)?;
    }
    for entry in fs::read_dir(&source).context(source.display())? {
        let file = entry?.path();
        if let Some(name) = file.file_name()
            && file.extension().is_some_and(|extension| extension == "mjs")
        {
            copy(&file, &folder.join(name))?;
        }
    }
    Ok(folder.join(script))
}

pub(crate) fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).context(path.display())
}

fn copy(from: &Path, to: &Path) -> Result {
    fs::copy(from, to).context(from.display())?;
    Ok(())
}
