use anyhow::Result;
use clap::Args;
use clap::builder::PossibleValuesParser;
use xshell::Shell;

use crate::{autobahn, system};

/// The tests of `system-tests/tests/system/conformance.rs`.
const PEERS: [&str; 12] = [
    "tokio_echo",
    "tokio_echo_chunked",
    "tokio_echo_client",
    "axum_echo",
    "axum_echo_http2",
    "async_std_echo",
    "async_std_echo_client",
    "smol_echo",
    "smol_echo_client",
    "blocking_echo",
    "mio_echo",
    "uring_echo",
];

/// Each adapter in one role, and the core without one.
const ADAPTERS: [&str; 5] =
    ["tokio_echo", "tokio_echo_client", "async_std_echo", "smol_echo_client", "blocking_echo"];

/// The peers with all cases: what the adapters share is covered by one of them.
const BOTH_ROLES: [&str; 2] = ["tokio_echo", "tokio_echo_client"];

const PROGRAMS: [&str; 6] = [
    "--bin=echo_server",
    "--bin=echo_client",
    "--example=http2_bridge",
    "--example=blocking_echo",
    "--example=mio_echo",
    "--example=uring_echo",
];

const PACKAGES: [&str; 3] = ["--package=ws-peers", "--package=ws-tokio", "--package=ws-proto"];

/// The suite uses one core, and even a small machine has two.
const THREADS: &str = "--test-threads=2";

#[derive(Args, Default)]
pub(crate) struct Options {
    /// Test this peer only, such as tokio_echo; may be repeated
    #[arg(long = "peer", value_name = "NAME", value_parser = PossibleValuesParser::new(PEERS))]
    peers: Vec<String>,
    /// Cases or groups to run, with commas between them: 7.1.5, 9.*, 12.*.5
    #[arg(long, value_name = "LIST", conflicts_with = "full")]
    cases: Option<String>,
    /// All 517 cases, not only a few sizes of each kind of compression; takes ten minutes and more
    /// for each peer
    #[arg(long)]
    full: bool,
    /// Test the programs as `cargo test --workspace` builds them, without optimization
    #[arg(long)]
    as_tested: bool,
}

impl Options {
    /// The quick cases with one peer of each adapter, and both roles.
    pub(crate) fn adapters() -> Self {
        let peers = ADAPTERS.map(str::to_owned).to_vec();
        Self { peers, as_tested: true, ..Self::default() }
    }

    /// All cases in both roles.
    pub(crate) fn all_cases() -> Self {
        let peers = BOTH_ROLES.map(str::to_owned).to_vec();
        Self { peers, full: true, ..Self::default() }
    }
}

pub(crate) fn run(sh: &Shell, options: &Options) -> Result<()> {
    autobahn::install(sh)?;
    match (&options.cases, options.full) {
        (Some(cases), _) => sh.set_var("CASES", cases),
        (None, true) => sh.set_var("CASES", "*"),
        (None, false) => {}
    }
    let programs = if options.as_tested {
        system::build(sh, "dev", &[system::AS_TESTED, &PROGRAMS])?
    } else {
        system::build(sh, "checked", &[&PACKAGES, &PROGRAMS])?
    };
    let names: Vec<_> = options.peers.iter().map(|peer| format!("conformance::{peer}")).collect();
    let names: Vec<_> = names.iter().map(String::as_str).collect();
    match &*names {
        [] => system::run(sh, programs, &["conformance::"], &[THREADS]),
        names => system::run(sh, programs, names, &[THREADS, "--exact"]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_peers_are_tests() {
        let tests = include_str!("../../system-tests/tests/system/conformance.rs");
        for peer in PEERS {
            assert!(tests.contains(&format!("#[test]\nfn {peer}()")), "{peer}");
        }
        assert_eq!(tests.matches("#[test]").count(), PEERS.len());
        assert!(ADAPTERS.iter().chain(&BOTH_ROLES).all(|peer| PEERS.contains(peer)));
    }
}
