use core::time::Duration;
use std::path::PathBuf;

use crate::ci::stage::Output::{Logged, Shown};
use crate::ci::{bits32, deny, features, fuzz, msrv, no_std, package};
use crate::command::{cargo, execute};
use crate::failure::{Context as _, Result};
use crate::outcome::Outcome;
use crate::{
    browser, clients, cluster, compare, conformance, exhaustive, idle, packages, probes, reach,
    workspace,
};

/// A part of CI that can run alone.
pub(crate) struct Stage {
    pub(crate) name: &'static str,
    pub(crate) about: &'static str,
    pub(crate) when: When,
    /// The time limit of a stage, after which it is ended.
    pub(crate) limit: Duration,
    pub(crate) output: Output,
    run: fn() -> Result<Outcome>,
}

/// When a stage runs that is not named on the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum When {
    /// With `cargo xtask ci`: all of these take at most 25 minutes on two cores, from a clean clone.
    Change,
    /// With `cargo xtask nightly`.
    Night,
}

/// Where the output of a stage that passes is shown; a failing stage always shows its end.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Output {
    /// On the terminal and in the log file.
    Shown,
    /// In the log file only.
    Logged,
}

impl Stage {
    pub(crate) fn log(&self) -> Result<PathBuf> {
        Ok(workspace::scratch("logs")?.join(format!("{}.log", self.name)))
    }
}

/// The stages in the order in which they run. The limit, in minutes, is far above what a slow machine needs.
#[rustfmt::skip]
pub(crate) const STAGES: &[Stage] = &[
    change("fmt", 2, Logged, fmt,
        "the code is formatted"),
    change("clippy", 15, Logged, clippy,
        "no warnings in any target with all features"),
    change("docs", 10, Logged, docs,
        "the documentation builds without warnings"),
    change("package", 5, Logged, package::run,
        "the libraries can be packaged, with README, licences, and a reason for each dependency"),
    change("test", 20, Shown, test,
        "all tests, as the README runs them"),
    change("features", 15, Logged, features::subsets,
        "no warnings with fewer features"),
    change("no-std", 8, Shown, no_std::run,
        "the core builds without an operating system"),
    change("fuzz", 25, Logged, fuzz::run,
        "a short run of each fuzz target"),
    change("conformance", 30, Shown, || conformance::run(&conformance::Options::adapters()),
        "the Autobahn Testsuite on each adapter, as server or as client"),
    change("clients", 15, Shown, || clients::run(&clients::Options::default()),
        "Node, Python and Chromium against the demo server"),
    change("browser", 15, Shown, || browser::run(&browser::Options::default()),
        "the demo server's page in Chromium"),
    change("cluster", 15, Shown, cluster::run,
        "three nodes of the demo server over NATS"),
    night("exhaustive", 40, Shown, exhaustive::run,
        "all small inputs of the core, and every order of closing"),
    night("all-features", 30, Shown, features::tests,
        "the tests of the libraries with all features"),
    night("feature-pairs", 30, Logged, features::pairs,
        "no warnings with any feature or pair of features"),
    night("msrv", 15, Shown, msrv::run,
        "the libraries build with the oldest compiler that they promise"),
    night("deny", 20, Logged, deny::run,
        "licences, sources and known vulnerabilities of what is used"),
    night("bits32", 20, Shown, bits32::run,
        "the core and the loop where a pointer has 32 bits"),
    night("seeds", 25, Logged, seeds,
        "the fuzz crate and the comparison with other libraries: no warnings, and all seeds"),
    night("peers", 60, Shown, || conformance::run(&conformance::Options::default()),
        "the Autobahn Testsuite with every peer"),
    night("cases", 90, Shown, || conformance::run(&conformance::Options::cases()),
        "all cases of the Autobahn Testsuite, as server and as client"),
    night("compression", 15, Shown, clients::deflate::run,
        "Node, Python, Chromium and zlib over compressed connections"),
    night("http2", 15, Shown, clients::http2::run,
        "Node and Chromium against axum servers over HTTP/2"),
    night("reach", 15, Shown, reach::run,
        "our client through real proxies, and TLS both ways with Python"),
    night("probes", 15, Shown, probes::run,
        "wrong, slow and hostile peers over raw TCP"),
    night("idle", 20, Shown, || idle::run(&idle::Options::default()),
        "the memory of an idle connection, and what stays of those that ended"),
    night("compare", 45, Logged, || compare::run(&compare::Options::quick()),
        "the comparison with other implementations runs"),
];

const fn change(
    name: &'static str,
    limit: u64,
    output: Output,
    run: fn() -> Result<Outcome>,
    about: &'static str,
) -> Stage {
    let limit = Duration::from_secs(60 * limit);
    Stage { name, about, when: When::Change, limit, output, run }
}

const fn night(
    name: &'static str,
    limit: u64,
    output: Output,
    run: fn() -> Result<Outcome>,
    about: &'static str,
) -> Stage {
    Stage { when: When::Night, ..change(name, limit, output, run, about) }
}

/// A package outside the workspace.
const COMPARE: &str = "compare/Cargo.toml";

/// Runs one stage in this process.
pub(crate) fn run(name: &str) -> Result<Outcome> {
    let stage = STAGES.iter().find(|stage| stage.name == name);
    (stage.context(format_args!("there is no stage `{name}`"))?.run)()
}

fn fmt() -> Result<Outcome> {
    execute(&mut cargo(&["fmt", "--all", "--check"]))?;
    execute(&mut fuzz::crate_cargo(&["fmt", "--check"])?)?;
    execute(&mut cargo(&["fmt", "--manifest-path", COMPARE, "--check"]))?;
    Ok(Outcome::Passed)
}

fn clippy() -> Result<Outcome> {
    packages::openssl()?;
    let targets = ["clippy", "--workspace", "--all-targets", "--all-features"];
    execute(cargo(&targets).args(["--", "-D", "warnings"]))?;
    Ok(Outcome::Passed)
}

fn docs() -> Result<Outcome> {
    packages::openssl()?;
    let mut doc = cargo(&["doc", "--no-deps", "--workspace", "--all-features"]);
    execute(doc.env("RUSTDOCFLAGS", "-D warnings"))?;
    Ok(Outcome::Passed)
}

fn test() -> Result<Outcome> {
    execute(&mut cargo(&["test", "--workspace"]))?;
    Ok(Outcome::Passed)
}

/// The packages that are workspaces of their own.
fn seeds() -> Result<Outcome> {
    packages::program("c++", "build-essential")?;
    let mut fuzz = fuzz::crate_cargo(&["clippy", "--all-targets"])?;
    execute(fuzz.args(["--", "-D", "warnings"]))?;
    execute(&mut fuzz::crate_cargo(&["test"])?)?;
    let mut compare = cargo(&["clippy", "--manifest-path", COMPARE]);
    execute(compare.args(["--", "-D", "warnings"]))?;
    Ok(Outcome::Passed)
}
