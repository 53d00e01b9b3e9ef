use anyhow::Result;
use xshell::{Shell, cmd};

use crate::workspace::libraries;
use crate::{packages, tools};

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
pub(crate) fn subsets(sh: &Shell) -> Result<()> {
    packages::openssl(sh)?;
    for (library, features) in SUBSETS {
        let selection = ["--no-default-features", "--features", features];
        cmd!(sh, "cargo clippy --package {library} {selection...} -- -D warnings").run()?;
    }
    Ok(())
}

/// Checks each library with no feature, each feature, and each pair: a single feature shows what it
/// breaks alone, and a pair shows conflicts.
pub(crate) fn pairs(sh: &Shell) -> Result<()> {
    packages::openssl(sh)?;
    tools::install(sh, "cargo-hack", "^0.6")?;
    let libraries = libraries();
    let hack = cmd!(sh, "cargo hack clippy --feature-powerset --depth 2 {libraries...}");
    Ok(hack.args(["--", "-D", "warnings"]).run()?)
}

/// Runs the tests of the libraries with features that are off by default.
pub(crate) fn tests(sh: &Shell) -> Result<()> {
    packages::openssl(sh)?;
    for library in libraries() {
        cmd!(sh, "cargo test {library} --all-features").run()?;
    }
    Ok(())
}
