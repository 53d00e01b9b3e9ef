//! `bench`: short runs against the real server. Servers with faults are in the tests of `ws-bench`.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::process::{Command, Output, Stdio};

use serde_json::Value;

use crate::process::{Server, program};

struct Run {
    status: Option<i32>,
    report: Value,
    stderr: String,
}

/// A run of half a second, unless the arguments set another time.
fn bench(url: &str, arguments: &[&str]) -> Run {
    let mut command = program();
    command.args(["bench", url, "--json", "-"]);
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
    fn number(&self, pointer: &str) -> u64 {
        let value = self.report.pointer(pointer).and_then(Value::as_u64);
        value.unwrap_or_else(|| panic!("no number {pointer} in {:#}", self.report))
    }

    fn time(&self, pointer: &str) -> f64 {
        let value = self.report.pointer(pointer).and_then(Value::as_f64);
        value.unwrap_or_else(|| panic!("no time {pointer} in {:#}", self.report))
    }

    fn faults(&self) -> [u64; 5] {
        ["lost", "duplicate", "misordered", "misdirected", "damaged"]
            .map(|fault| self.number(&format!("/messages/{fault}")))
    }

    /// The run found no problem, and the figures are consistent.
    fn is_well(&self, clients: u64) {
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

#[test]
fn echo_as_fast_as_replies_come() {
    let server = Server::start(&["--msg-rate", "0"]);
    let run = bench(&server.uri(), &["--clients", "10", "--depth", "4", "--threads", "2"]);
    run.is_well(10);
    assert!(run.number("/messages/sent") > 40);
    assert!(run.number("/latency/count") <= run.number("/messages/arrived"));
    assert!(run.time("/messages/per_second") > 0.0);
    assert!(!run.report["timeline"].as_array().expect("steps").is_empty());
    server.wait_for("disconnected (0 total)");
}

#[test]
fn echo_at_a_rate_sends_exactly_so_many() {
    let server = Server::start(&[]);
    for kind in [&[][..], &["--binary"], &["--deflate"]] {
        let arguments = [&["--clients", "7", "--rate", "500", "--size", "1000"], kind].concat();
        let run = bench(&server.uri(), &arguments);
        run.is_well(7);
        assert_eq!(run.number("/messages/sent"), 300);
        assert_eq!(run.number("/latency/count"), 250);
        assert_eq!(run.number("/send_lag/count"), 250);
    }
}

#[test]
fn broadcast_accounts_for_every_delivery() {
    let server = Server::start(&[]);
    let run = bench(
        &server.uri(),
        &["--mode", "broadcast", "--clients", "21", "--senders", "3", "--rate", "100"],
    );
    run.is_well(21);
    assert_eq!(run.number("/messages/sent"), 60);
    assert_eq!(run.number("/messages/arrived"), 60 * 20);
    assert_eq!(run.number("/latency/count"), 50 * 20);
    assert_eq!(run.number("/last_recipient/count"), 50);
    assert!(run.time("/last_recipient/p50") >= run.time("/latency/p50"));
}

#[test]
fn rooms_are_told_apart() {
    let server = Server::start(&[]);
    let run = bench(
        &server.uri(),
        &["--mode", "rooms", "--clients", "11", "--rooms", "3", "--senders", "2", "--rate", "100"],
    );
    run.is_well(11);
    assert_eq!(run.number("/messages/sent"), 60);
    // Rooms of 4, 4 and 3: each message has 3, 3 or 2 receivers.
    assert_eq!(run.number("/messages/arrived"), 20 * (3 + 3 + 2));
}

#[test]
fn idle_clients_stay() {
    let server = Server::start(&["--ping-interval", "100ms"]);
    let run = bench(&server.uri(), &["--mode", "idle", "--clients", "50"]);
    assert_eq!((run.status, run.faults()), (Some(0), [0; 5]), "{:#}", run.report);
    assert_eq!(run.number("/connections/opened"), 50);
    assert_eq!(run.number("/latency/count"), 50);
}

#[test]
fn churn_connects_again_and_again() {
    let server = Server::start(&[]);
    let run = bench(&server.uri(), &["--mode", "churn", "--clients", "4", "--rate", "100"]);
    assert_eq!(run.status, Some(0), "{:#}", run.report);
    assert_eq!(run.number("/connections/opened"), 60);
    assert_eq!(run.number("/latency/count"), 50);
    server.wait_for("disconnected (0 total)");
}

#[test]
fn a_token_opens_the_door() {
    let file = std::env::temp_dir().join(format!("ws-demo-bench-token-{}", std::process::id()));
    fs::write(&file, "secret\n").expect("a file");
    let server = Server::start(&["--auth-token-file", file.to_str().expect("text")]);
    fs::remove_file(&file).expect("the file");
    for mode in ["echo", "rooms"] {
        let arguments = ["--mode", mode, "--clients", "20", "--rate", "100", "--token", "secret"];
        bench(&server.uri(), &arguments).is_well(20);
    }
    let run = bench(&server.uri(), &["--clients", "2", "--token", "wrong"]);
    assert_eq!(run.status, Some(1));
    let failed = run.report["connections"]["failed"].as_object().expect("reasons");
    assert_eq!(failed.values().filter_map(Value::as_u64).sum::<u64>(), 2, "{failed:?}");
}

#[test]
fn reports_are_written_where_they_are_wanted() {
    let server = Server::start(&["--msg-rate", "0"]);
    let name = format!("ws-demo-bench-{}", std::process::id());
    let json = std::env::temp_dir().join(format!("{name}.json"));
    let svg = std::env::temp_dir().join(format!("{name}.svg"));
    let mut command = program();
    command.args(["bench", &server.uri(), "--clients", "5", "--duration", "400ms"]);
    command.arg("--json").arg(&json).arg("--svg").arg(&svg);
    let output = command.output().expect("the program runs");
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let table = String::from_utf8(output.stdout).expect("text");
    for part in ["echo, 5 clients", "5 of 5 opened", " 0 lost, 0 duplicate", "p99.9", "processors"]
    {
        assert!(table.contains(part), "{table}");
    }
    let report: Value = serde_json::from_slice(&fs::read(&json).expect("a file")).expect("JSON");
    assert_eq!(report["mode"], "echo");
    let picture = fs::read_to_string(&svg).expect("a file");
    assert!(picture.starts_with("<svg ") && picture.ends_with("</svg>\n"), "{picture}");
    assert!(picture.contains("prefers-color-scheme: dark"));
    assert!(picture.contains(r#"role="img""#), "{picture}");
    // One line each for percentiles and throughput, two for latency over time.
    assert_eq!(picture.matches("<polyline ").count(), 4);
    assert!(!picture.contains("NaN") && !picture.contains("inf"), "{picture}");
    for file in [json, svg] {
        fs::remove_file(file).expect("the file");
    }
}

#[test]
fn too_slow_is_a_failure_of_its_own() {
    let server = Server::start(&["--msg-rate", "0"]);
    let run = bench(&server.uri(), &["--clients", "2", "--fail-p99", "1ns"]);
    assert_eq!((run.status, run.faults()), (Some(3), [0; 5]));
    let run = bench(&server.uri(), &["--clients", "2", "--fail-p99", "1h"]);
    assert_eq!(run.status, Some(0));
}

#[test]
fn errors_that_the_server_tells_are_told() {
    let server = Server::start(&["--msg-rate", "10"]);
    let run = bench(&server.uri(), &["--clients", "1", "--rate", "500", "--drain", "100ms"]);
    assert_eq!(run.status, Some(1));
    let errors = run.number("/messages/errors/rate_limited");
    assert_eq!(errors, run.number("/messages/lost"), "{:#}", run.report);
}

#[cfg(unix)]
#[test]
fn a_limit_of_this_machines_is_named() {
    let server = Server::start(&[]);
    let output = Command::new("sh")
        .args(["-c", r#"ulimit -n 100 && exec "$0" bench "$1" --clients 200"#])
        .args([env!("CARGO_BIN_EXE_ws-demo"), &server.uri()])
        .output()
        .expect("a shell");
    assert_eq!(output.status.code(), Some(1));
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(stderr.contains("200 clients need 264 file descriptors"), "{stderr}");
    assert!(stderr.contains("--clients 36"), "{stderr}");
}

#[cfg(unix)]
#[test]
fn an_interrupted_run_is_reported() {
    let server = Server::start(&["--msg-rate", "0"]);
    let mut command = program();
    command.args(["bench", &server.uri(), "--clients", "3", "--duration", "1h", "--warmup", "0s"]);
    command.args(["--json", "-"]).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("the program runs");
    let stderr = BufReader::new(child.stderr.take().expect("a pipe"));
    let line = stderr.lines().next().expect("progress").expect("text");
    assert!(line.starts_with("measuring: "), "{line}");
    let kill = [r#"kill -s INT "$0""#, &child.id().to_string()].map(str::to_owned);
    let killed = Command::new("sh").arg("-c").args(kill).status().expect("a shell");
    assert!(killed.success());
    let output = child.wait_with_output().expect("an end");
    let report: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(output.status.code(), Some(0), "{report:#}");
    assert!(report["warnings"].to_string().contains("interrupted"), "{report:#}");
    assert!(report["latency"]["count"].as_u64() > Some(0), "{report:#}");
}
