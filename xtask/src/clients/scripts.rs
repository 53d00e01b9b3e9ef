use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::command::{command, execute};
use crate::failure::{Context as _, Result};
use crate::{packages, python, stamp, workspace};

/// A script with `ws`, the most common implementation for Node.
pub(crate) fn node(name: &str) -> Result<Command> {
    let (node, folder) = (packages::program("node", "nodejs")?, folder());
    let (lock, modules) = (read("package-lock.json")?, folder.join("node_modules"));
    if !stamp::is_current(&modules, &lock) {
        packages::program("npm", "npm")?;
        let mut install = command("npm");
        install.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]);
        execute(install.current_dir(&folder))?;
        stamp::write(&modules, &lock)?;
    }
    let mut node = command(node);
    node.arg(folder.join(name));
    Ok(node)
}

/// A script that uses a browser: the one that `CHROMIUM` names, or one that is installed.
pub(crate) fn chromium(name: &str) -> Result<Command> {
    let known = || ["chromium", "chromium-browser", "google-chrome"].into_iter();
    let browser = match env::var_os("CHROMIUM") {
        Some(named) => named.into(),
        None => match known().find_map(packages::find) {
            Some(path) => path,
            None => packages::program("chromium", "chromium")?,
        },
    };
    let mut node = node(name)?;
    node.env("CHROMIUM", browser);
    Ok(node)
}

/// A script with `websockets`, the strictest of Python's implementations.
pub(crate) fn python(name: &str) -> Result<Command> {
    let environment = workspace::scratch("clients/python")?;
    let mut python = command(python::environment(&environment, &read("requirements.txt")?)?);
    python.arg("-u").arg(folder().join(name));
    Ok(python)
}

fn folder() -> PathBuf {
    workspace::root().join("xtask/clients")
}

fn read(name: &str) -> Result<String> {
    let path: &Path = &folder().join(name);
    fs::read_to_string(path).context(path.display())
}
