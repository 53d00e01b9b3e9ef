//! Compares the libraries with other implementations, side by side in one run.

mod broadcast;
mod codec;
mod content;
mod contest;
mod contestant;
mod deflate;
mod driven;
mod echo;
mod floors;
mod growth;
mod idle;
mod in_memory;
mod load;
mod measure;
mod memory;
mod mode;
mod page;
mod peers;
mod process;
mod serve;
mod server;
mod table;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use clap::{Parser, ValueEnum};

use crate::peers::Bun;
use crate::table::Table;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

/// Compares ws-proto, ws-tokio and ws-hub with other implementations, in turns in one run
#[derive(Clone, Parser)]
#[command(name = "compare", bin_name = "cargo xtask compare")]
struct Options {
    /// The groups to run; all by default
    groups: Vec<Group>,
    /// Checks that everything runs, in about a minute; the numbers are of no use
    #[arg(long)]
    quick: bool,
    /// Also counts the instructions of the echo servers, which takes minutes and needs valgrind
    #[arg(long)]
    instructions: bool,
    /// Only implementations whose name contains one of these
    #[arg(long, value_name = "NAME", value_delimiter = ';')]
    only: Vec<String>,
    /// The number of rounds of each measurement; by default it depends on the group
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    rounds: Option<u16>,
    /// The folder in which PERFORMANCE.md and its charts are written; by default `docs` for a full run,
    /// none if some groups or implementations are selected
    #[arg(long, value_name = "FOLDER")]
    output: Option<PathBuf>,
    #[arg(skip)]
    included: Option<fn(&str) -> bool>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Group {
    /// Receiving, sending and echoing in memory
    Codec,
    /// Echo servers over loopback
    Echo,
    /// The memory of idle connections
    Idle,
    /// Handshakes
    Handshake,
    /// Messages for many receivers
    Broadcast,
    /// Compressed echoes
    Deflate,
    /// More connections, larger messages, more fragments
    Growth,
}

impl Options {
    fn rounds(&self, full: usize, quick: usize) -> usize {
        self.rounds.map_or(if self.quick { quick } else { full }, usize::from)
    }

    fn includes(&self, contestant: &str) -> bool {
        self.included.is_none_or(|included| included(contestant))
            && (self.only.is_empty() || self.only.iter().any(|name| contestant.contains(&**name)))
    }

    /// Returns these options for fewer contestants.
    fn narrowed(&self, included: fn(&str) -> bool) -> Self {
        Self { included: Some(included), ..self.clone() }
    }
}

/// The open files of a server or of the load, for 10,000 connections.
const OPEN_FILES: u64 = 12_000;

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let result = match arguments.next().as_deref() {
        Some("serve") => serve::run(arguments),
        _ => run(&Options::parse()),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("compare: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(options: &Options) -> Result<()> {
    let begin = Instant::now();
    // Servers inherit the limit.
    let open_files = rlimit::increase_nofile_limit(2 * OPEN_FILES)?;
    if open_files < OPEN_FILES && !options.quick {
        return Err(format!(
            "{OPEN_FILES} open files needed, {open_files} allowed: raise `ulimit -Hn`"
        )
        .into());
    }
    let groups = match &*options.groups {
        [] => Group::value_variants(),
        groups => groups,
    };
    let over_sockets = groups.iter().any(|group| ![Group::Codec, Group::Deflate].contains(group));
    let bun = if over_sockets { find_bun(options) } else { None };
    let mut tables = Vec::new();
    for group in groups {
        let started = Instant::now();
        tables.extend(run_group(*group, options, bun.as_ref())?);
        println!("\n{group:?}: {:.0} s", started.elapsed().as_secs_f64());
    }
    let is_full = options.groups.is_empty() && options.only.is_empty() && !options.quick;
    let default = is_full.then(|| PathBuf::from("docs"));
    if let Some(folder) = options.output.as_ref().or(default.as_ref()) {
        page::write(folder, &tables, bun.as_ref())?;
    }
    println!("in {:.0} s", begin.elapsed().as_secs_f64());
    Ok(())
}

fn run_group(group: Group, options: &Options, bun: Option<&Bun>) -> Result<Vec<Table>> {
    match group {
        Group::Codec => Ok(in_memory::run(options)),
        Group::Echo => echo::run(options, bun),
        Group::Idle => idle::memory(options, bun),
        Group::Handshake => idle::handshakes(options, bun),
        Group::Broadcast => broadcast::run(options, bun),
        Group::Deflate => Ok(deflate::run(options)),
        Group::Growth => growth::run(options, bun),
    }
}

fn find_bun(options: &Options) -> Option<Bun> {
    match Bun::find() {
        _ if options.quick => None,
        Ok(bun) => Some(bun),
        Err(reason) => {
            println!("skipped: uWebSockets, which Bun embeds ({reason})");
            None
        }
    }
}
