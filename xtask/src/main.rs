//! The project's checks, as commands: `cargo xtask help`.

mod autobahn;
mod browser;
mod ci;
mod compare;
mod conformance;
mod debian;
mod outcome;
mod packages;
mod python;
mod rust_target;
mod scenarios;
mod semver;
mod stamp;
mod system;
mod tools;
mod workspace;

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

use crate::ci::stage::{self, When};

#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", about)]
struct Cli {
    #[command(subcommand)]
    command: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Runs the stages for each change, in at most 25 minutes on two cores, or only those that are named
    Ci(ci::Options),
    /// Runs the stages that take longer or whose subject seldom changes, or only those that are named
    Nightly(ci::Options),
    /// Runs the Autobahn Testsuite against the echo server and the echo client
    ///
    /// The suite needs a Python 2.7: the one that PYTHON2 names, or one on PATH, or else, on Debian, that
    /// of an older release, which is unpacked under target/xtask.
    Conformance(conformance::Options),
    /// Runs foreign clients (Node, Python, Chromium) against the `ws-demo` server
    ///
    /// The browser is the one that CHROMIUM names, or one on PATH. What is missing is installed from
    /// the system's packages, as root or with sudo.
    Clients(scenarios::Clients),
    /// Checks the page of the `ws-demo` server in Chromium
    ///
    /// The browser is the one that CHROMIUM names, or one on PATH. What is missing is installed from
    /// the system's packages, as root or with sudo.
    Browser(browser::Options),
    /// Runs foreign implementations (Node, Python, Chromium, zlib) against ours over
    /// permessage-deflate
    DeflateClients,
    /// Runs foreign clients (Node, Chromium) against axum servers over HTTP/2
    Http2,
    /// Runs our client through real proxies (tinyproxy, microsocks), with and without a password
    Proxies,
    /// Runs TLS connections in both directions with Python's `websockets`, with a generated
    /// authority
    TlsClients,
    /// Runs three nodes of the `ws-demo` server with a NATS broker, stops nodes and the broker, and
    /// checks what clients receive
    ///
    /// The broker, nats-server, is installed from the system's packages when it is missing, as root or
    /// with sudo.
    Cluster,
    /// Sends requests that are wrong, slow or hostile over raw TCP, and watches the server's memory; checks the
    /// metrics with promtool
    Probes,
    /// Compares the latency of the `ws-demo` server's clients with a debug log of gigabytes to that without a log
    ///
    /// Takes 15 minutes, and space for the log in the folder for temporary files.
    LogLoad(scenarios::LogLoad),
    /// Measures the memory of an idle connection
    Idle(scenarios::Idle),
    /// Compares the libraries with other implementations, and writes docs/PERFORMANCE.md
    #[command(disable_help_flag = true)]
    Compare(compare::Options),
    /// Runs the core on all small inputs, and explores its closing handshake: the part of these
    /// tests that takes minutes
    Exhaustive,
    /// Compares the public items of the libraries with those of a release or a commit
    Semver(semver::Options),
    /// Runs one stage in this process, with its output as it arrives
    #[command(hide = true)]
    Stage { name: String },
}

fn main() -> ExitCode {
    outcome::exit_code(run(Cli::parse().command))
}

fn run(task: Task) -> Result<()> {
    let sh = &workspace::shell()?;
    match task {
        Task::Ci(options) => ci::run(&options, When::Change),
        Task::Nightly(options) => ci::run(&options, When::Night),
        Task::Conformance(options) => conformance::run(sh, &options),
        Task::Clients(options) => scenarios::clients(sh, &options),
        Task::Browser(options) => browser::run(sh, &options),
        Task::DeflateClients => scenarios::compression(sh),
        Task::Http2 => scenarios::http2(sh),
        Task::Proxies => scenarios::proxies(sh),
        Task::TlsClients => scenarios::tls(sh),
        Task::Cluster => scenarios::cluster(sh),
        Task::Probes => scenarios::probes(sh),
        Task::LogLoad(options) => scenarios::log_load(sh, &options),
        Task::Idle(options) => scenarios::idle(sh, &options),
        Task::Compare(options) => compare::run(sh, &options),
        Task::Exhaustive => stage::exhaustive(sh),
        Task::Semver(options) => semver::run(sh, &options),
        Task::Stage { name } => stage::run(sh, &name),
    }
}
