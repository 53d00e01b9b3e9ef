use std::fs;
use std::path::Path;

use crate::command::{cargo, command, execute, succeeds};
use crate::failure::Result;
use crate::outcome::Outcome;
use crate::{note, packages, rust_target, workspace};

/// Its programs run on any x86-64 machine.
const TARGET: &str = "i686-unknown-linux-gnu";

/// Runs the tests of the core and of the loop where `usize` has 32 bits.
pub(crate) fn run() -> Result<Outcome> {
    if !rust_target::can_be_had(TARGET) {
        note::print(&format!("nothing was tested: no {TARGET} available"));
        return Ok(Outcome::Skipped);
    }
    if !links(&workspace::scratch("bits32")?)? {
        packages::install("a linker for 32 bits", "gcc-multilib")?;
    }
    let tests = ["test", "--package", "ws-proto", "--package", "ws-futures"];
    execute(cargo(&tests).args(["--all-features", "--target", TARGET]))?;
    Ok(Outcome::Passed)
}

fn links(folder: &Path) -> Result<bool> {
    packages::program("cc", "build-essential")?;
    let source = folder.join("main.c");
    fs::write(&source, "int main(void) { return 0; }\n")?;
    Ok(succeeds(command("cc").arg("-m32").arg(&source).arg("-o").arg(folder.join("main"))))
}
