//! The machine and the tools of a run.

use std::fs;
use std::process::Command;

use crate::process::cores;

pub(super) fn describe() -> String {
    let cpus = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpus.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let model = model.map_or("unknown CPU", |(_, model)| model);
    format!("{model}, {} cores, Linux {}", cores(), kernel.trim())
}

pub(super) fn compiler() -> String {
    output("rustc", &["--version"]).unwrap_or_else(|| "unknown".into())
}

pub(super) fn commit() -> Option<String> {
    output("git", &["describe", "--always", "--dirty"])
}

fn output(program: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program).args(arguments).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| text.trim().to_owned())
}
