use std::process::Command;

use crate::clients::scripts;
use crate::command::command;
use crate::failure::Result;
use crate::{python, workspace};

/// `websockets`, the strictest of Python's implementations.
pub(crate) fn prepare() -> Result<Command> {
    script("python.py")
}

/// Another script that uses it.
pub(crate) fn script(name: &str) -> Result<Command> {
    let source = workspace::root().join("xtask/clients");
    let requirements = scripts::read(&source.join("requirements.txt"))?;
    let interpreter = python::environment(&workspace::scratch("clients/python")?, &requirements)?;
    let mut python = command(interpreter);
    python.arg("-u").arg(source.join(name));
    Ok(python)
}
