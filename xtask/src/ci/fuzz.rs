use std::process::Command;
use std::thread;

use crate::ci::fuzz_finding::FuzzFinding;
use crate::command::{cargo, execute, execute_reading, output, succeeds};
use crate::failure::{Result, bail};
use crate::outcome::Outcome;
use crate::tools::{self, Tool};
use crate::{note, packages, stamp, workspace};

const SECONDS_PER_TARGET: u32 = 12;

/// The sanitizer keeps freed memory for a while, several hundred MiB; what exceeds this limit is an
/// allocation that an input can cause.
const MEMORY_LIMIT_MB: u32 = 2048;

/// An input of a few KiB that takes this long is a finding.
const SECONDS_PER_INPUT: u32 = 10;

const CARGO_FUZZ: Tool = Tool { name: "cargo-fuzz", version: "^0.13" };

pub(crate) fn run() -> Result<Outcome> {
    if !succeeds(cargo(&["+nightly", "--version"]).env("RUSTUP_AUTO_INSTALL", "0")) {
        note::print(
            "nothing was fuzzed: there is no nightly toolchain (`seeds` runs the known inputs)",
        );
        return Ok(Outcome::Skipped);
    }
    packages::program("c++", "build-essential")?;
    CARGO_FUZZ.install()?;
    let list = output(&mut fuzz("list")?)?;
    let targets: Vec<_> = list.lines().filter(|line| !line.is_empty()).collect();
    if targets.is_empty() {
        bail!("fuzz/ has no targets");
    }
    execute(&mut fuzz("build")?)?;
    // A target uses one core, and there are two even on a small machine.
    let mut failed = Vec::new();
    for pair in targets.chunks(2) {
        let findings = thread::scope(|scope| {
            let runs: Vec<_> =
                pair.iter().map(|target| scope.spawn(|| run_target(target))).collect();
            runs.into_iter()
                .map(|run| run.join().expect("a run does not panic"))
                .collect::<Vec<_>>()
        });
        for (target, finding) in pair.iter().zip(findings) {
            failed.extend(finding?.map(|finding| (*target, finding)));
        }
    }
    for (target, finding) in &failed {
        println!("---- {target}");
        finding.lines().iter().for_each(|line| println!("{line}"));
    }
    if !failed.is_empty() {
        let names: Vec<_> = failed.iter().map(|(target, _)| *target).collect();
        bail!("targets that failed: {}", names.join(", "));
    }
    note::print(&format!("{} targets, {SECONDS_PER_TARGET} s each", targets.len()));
    Ok(Outcome::Passed)
}

/// The failure, if there is one.
fn run_target(target: &str) -> Result<Option<FuzzFinding>> {
    let mut finding = FuzzFinding::default();
    let run = execute_reading(fuzz_run(target)?, |line| finding.push(line));
    Ok(run.is_err().then_some(finding))
}

/// Starts from the seeds and writes new inputs into a corpus that is not kept.
fn fuzz_run(target: &str) -> Result<Command> {
    let corpus = workspace::scratch("fuzz/corpus")?.join(target);
    stamp::clear(&corpus)?;
    let mut command = fuzz("run")?;
    command.arg(target).arg(corpus);
    let seeds = workspace::root().join("fuzz/seeds").join(target);
    if seeds.is_dir() {
        command.arg(seeds);
    } else {
        println!("{target} has no seeds");
    }
    command.args([
        "--".to_owned(),
        format!("-max_total_time={SECONDS_PER_TARGET}"),
        format!("-rss_limit_mb={MEMORY_LIMIT_MB}"),
        format!("-timeout={SECONDS_PER_INPUT}"),
        "-print_final_stats=1".to_owned(),
    ]);
    Ok(command)
}

/// Cargo in the crate of the fuzz targets, which is a workspace of its own.
pub(crate) fn crate_cargo(arguments: &[&str]) -> Result<Command> {
    let mut command = cargo(arguments);
    command.current_dir(workspace::root().join("fuzz"));
    command.env("CARGO_TARGET_DIR", workspace::scratch("fuzz/build")?);
    Ok(command)
}

fn fuzz(verb: &str) -> Result<Command> {
    let mut command = cargo(&["+nightly", "fuzz", verb, "--fuzz-dir", "fuzz"]);
    if verb != "list" {
        command.arg("--target-dir").arg(workspace::scratch("fuzz/build")?);
    }
    tools::on_path(&mut command)?;
    // Its own backtrace does not concern the target that failed.
    command.env("RUST_LIB_BACKTRACE", "0");
    Ok(command)
}
