//! The folder in which cargo puts the examples.

use std::env;
use std::path::PathBuf;
use std::process::Command;

/// An example of this package, as `cargo test` has built it.
pub(crate) fn command(name: &str) -> Command {
    Command::new(path(name))
}

fn path(name: &str) -> PathBuf {
    let test = env::current_exe().expect("a path");
    // This test is in `deps`, beside `examples`.
    let folder = test.parent().and_then(|deps| deps.parent()).expect("cargo's folder");
    let program = folder.join("examples").join(format!("{name}{}", env::consts::EXE_SUFFIX));
    assert!(
        program.is_file(),
        "{} is not built: `cargo test` builds the examples only if no target is selected; \
         `cargo build --package ws-proto --examples` does, too",
        program.display()
    );
    program
}
