use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use xshell::{Shell, cmd};

use crate::ci::stage::Output::{Logged, Shown};
use crate::ci::{features, fuzz, msrv, no_std, package};
use crate::outcome::{Skipped, note};
use crate::{browser, compare, conformance, packages, rust_target, scenarios, tools, workspace};

/// A part of CI that can run alone.
pub(crate) struct Stage {
    pub(crate) name: &'static str,
    pub(crate) about: &'static str,
    pub(crate) when: When,
    /// The time limit of a stage, after which it is ended.
    pub(crate) limit: Duration,
    pub(crate) output: Output,
    run: fn(&Shell) -> Result<()>,
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
    change("conformance", 30, Shown, |sh| conformance::run(sh, &conformance::Options::adapters()),
        "the Autobahn Testsuite on each adapter, as server or as client"),
    change("clients", 15, Shown, |sh| scenarios::clients(sh, &scenarios::Clients::default()),
        "Node, Python and Chromium against the demo server"),
    change("browser", 15, Shown, |sh| browser::run(sh, &browser::Options::default()),
        "the demo server's page in Chromium"),
    change("cluster", 15, Shown, scenarios::cluster,
        "three nodes of the demo server over NATS"),
    night("exhaustive", 40, Shown, exhaustive,
        "all small inputs of the core, and every order of closing"),
    night("all-features", 30, Shown, features::tests,
        "the tests of the libraries with all features"),
    night("feature-pairs", 30, Logged, features::pairs,
        "no warnings with any feature or pair of features"),
    night("msrv", 15, Shown, msrv::run,
        "the libraries build with the oldest compiler that they promise"),
    night("deny", 20, Logged, deny,
        "licences, sources and known vulnerabilities of what is used"),
    night("bits32", 20, Shown, bits32,
        "the core and the loop where a pointer has 32 bits"),
    night("seeds", 25, Logged, seeds,
        "the fuzz crate and the comparison with other libraries: no warnings, and all seeds"),
    night("peers", 60, Shown, |sh| conformance::run(sh, &conformance::Options::default()),
        "the Autobahn Testsuite with every peer"),
    night("cases", 90, Shown, |sh| conformance::run(sh, &conformance::Options::all_cases()),
        "all cases of the Autobahn Testsuite, as server and as client"),
    night("compression", 15, Shown, scenarios::compression,
        "Node, Python, Chromium and zlib over compressed connections"),
    night("http2", 15, Shown, scenarios::http2,
        "Node and Chromium against axum servers over HTTP/2"),
    night("reach", 15, Shown, reach,
        "our client through real proxies, and TLS both ways with Python"),
    night("probes", 15, Shown, scenarios::probes,
        "wrong, slow and hostile peers over raw TCP; the metrics for Prometheus"),
    night("idle", 20, Shown, |sh| scenarios::idle(sh, &scenarios::Idle::default()),
        "the memory of an idle connection, and what stays of those that ended"),
    night("compare", 45, Logged, |sh| compare::run(sh, &compare::Options::quick()),
        "the comparison with other implementations runs"),
];

const fn change(
    name: &'static str,
    limit: u64,
    output: Output,
    run: fn(&Shell) -> Result<()>,
    about: &'static str,
) -> Stage {
    let limit = Duration::from_secs(60 * limit);
    Stage { name, about, when: When::Change, limit, output, run }
}

const fn night(
    name: &'static str,
    limit: u64,
    output: Output,
    run: fn(&Shell) -> Result<()>,
    about: &'static str,
) -> Stage {
    Stage { when: When::Night, ..change(name, limit, output, run, about) }
}

/// A package outside the workspace.
const COMPARE: &str = "compare/Cargo.toml";

/// Runs one stage in this process.
pub(crate) fn run(sh: &Shell, name: &str) -> Result<()> {
    let stage = STAGES.iter().find(|stage| stage.name == name);
    (stage.with_context(|| format!("there is no stage `{name}`"))?.run)(sh)
}

fn fmt(sh: &Shell) -> Result<()> {
    cmd!(sh, "cargo fmt --all --check").run()?;
    fuzz::crate_cargo(sh, &["fmt", "--check"])?;
    Ok(cmd!(sh, "cargo fmt --manifest-path {COMPARE} --check").run()?)
}

fn clippy(sh: &Shell) -> Result<()> {
    packages::openssl(sh)?;
    Ok(cmd!(sh, "cargo clippy --workspace --all-targets --all-features -- -D warnings").run()?)
}

fn docs(sh: &Shell) -> Result<()> {
    packages::openssl(sh)?;
    let doc = cmd!(sh, "cargo doc --no-deps --workspace --all-features");
    Ok(doc.env("RUSTDOCFLAGS", "-D warnings").run()?)
}

/// The README's command; one run reports the failures of all programs.
fn test(sh: &Shell) -> Result<()> {
    Ok(cmd!(sh, "cargo test --workspace --no-fail-fast").run()?)
}

/// Runs the tests of the core that are too slow without optimization. They take minutes; the
/// profile keeps the checks of a debug build.
pub(crate) fn exhaustive(sh: &Shell) -> Result<()> {
    let test = cmd!(sh, "cargo test --profile checked --package ws-proto --features deflate");
    Ok(test.args(["--test", "it", "--", "--ignored", "--nocapture"]).run()?)
}

/// Checks what `deny.toml` requires: licences, sources and unwanted crates always; known
/// vulnerabilities if the list of them can be fetched.
fn deny(sh: &Shell) -> Result<()> {
    tools::install(sh, "cargo-deny", "^0.20")?;
    cmd!(sh, "cargo deny check --hide-inclusion-graph licenses bans sources").run()?;
    if cmd!(sh, "timeout 60 cargo deny fetch db").run().is_err() {
        note("known vulnerabilities were not checked: the list could not be fetched");
        return Ok(());
    }
    Ok(cmd!(sh, "cargo deny check --disable-fetch advisories").run()?)
}

/// Runs the tests of the core and of the loop where `usize` has 32 bits, with programs that run on any x86-64 machine.
fn bits32(sh: &Shell) -> Result<()> {
    const TARGET: &str = "i686-unknown-linux-gnu";

    if !rust_target::can_be_had(sh, TARGET) {
        bail!(Skipped(format!("nothing was tested: no {TARGET} available")));
    }
    if !links(sh, &workspace::scratch("bits32")?)? {
        packages::install(sh, "a linker for 32 bits", "gcc-multilib")?;
    }
    let packages = ["--package=ws-proto", "--package=ws-futures"];
    Ok(cmd!(sh, "cargo test {packages...} --all-features --target {TARGET}").run()?)
}

fn links(sh: &Shell, folder: &Path) -> Result<bool> {
    packages::c_compiler(sh)?;
    let [source, program] = ["main.c", "main"].map(|name| folder.join(name));
    sh.write_file(&source, "int main(void) { return 0; }\n")?;
    Ok(cmd!(sh, "cc -m32 {source} -o {program}").quiet().ignore_stderr().run().is_ok())
}

fn reach(sh: &Shell) -> Result<()> {
    scenarios::proxies(sh)?;
    scenarios::tls(sh)
}

/// The packages that are workspaces of their own.
fn seeds(sh: &Shell) -> Result<()> {
    packages::c_compiler(sh)?;
    fuzz::crate_cargo(sh, &["clippy", "--all-targets", "--", "-D", "warnings"])?;
    fuzz::crate_cargo(sh, &["test"])?;
    Ok(cmd!(sh, "cargo clippy --manifest-path {COMPARE} -- -D warnings").run()?)
}
