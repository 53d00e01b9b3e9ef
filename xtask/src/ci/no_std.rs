use std::path::Path;

use anyhow::Result;
use xshell::{Shell, cmd};

use crate::outcome::note;
use crate::{rust_target, workspace};

/// A Cortex-M4 without an operating system: there is no `std` for it.
const TARGET: &str = "thumbv7em-none-eabi";

pub(crate) fn run(sh: &Shell) -> Result<()> {
    let build = ["build", "--package", "ws-proto", "--no-default-features", "--target", TARGET];
    if rust_target::can_be_had(sh, TARGET) {
        return Ok(cmd!(sh, "cargo {build...}").run()?);
    }
    let root = cmd!(sh, "rustc +nightly --print sysroot").quiet().ignore_stderr().read();
    if root.is_ok_and(|root| Path::new(&root).join("lib/rustlib/src/rust/library").is_dir()) {
        note(&format!("built with nightly's own core and alloc: stable has no {TARGET}"));
        return Ok(cmd!(sh, "cargo +nightly {build...} -Zbuild-std=core,alloc").run()?);
    }
    note(&format!("not built for {TARGET}, which is not available; no std on the host"));
    build_beside_a_panic_handler(sh)
}

/// Builds, for this machine, a crate that uses the core and has its own panic handler. If any
/// crate below it linked `std`, there would be two handlers, which the compiler rejects.
fn build_beside_a_panic_handler(sh: &Shell) -> Result<()> {
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
    sh.write_file(folder.join("Cargo.toml"), manifest)?;
    sh.write_file(folder.join("src/lib.rs"), PROBE)?;
    // The test uses the versions that were resolved for the workspace.
    sh.copy_file("Cargo.lock", folder.join("Cargo.lock"))?;
    let _folder = sh.push_dir(folder);
    Ok(cmd!(sh, "cargo build --target-dir build").run()?)
}

const PROBE: &str = "#![no_std]

pub use ws_proto;

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    loop {}
}
";
