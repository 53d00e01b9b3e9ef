use std::fs::{self, File};
use std::path::PathBuf;
use std::process::Command;
use std::thread;

use anyhow::{Result, bail, ensure};
use xshell::{Shell, cmd};

use crate::outcome::{Skipped, note};
use crate::{packages, tools, workspace};

const SECONDS_PER_TARGET: u32 = 12;

/// The sanitizer keeps freed memory for a while, several hundred MiB; what exceeds this limit is an
/// allocation that an input can cause.
const MEMORY_LIMIT_MB: u32 = 2048;

/// An input of a few KiB that takes this long is a finding.
const SECONDS_PER_INPUT: u32 = 10;

/// The lines of a failed target that are printed.
const LINES: usize = 20;

pub(crate) fn run(sh: &Shell) -> Result<()> {
    let nightly = cmd!(sh, "cargo +nightly --version").env("RUSTUP_AUTO_INSTALL", "0");
    if nightly.quiet().ignore_stdout().ignore_stderr().run().is_err() {
        let reason = "there is no nightly toolchain (`seeds` runs the known inputs)";
        bail!(Skipped(format!("nothing was fuzzed: {reason}")));
    }
    packages::c_compiler(sh)?;
    tools::install(sh, "cargo-fuzz", "^0.13")?;
    let list = cmd!(sh, "cargo +nightly fuzz list --fuzz-dir fuzz").read()?;
    let targets: Vec<_> = list.lines().collect();
    ensure!(!targets.is_empty(), "fuzz/ has no targets");
    let build = workspace::scratch("fuzz/build")?;
    cmd!(sh, "cargo +nightly fuzz build --fuzz-dir fuzz --target-dir {build}").run()?;
    // A target uses one core, and there are two even on a small machine.
    let mut failed = Vec::new();
    for pair in targets.chunks(2) {
        println!("{}", pair.join(" "));
        let runs: Vec<_> =
            pair.iter().map(|target| run_target(sh, target)).collect::<Result<_>>()?;
        let threads: Vec<_> =
            runs.into_iter().map(|mut run| thread::spawn(move || run.status())).collect();
        for (target, thread) in pair.iter().zip(threads) {
            if !thread.join().expect("no panic")?.success() {
                failed.push(*target);
            }
        }
    }
    for target in &failed {
        println!("---- {target}\n{}", finding(&fs::read_to_string(log(target)?)?));
    }
    ensure!(failed.is_empty(), "targets that failed: {}", failed.join(", "));
    note(&format!("{} targets, {SECONDS_PER_TARGET} s each", targets.len()));
    Ok(())
}

fn log(target: &str) -> Result<PathBuf> {
    Ok(workspace::scratch("logs/fuzz")?.join(format!("{target}.log")))
}

/// The run of a target that starts from the seeds and writes new inputs into a corpus that is not kept.
fn run_target(sh: &Shell, target: &str) -> Result<Command> {
    let corpus = workspace::scratch("fuzz/corpus")?.join(target);
    sh.remove_path(&corpus)?;
    sh.create_dir(&corpus)?;
    let build = workspace::scratch("fuzz/build")?;
    let seeds = workspace::root().join("fuzz/seeds").join(target);
    let seeds = seeds.is_dir().then_some(seeds);
    let limits = [
        format!("-max_total_time={SECONDS_PER_TARGET}"),
        format!("-rss_limit_mb={MEMORY_LIMIT_MB}"),
        format!("-timeout={SECONDS_PER_INPUT}"),
        "-print_final_stats=1".to_owned(),
    ];
    let fuzz = cmd!(sh, "cargo +nightly fuzz run --fuzz-dir fuzz --target-dir {build} {target}");
    let mut run = Command::from(fuzz.arg(corpus).args(seeds).arg("--").args(limits));
    // Its own backtrace does not concern the target that failed.
    run.env("RUST_LIB_BACKTRACE", "0");
    let log = File::create(log(target)?)?;
    run.stdout(log.try_clone()?).stderr(log);
    Ok(run)
}

/// The cause and the input at the end of a fuzzer's output, without statistics and stack traces.
fn finding(log: &str) -> String {
    let kept = |line: &&str| !line.starts_with(|c: char| c == '#' || c.is_whitespace());
    let lines: Vec<_> = log.lines().filter(kept).collect();
    lines[lines.len().saturating_sub(LINES)..].join("\n")
}

/// A command of cargo in the crate of the fuzz targets, which is a workspace of its own.
pub(crate) fn crate_cargo(sh: &Shell, arguments: &[&str]) -> Result<()> {
    let build = workspace::scratch("fuzz/build")?;
    let _folder = sh.push_dir("fuzz");
    Ok(cmd!(sh, "cargo {arguments...}").env("CARGO_TARGET_DIR", build).run()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cause_and_the_input_are_kept() {
        let log = "\
#2\tINITED cov: 18 ft: 18 corp: 1/6b exec/s: 0 rss: 33Mb
thread '<unnamed>' (14462) panicked at src/compare.rs:29:9:
other messages
stack backtrace:
   0: __rustc::rust_begin_unwind
==14462== ERROR: libFuzzer: deadly signal
    #0 0x5584 in __sanitizer_print_stack_trace
artifact_prefix='./'; Test unit written to ./crash-1
Base64: AAE=
";
        let expected = "\
thread '<unnamed>' (14462) panicked at src/compare.rs:29:9:
other messages
stack backtrace:
==14462== ERROR: libFuzzer: deadly signal
artifact_prefix='./'; Test unit written to ./crash-1
Base64: AAE=";
        assert_eq!(finding(log), expected);
    }
}
