//! Runs of the program, and their reports.

use std::process::{Command, Output};

use serde_json::Value;

/// The result of a run.
pub(crate) struct Run {
    pub(crate) status: Option<i32>,
    pub(crate) report: Value,
    stderr: String,
}

/// The program, without the variables of the environment that configure it.
pub(crate) fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ws-bench"));
    for (name, _) in std::env::vars_os() {
        let upper = name.to_string_lossy().to_uppercase();
        if upper.starts_with("WS_DEMO_") || upper.ends_with("_PROXY") {
            command.env_remove(name);
        }
    }
    command
}

/// A run of half a second, unless the arguments set another time.
pub(crate) fn bench(url: &str, arguments: &[&str]) -> Run {
    let mut command = program();
    command.args([url, "--json", "-"]);
    for (name, value) in [("--duration", "500ms"), ("--warmup", "100ms")] {
        if !arguments.contains(&name) {
            command.args([name, value]);
        }
    }
    let Output { status, stdout, stderr } =
        command.args(arguments).output().expect("the program runs");
    let stderr = String::from_utf8(stderr).expect("text");
    let report = serde_json::from_slice(&stdout)
        .unwrap_or_else(|error| panic!("{error}: {stderr}\n{}", String::from_utf8_lossy(&stdout)));
    Run { status: status.code(), report, stderr }
}

impl Run {
    pub(crate) fn number(&self, pointer: &str) -> u64 {
        let value = self.report.pointer(pointer).and_then(Value::as_u64);
        value.unwrap_or_else(|| panic!("no number {pointer} in {:#}", self.report))
    }

    pub(crate) fn time(&self, pointer: &str) -> f64 {
        let value = self.report.pointer(pointer).and_then(Value::as_f64);
        value.unwrap_or_else(|| panic!("no time {pointer} in {:#}", self.report))
    }

    pub(crate) fn faults(&self) -> [u64; 5] {
        ["lost", "duplicate", "misordered", "misdirected", "damaged"]
            .map(|fault| self.number(&format!("/messages/{fault}")))
    }

    /// The run found no problem, and the figures are consistent.
    pub(crate) fn is_well(&self, clients: u64) {
        assert_eq!(self.status, Some(0), "{:#}\n{}", self.report, self.stderr);
        assert_eq!(self.report["problems"], serde_json::json!([]));
        assert_eq!(self.faults(), [0; 5]);
        assert_eq!(self.number("/connections/opened"), clients);
        assert_eq!(self.number("/messages/arrived"), self.number("/messages/expected"));
        for name in ["latency", "connections/latency"] {
            let figures = ["min", "p50", "p90", "p99", "p999", "p9999", "max"]
                .map(|figure| self.time(&format!("/{name}/{figure}")));
            assert!(figures[0] > 0.0, "{figures:?}");
            assert!(figures.is_sorted(), "{figures:?}");
        }
    }
}
