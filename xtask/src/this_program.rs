use std::ffi::OsString;
use std::path::Path;
use std::{env, process};

use crate::failure::Result;

/// The running xtask, as a command. A build may replace the file under its name at any time;
/// Linux keeps the one that runs under this link.
pub(crate) fn path() -> Result<OsString> {
    let link = format!("/proc/{}/exe", process::id());
    if Path::new(&link).exists() {
        return Ok(link.into());
    }
    Ok(env::current_exe()?.into())
}
