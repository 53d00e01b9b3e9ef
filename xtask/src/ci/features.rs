use crate::command::{cargo, execute};
use crate::failure::Result;
use crate::libraries::LIBRARIES;
use crate::outcome::Outcome;
use crate::packages;
use crate::tools::{self, Tool};

const CARGO_HACK: Tool = Tool { name: "cargo-hack", version: "^0.6" };

/// The combinations that show most mistakes early: each library alone without features, and
/// `ws-tokio` with each of its TLS libraries and HTTP servers. All features are checked by
/// `clippy`.
const SUBSETS: &[(&str, &str)] = &[
    ("ws-proto", ""),
    ("ws-proto", "std"),
    ("ws-proto", "deflate"),
    ("ws-futures", ""),
    ("ws-futures", "tracing"),
    ("ws-tokio", ""),
    ("ws-tokio", "rustls"),
    ("ws-tokio", "native-tls"),
    ("ws-tokio", "hyper"),
    ("ws-async-std", ""),
];

/// Checks the libraries with fewer features than the other packages enable.
pub(crate) fn subsets() -> Result<Outcome> {
    packages::openssl()?;
    for (library, features) in SUBSETS {
        let mut clippy = cargo(&["clippy", "--package", library, "--no-default-features"]);
        execute(clippy.args(["--features", features, "--", "-D", "warnings"]))?;
    }
    Ok(Outcome::Passed)
}

/// Checks each library with no feature, each feature, and each pair: a single feature shows what it
/// breaks alone, and a pair shows conflicts.
pub(crate) fn pairs() -> Result<Outcome> {
    packages::openssl()?;
    CARGO_HACK.install()?;
    let mut hack = cargo(&["hack", "clippy", "--feature-powerset", "--depth", "2"]);
    for library in LIBRARIES {
        hack.args(["--package", library]);
    }
    execute(tools::on_path(&mut hack)?.args(["--", "-D", "warnings"]))?;
    Ok(Outcome::Passed)
}

/// Runs the tests of the libraries with features that are off by default.
pub(crate) fn tests() -> Result<Outcome> {
    packages::openssl()?;
    for library in LIBRARIES {
        execute(&mut cargo(&["test", "--package", library, "--all-features"]))?;
    }
    Ok(Outcome::Passed)
}
