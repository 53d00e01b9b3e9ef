use core::time::Duration;
use std::path::PathBuf;

use crate::ci::{bits32, deny, features, fuzz, msrv, no_std, package};
use crate::command::{cargo, execute};
use crate::failure::{Context as _, Result};
use crate::outcome::Outcome;
use crate::{
    browser, clients, cluster, conformance, exhaustive, idle, packages, probes, reach, workspace,
};

/// A part of CI that can be run by itself.
pub(crate) struct Stage {
    pub(crate) name: &'static str,
    pub(crate) about: &'static str,
    pub(crate) when: When,
    /// Bounds a stage that hangs; it is far above what a slow machine needs.
    pub(crate) limit: Duration,
    pub(crate) output: Output,
    run: fn() -> Result<Outcome>,
}

/// When a stage runs that is not named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum When {
    /// With `cargo xtask ci`: all of these take at most 25 minutes on two cores, from a clean clone.
    Change,
    /// With `cargo xtask nightly`.
    Night,
}

/// Where the output of a stage that passes is seen; a failing one always shows its end.
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

pub(crate) const STAGES: &[Stage] = &[
    Stage {
        name: "fmt",
        about: "the code is formatted",
        when: When::Change,
        limit: minutes(2),
        output: Output::Logged,
        run: fmt,
    },
    Stage {
        name: "clippy",
        about: "no warnings in any target with all features",
        when: When::Change,
        limit: minutes(15),
        output: Output::Logged,
        run: clippy,
    },
    Stage {
        name: "docs",
        about: "the documentation builds without warnings",
        when: When::Change,
        limit: minutes(10),
        output: Output::Logged,
        run: docs,
    },
    Stage {
        name: "package",
        about: "the libraries can be packaged, with README, licences, and a reason for each dependency",
        when: When::Change,
        limit: minutes(5),
        output: Output::Logged,
        run: package::run,
    },
    Stage {
        name: "test",
        about: "all tests, as the README runs them",
        when: When::Change,
        limit: minutes(20),
        output: Output::Shown,
        run: test,
    },
    Stage {
        name: "features",
        about: "no warnings with fewer features",
        when: When::Change,
        limit: minutes(15),
        output: Output::Logged,
        run: features::subsets,
    },
    Stage {
        name: "no-std",
        about: "the core builds without an operating system",
        when: When::Change,
        limit: minutes(8),
        output: Output::Shown,
        run: no_std::run,
    },
    Stage {
        name: "fuzz",
        about: "a short run of each fuzz target",
        when: When::Change,
        limit: minutes(25),
        output: Output::Logged,
        run: fuzz::run,
    },
    Stage {
        name: "conformance",
        about: "the Autobahn Testsuite on each adapter, as server or as client",
        when: When::Change,
        limit: minutes(30),
        output: Output::Shown,
        run: || conformance::run(&conformance::Options::adapters()),
    },
    Stage {
        name: "clients",
        about: "Node, Python and Chromium against the demo server",
        when: When::Change,
        limit: minutes(15),
        output: Output::Shown,
        run: || clients::run(&clients::Options::default()),
    },
    Stage {
        name: "browser",
        about: "the demo server's page in Chromium",
        when: When::Change,
        limit: minutes(15),
        output: Output::Shown,
        run: || browser::run(&browser::Options::default()),
    },
    Stage {
        name: "cluster",
        about: "three nodes of the demo server over NATS",
        when: When::Change,
        limit: minutes(15),
        output: Output::Shown,
        run: cluster::run,
    },
    Stage {
        name: "exhaustive",
        about: "all small inputs of the core, and every order of closing",
        when: When::Night,
        limit: minutes(40),
        output: Output::Shown,
        run: exhaustive::run,
    },
    Stage {
        name: "all-features",
        about: "the tests of the libraries with all features",
        when: When::Night,
        limit: minutes(30),
        output: Output::Shown,
        run: features::tests,
    },
    Stage {
        name: "feature-pairs",
        about: "no warnings with any feature or pair of features",
        when: When::Night,
        limit: minutes(30),
        output: Output::Logged,
        run: features::pairs,
    },
    Stage {
        name: "msrv",
        about: "the libraries build with the oldest compiler that they promise",
        when: When::Night,
        limit: minutes(15),
        output: Output::Shown,
        run: msrv::run,
    },
    Stage {
        name: "deny",
        about: "licences, sources and known vulnerabilities of what is used",
        when: When::Night,
        limit: minutes(20),
        output: Output::Logged,
        run: deny::run,
    },
    Stage {
        name: "bits32",
        about: "the core and the loop where a pointer has 32 bits",
        when: When::Night,
        limit: minutes(20),
        output: Output::Shown,
        run: bits32::run,
    },
    Stage {
        name: "seeds",
        about: "the fuzz crate and the comparison with other libraries: no warnings, and all seeds",
        when: When::Night,
        limit: minutes(25),
        output: Output::Logged,
        run: seeds,
    },
    Stage {
        name: "peers",
        about: "the Autobahn Testsuite with every peer",
        when: When::Night,
        limit: minutes(60),
        output: Output::Shown,
        run: || conformance::run(&conformance::Options::peers()),
    },
    Stage {
        name: "cases",
        about: "all cases of the Autobahn Testsuite, as server and as client",
        when: When::Night,
        limit: minutes(90),
        output: Output::Shown,
        run: || conformance::run(&conformance::Options::cases()),
    },
    Stage {
        name: "compression",
        about: "Node, Python, Chromium and zlib over compressed connections",
        when: When::Night,
        limit: minutes(15),
        output: Output::Shown,
        run: clients::deflate::run,
    },
    Stage {
        name: "http2",
        about: "Node and Chromium against axum servers over HTTP/2",
        when: When::Night,
        limit: minutes(15),
        output: Output::Shown,
        run: clients::http2::run,
    },
    Stage {
        name: "reach",
        about: "our client through real proxies, and TLS both ways with Python",
        when: When::Night,
        limit: minutes(15),
        output: Output::Shown,
        run: reach::run,
    },
    Stage {
        name: "probes",
        about: "wrong, slow and hostile peers over raw TCP",
        when: When::Night,
        limit: minutes(15),
        output: Output::Shown,
        run: probes::run,
    },
    Stage {
        name: "idle",
        about: "the memory of an idle connection, and what stays of those that ended",
        when: When::Night,
        limit: minutes(20),
        output: Output::Shown,
        run: || idle::run(&idle::Options::default()),
    },
];

/// A package outside the workspace.
const COMPARE: &str = "compare/Cargo.toml";

/// Runs one stage in this process.
pub(crate) fn run(name: &str) -> Result<Outcome> {
    let stage = STAGES.iter().find(|stage| stage.name == name);
    (stage.context(format_args!("there is no stage `{name}`"))?.run)()
}

const fn minutes(minutes: u64) -> Duration {
    Duration::from_secs(60 * minutes)
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
