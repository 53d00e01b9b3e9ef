use core::time::Duration;

use crate::command::{cargo, execute, execute_within};
use crate::failure::Result;
use crate::note;
use crate::outcome::Outcome;
use crate::tools::{self, Tool};

const CARGO_DENY: Tool = Tool { name: "cargo-deny", version: "^0.20" };

/// How long the list of vulnerabilities may take to come.
const DOWNLOAD: Duration = Duration::from_secs(60);

/// What `deny.toml` says: licences, sources and unwanted crates always; known vulnerabilities where
/// the list of them can be had.
pub(crate) fn run() -> Result<Outcome> {
    CARGO_DENY.install()?;
    let mut check =
        cargo(&["deny", "check", "--hide-inclusion-graph", "licenses", "bans", "sources"]);
    execute(tools::on_path(&mut check)?)?;

    let mut fetch = cargo(&["deny", "fetch", "db"]);
    if execute_within(tools::on_path(&mut fetch)?, DOWNLOAD).is_err() {
        note::print("known vulnerabilities were not looked for: their list could not be fetched");
        return Ok(Outcome::Passed);
    }
    let mut check = cargo(&["deny", "check", "--disable-fetch", "advisories"]);
    execute(tools::on_path(&mut check)?)?;
    Ok(Outcome::Passed)
}
