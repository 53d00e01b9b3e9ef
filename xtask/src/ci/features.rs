use crate::command::{cargo, execute};
use crate::failure::Result;
use crate::libraries::LIBRARIES;
use crate::outcome::Outcome;
use crate::packages;
use crate::tools::{self, Tool};

const CARGO_HACK: Tool = Tool { name: "cargo-hack", version: "^0.6" };

/// Each library with no feature, each feature, and each pair: what one feature breaks shows alone,
/// and what two do to each other in pairs.
pub(crate) fn run() -> Result<Outcome> {
    packages::openssl()?;
    CARGO_HACK.install()?;
    let mut hack = cargo(&["hack", "clippy", "--feature-powerset", "--depth", "2"]);
    for library in LIBRARIES {
        hack.args(["--package", library]);
    }
    execute(tools::on_path(&mut hack)?.args(["--", "-D", "warnings"]))?;
    // What is told to `tracing` depends on a feature that is off by default.
    execute(&mut cargo(&[
        "test",
        "--package",
        "ws-futures",
        "--features",
        "tracing",
        "--test",
        "tracing",
    ]))?;
    Ok(Outcome::Passed)
}
