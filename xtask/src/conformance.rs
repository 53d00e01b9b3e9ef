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

use crate::artifacts::Artifacts;
use crate::conformance::peer::{Kind, PEERS, Peer};
use crate::conformance::report::Report;
use crate::conformance::run::Run;
use crate::conformance::suite::Suite;
use crate::failure::{Result, bail};
use crate::outcome::Outcome;
use crate::{note, stamp, workspace};

/// Messages of 16 MiB in frames as large (9.1.6, 9.2.6) pass with room to spare.
const MAX_MESSAGE: &str = "33554432";

/// How long one peer may take: several times what all cases need.
const LIMIT: Duration = Duration::from_secs(3600);

/// Each adapter in one role, and the core without one.
const ADAPTERS: [&str; 5] =
    ["tokio_echo", "tokio_echo_client", "async_std_echo", "smol_echo_client", "blocking_echo"];

/// What the adapters share shows with one of them.
const BOTH_ROLES: [&str; 2] = ["tokio_echo", "tokio_echo_client"];

#[derive(Args, Default)]
pub(crate) struct Options {
    /// Test the servers only
    #[arg(long, conflicts_with = "client")]
    server: bool,
    /// Test the clients only
    #[arg(long)]
    client: bool,
    /// Test this peer only, such as tokio_echo; may be repeated
    #[arg(long = "peer", value_name = "NAME")]
    peers: Vec<String>,
    /// Cases or groups to run, with commas between them: 7.1.5, 9.*, 12.*.5
    #[arg(long, value_name = "LIST", conflicts_with = "full")]
    cases: Option<String>,
    /// Cases or groups to leave out
    #[arg(long, value_name = "LIST")]
    exclude: Option<String>,
    /// All 517 cases, not only a few sizes of each kind of compression; takes ten minutes and more
    /// for each peer
    #[arg(long)]
    full: bool,
    /// How long one peer may take, by default an hour
    #[arg(long, value_name = "SECONDS")]
    timeout: Option<u64>,
    /// Split the cases among this many runs at the same time, by default 1; the suite uses one core
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(1..=8))]
    jobs: Option<u8>,
}

impl Options {
    /// The quick cases with one peer of each adapter, and both roles.
    pub(crate) fn adapters() -> Self {
        Self { peers: ADAPTERS.map(str::to_owned).to_vec(), ..Self::peers() }
    }

    /// The quick cases with every peer. The suite uses one core, and there are two even on a small
    /// machine.
    pub(crate) fn peers() -> Self {
        Self { jobs: Some(2), ..Self::default() }
    }

    /// All cases in both roles.
    pub(crate) fn cases() -> Self {
        Self { peers: BOTH_ROLES.map(str::to_owned).to_vec(), full: true, ..Self::peers() }
    }

    fn selection(&self, all: &[String]) -> Result<Vec<String>> {
        let included = match &self.cases {
            Some(list) => list,
            None if self.full => selection::FULL,
            None => selection::QUICK,
        };
        let mut selected = selection::select(all, included)?;
        let excluded = selection::select(all, self.exclude.as_deref().unwrap_or_default())?;
        selected.retain(|case| !excluded.contains(case));
        if selected.is_empty() {
            bail!("no cases are left to run");
        }
        Ok(selected)
    }

    fn wants(&self, peer: &Peer) -> bool {
        let kind = match peer.kind {
            Kind::Server => !self.client,
            Kind::Client => !self.server,
        };
        kind && (self.peers.is_empty() || self.peers.iter().any(|name| name == peer.name))
    }
}

pub(crate) fn run(options: &Options) -> Result<Outcome> {
    let peers: Vec<_> = PEERS.iter().filter(|peer| options.wants(peer)).collect();
    if peers.is_empty() {
        let names: Vec<_> = PEERS.iter().map(|peer| peer.name).collect();
        bail!("there is no such peer; there are {}", names.join(", "));
    }
    let suite = Suite::install()?;
    let selection = options.selection(&suite.cases)?;
    let selected: BTreeSet<_> = peers
        .iter()
        .flat_map(|peer| [Some(*peer), peer.behind])
        .flatten()
        .flat_map(|peer| [["--package", peer.package], ["--example", peer.program]])
        .collect();
    let selected: Vec<_> = selected.into_iter().flatten().collect();
    let programs = Artifacts::build(&selected)?;

    let limit = options.timeout.map_or(LIMIT, Duration::from_secs);
    let run = Run { programs: &programs, suite: &suite, limit };
    let (mut failed, mut total) = (Vec::new(), 0);
    for peer in peers {
        let sensible = selection::select(&suite.cases, peer.cases)?;
        let cases: Vec<_> =
            selection.iter().filter(|case| sensible.contains(case)).cloned().collect();
        if cases.is_empty() {
            continue;
        }
        println!("{}: {} cases", peer.name, cases.len());
        total += cases.len();
        let jobs = usize::from(options.jobs.unwrap_or(1)).min(cases.len());
        let reports = test(peer, &run, cases, jobs)?;
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

/// Runs the cases in as many parts as there are jobs, each with a peer and a suite of its own.
fn test(peer: &Peer, run: &Run<'_>, cases: Vec<String>, jobs: usize) -> Result<Vec<Report>> {
    let folder = workspace::scratch("autobahn/reports")?.join(peer.name);
    // An older run must never be judged.
    stamp::clear(&folder)?;
    thread::scope(|scope| {
        let parts = (1..).zip(dealt(cases, jobs)).map(|(number, cases)| {
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

/// Deals the cases out like cards, so that no part gets all the long ones.
fn dealt(cases: Vec<String>, parts: usize) -> Vec<Vec<String>> {
    let mut dealt = vec![Vec::new(); parts];
    for (index, case) in cases.into_iter().enumerate() {
        dealt[index % parts].push(case);
    }
    dealt
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Command {
        #[command(flatten)]
        options: Options,
    }

    fn parse(arguments: &[&str]) -> core::result::Result<Options, clap::Error> {
        let arguments = ["conformance"].iter().chain(arguments);
        Command::try_parse_from(arguments).map(|command| command.options)
    }

    #[test]
    fn options_select_cases() {
        let all = ["1.1.1", "7.1.5", "12.1.1", "12.1.2", "13.1.2"].map(str::to_owned);
        let select = |arguments: &[&str]| parse(arguments).unwrap().selection(&all);
        assert_eq!(select(&["--cases", "12", "--exclude", "12.*.2"]).unwrap(), ["12.1.1"]);
        let failure = select(&["--cases", "1", "--exclude", "1"]).unwrap_err();
        assert_eq!(failure.to_string(), "no cases are left to run");
        assert!(parse(&["--cases", "1", "--full"]).is_err());
    }

    #[test]
    fn options_select_peers() {
        let count = |arguments| {
            let options = parse(arguments).unwrap();
            PEERS.iter().filter(|peer| options.wants(peer)).count()
        };
        assert_eq!(count(&[]), PEERS.len());
        assert_eq!(count(&["--server"]) + count(&["--client"]), PEERS.len());
        assert_eq!(count(&["--peer", "tokio_echo"]), 1);
        assert_eq!(count(&["--peer", "tokio_echo", "--peer", "mio_echo"]), 2);
        assert_eq!(count(&["--client", "--peer", "tokio_echo"]), 0);
        assert!(parse(&["--server", "--client"]).is_err());
    }

    #[test]
    fn the_peers_of_stages_exist() {
        let count = |options: &Options| PEERS.iter().filter(|peer| options.wants(peer)).count();
        assert_eq!(count(&Options::adapters()), ADAPTERS.len());
        assert_eq!(count(&Options::cases()), BOTH_ROLES.len());
        assert_eq!(count(&Options::peers()), PEERS.len());
    }

    #[test]
    fn cases_are_dealt_out() {
        let cases = ["1", "2", "3"].map(str::to_owned).to_vec();
        assert_eq!(dealt(cases, 2), [vec!["1", "3"], vec!["2"]]);
    }
}
