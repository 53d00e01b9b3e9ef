use crate::command::{cargo, execute};
use crate::failure::Result;
use crate::outcome::Outcome;

/// The tests of the core that have a part which is only worth running with optimization.
const TESTS: [&str; 2] = ["exhaustive", "closing_model"];

/// Runs those parts. They take minutes; the profile keeps the checks of a debug build.
pub(crate) fn run() -> Result<Outcome> {
    let mut tests = cargo(&["test", "--profile", "checked", "--package", "ws-proto"]);
    tests.args(["--features", "deflate"]);
    tests.args(TESTS.iter().flat_map(|test| ["--test", test]));
    execute(tests.args(["--", "--ignored", "--nocapture"]))?;
    Ok(Outcome::Passed)
}
