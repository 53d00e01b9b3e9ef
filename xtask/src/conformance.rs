mod peer;
mod python2;
mod report;
mod run;
mod selection;
mod suite;

use core::time::Duration;
use std::collections::BTreeSet;
use std::{fs, thread};

use clap::Args;
use clap::builder::PossibleValuesParser;

use crate::artifacts::Artifacts;
use crate::conformance::peer::{PEERS, Peer};
use crate::conformance::report::Report;
use crate::conformance::run::Run;
use crate::conformance::suite::Suite;
use crate::failure::{Result, bail};
use crate::outcome::Outcome;
use crate::{note, stamp, workspace};

/// The limit that messages of 16 MiB in frames as large (9.1.6, 9.2.6) pass with a margin.
const MAX_MESSAGE: &str = "33554432";

/// The time limit of one peer: several times what all cases need.
const LIMIT: Duration = Duration::from_secs(3600);

/// The number of parallel parts: the suite uses one core, and even a small machine has two.
const JOBS: usize = 2;

/// Each adapter in one role, and the core without one.
const ADAPTERS: [&str; 5] =
    ["tokio_echo", "tokio_echo_client", "async_std_echo", "smol_echo_client", "blocking_echo"];

/// The peers with all cases: what the adapters share is covered by one of them.
const BOTH_ROLES: [&str; 2] = ["tokio_echo", "tokio_echo_client"];

#[derive(Args, Default)]
pub(crate) struct Options {
    /// Test this peer only, such as tokio_echo; may be repeated
    #[arg(long = "peer", value_name = "NAME", value_parser = PossibleValuesParser::new(PEERS.iter().map(|peer| peer.name)))]
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
    pub(crate) fn cases() -> Self {
        let peers = BOTH_ROLES.map(str::to_owned).to_vec();
        Self { peers, full: true, ..Self::default() }
    }

    fn wants(&self, peer: &Peer) -> bool {
        self.peers.is_empty() || self.peers.iter().any(|name| name == peer.name)
    }

    fn build(&self, peers: &[&Peer]) -> Result<Artifacts> {
        let peers = peers.iter().flat_map(|peer| [Some(*peer), peer.behind]).flatten();
        let programs: BTreeSet<_> = peers
            .flat_map(|peer| [[peer.target, peer.program], ["--package", peer.package]])
            .filter(|selection| !self.as_tested || selection[0] != "--package")
            .collect();
        let programs: Vec<_> = programs.into_iter().flatten().collect();
        if self.as_tested {
            Artifacts::build_as_tested(&programs)
        } else {
            Artifacts::build(&programs)
        }
    }
}

pub(crate) fn run(options: &Options) -> Result<Outcome> {
    let peers: Vec<_> = PEERS.iter().filter(|peer| options.wants(peer)).collect();
    let suite = Suite::install()?;
    let list = match &options.cases {
        Some(list) => list,
        None if options.full => selection::FULL,
        None => selection::QUICK,
    };
    let selected = selection::select(&suite.cases, list)?;
    let run = Run { programs: &options.build(&peers)?, suite: &suite, limit: LIMIT };
    let (mut failed, mut total) = (Vec::new(), 0);
    for peer in peers {
        let sensible = selection::select(&suite.cases, peer.cases)?;
        let cases = selected.iter().filter(|case| sensible.contains(case)).cloned();
        let cases: Vec<_> = cases.collect();
        if cases.is_empty() {
            continue;
        }
        println!("{}: {} cases", peer.name, cases.len());
        total += cases.len();
        let reports = test(peer, &run, cases)?;
        reports.iter().for_each(|report| print!("{report}"));
        if !reports.iter().all(Report::passed) {
            failed.push(peer.name);
        }
    }
    if !failed.is_empty() {
        bail!("not conformant: {}", failed.join(", "));
    }
    note::print(&format!("{total} cases passed"));
    Ok(Outcome::Passed)
}

/// Runs the cases in several parts at the same time, each with a peer and a suite of its own.
fn test(peer: &Peer, run: &Run<'_>, cases: Vec<String>) -> Result<Vec<Report>> {
    let folder = workspace::scratch("autobahn/reports")?.join(peer.name);
    // An older run must never be judged.
    stamp::clear(&folder)?;
    thread::scope(|scope| {
        let parts = (1..).zip(dealt(&cases, JOBS.min(cases.len()))).map(|(number, cases)| {
            let folder = folder.join(number.to_string());
            scope.spawn(move || {
                fs::create_dir_all(&folder)?;
                run.test(peer, cases, folder)
            })
        });
        let parts: Vec<_> = parts.collect();
        parts.into_iter().map(|part| part.join().expect("a run does not panic")).collect()
    })
}

/// Deals the cases out in turn, so that no part gets all the long ones.
fn dealt(cases: &[String], parts: usize) -> Vec<Vec<String>> {
    let part = |first| cases.iter().skip(first).step_by(parts).cloned().collect();
    (0..parts).map(part).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_peers_of_stages_exist() {
        let count = |options: &Options| PEERS.iter().filter(|peer| options.wants(peer)).count();
        assert_eq!(count(&Options::adapters()), ADAPTERS.len());
        assert_eq!(count(&Options::cases()), BOTH_ROLES.len());
        assert_eq!(count(&Options::default()), PEERS.len());
    }

    #[test]
    fn cases_are_dealt_out() {
        let cases = ["1", "2", "3"].map(str::to_owned);
        assert_eq!(dealt(&cases, 2), [vec!["1", "3"], vec!["2"]]);
    }
}
