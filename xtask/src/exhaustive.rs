use crate::command::{cargo, execute};
use crate::failure::Result;
use crate::outcome::Outcome;

/// Runs the tests of the core that are too slow without optimization. They take minutes; the
/// profile keeps the checks of a debug build.
pub(crate) fn run() -> Result<Outcome> {
    let mut tests = cargo(&["test", "--profile", "checked", "--package", "ws-proto"]);
    tests.args(["--features", "deflate", "--test", "it"]);
    execute(tests.args(["--", "--ignored", "--nocapture"]))?;
    Ok(Outcome::Passed)
}
