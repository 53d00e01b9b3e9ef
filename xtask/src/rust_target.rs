use std::path::Path;

use xshell::{Shell, cmd};

/// Whether there is a standard library for the target, or rustup could fetch one within two minutes.
pub(crate) fn can_be_had(sh: &Shell, target: &str) -> bool {
    is_installed(sh, target)
        || (cmd!(sh, "timeout 120 rustup target add {target}").run().is_ok()
            && is_installed(sh, target))
}

fn is_installed(sh: &Shell, target: &str) -> bool {
    let libraries = cmd!(sh, "rustc --print target-libdir --target {target}").quiet().read();
    libraries.is_ok_and(|folder| Path::new(&folder).is_dir())
}
