use std::fs;
use std::path::Path;

use crate::command::{cargo, command, execute, output};
use crate::failure::Result;
use crate::outcome::Outcome;
use crate::{note, rust_target, workspace};

/// A Cortex-M4 without an operating system: there is no `std` for it.
const TARGET: &str = "thumbv7em-none-eabi";

pub(crate) fn run() -> Result<Outcome> {
    let build = ["build", "--package", "ws-proto", "--no-default-features", "--target", TARGET];
    if rust_target::can_be_had(TARGET) {
        execute(&mut cargo(&build))?;
        return Ok(Outcome::Passed);
    }
    if nightly_has_the_sources() {
        note::print(&format!("built with nightly's own core and alloc: stable has no {TARGET}"));
        execute(cargo(&["+nightly"]).args(build).arg("-Zbuild-std=core,alloc"))?;
        return Ok(Outcome::Passed);
    }
    note::print(&format!("not built for {TARGET}, which is not available; no std on the host"));
    build_beside_a_panic_handler()?;
    Ok(Outcome::Passed)
}

fn nightly_has_the_sources() -> bool {
    let root = output(command("rustc").args(["+nightly", "--print", "sysroot"]));
    root.is_ok_and(|root| Path::new(root.trim()).join("lib/rustlib/src/rust/library").is_dir())
}

/// Builds, for this machine, a crate that uses the core and has its own panic handler. If any
/// crate below it linked `std`, there would be two handlers, which the compiler rejects.
fn build_beside_a_panic_handler() -> Result {
    let folder = workspace::scratch("no-std")?;
    let core = workspace::root().join("ws-proto");
    let manifest = format!(
        r#"[package]
name = "no-std-probe"
version = "0.0.0"
edition = "2024"

[dependencies]
ws-proto = {{ path = {core:?}, default-features = false }}

[workspace]
"#
    );
    fs::create_dir_all(folder.join("src"))?;
    fs::write(folder.join("Cargo.toml"), manifest)?;
    fs::write(folder.join("src/lib.rs"), PROBE)?;
    // The test uses the versions that were resolved for the workspace.
    fs::copy(workspace::root().join("Cargo.lock"), folder.join("Cargo.lock"))?;
    execute(cargo(&["build", "--target-dir", "build"]).current_dir(folder))
}

const PROBE: &str = "#![no_std]

pub use ws_proto;

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    loop {}
}
";
