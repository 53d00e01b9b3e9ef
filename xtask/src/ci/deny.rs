use core::time::Duration;

use crate::command::{cargo, execute, execute_within};
use crate::failure::Result;
use crate::note;
use crate::outcome::Outcome;
use crate::tools::{self, Tool};

const CARGO_DENY: Tool = Tool { name: "cargo-deny", version: "^0.20" };

/// The time limit for fetching the list of vulnerabilities.
const DOWNLOAD: Duration = Duration::from_secs(60);

/// Checks what `deny.toml` requires: licences, sources and unwanted crates always; known
/// vulnerabilities if the list of them can be fetched.
pub(crate) fn run() -> Result<Outcome> {
    CARGO_DENY.install()?;
    let mut check =
        cargo(&["deny", "check", "--hide-inclusion-graph", "licenses", "bans", "sources"]);
    execute(tools::on_path(&mut check)?)?;

    let mut fetch = cargo(&["deny", "fetch", "db"]);
    if execute_within(tools::on_path(&mut fetch)?, DOWNLOAD).is_err() {
        note::print("known vulnerabilities were not checked: the list could not be fetched");
        return Ok(Outcome::Passed);
    }
    let mut check = cargo(&["deny", "check", "--disable-fetch", "advisories"]);
    execute(tools::on_path(&mut check)?)?;
    Ok(Outcome::Passed)
}
