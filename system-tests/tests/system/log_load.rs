//! The cost of the log for clients: `cargo xtask log-load`.

use std::env;
use std::fs;
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;

use crate::http;
use crate::process::{Process, free_address, pass};
use crate::server::program;

/// The size of the log that the load writes, in bytes.
const BYTES: u64 = 2_000_000_000;

/// The load of all clients, in messages a second: far less than the server can echo, so that latency is not that
/// of a queue.
const RATE: u64 = 20_000;

/// The size of a message, in bytes; the log contains all of it.
const SIZE: u64 = 200;

/// The size of its line in the log, in bytes: the time, the level and the client precede the message.
const LINE: u64 = SIZE + 70;

/// The limit of the ratio of the clients' p99 with the log to that without.
const MAX_RATIO: f64 = 1.5;

#[test]
fn a_debug_log_of_gigabytes_does_not_delay_clients() {
    let bytes = env::var("LOG_BYTES").map(|bytes| bytes.parse().expect("a number"));
    let seconds = (bytes.unwrap_or(BYTES) / (RATE * LINE)).max(1);
    let without = Run::new("off", seconds);
    let with = Run::new("debug", seconds);
    let ratio = with.p99 / without.p99;
    println!(
        "summary: p99 {:.2} ms without a log, {:.2} ms ({ratio:.2} of that) with {} bytes of it, {} lines dropped",
        without.p99, with.p99, with.written, with.dropped
    );
    assert_eq!(without.written, 0);
    assert!(with.written > 0);
    assert!(ratio <= MAX_RATIO, "{ratio}");
}

struct Run {
    /// In milliseconds.
    p99: f64,
    /// The size of the log, in bytes.
    written: u64,
    dropped: u64,
}

impl Run {
    /// Puts load on a server whose log has this filter.
    fn new(filter: &str, seconds: u64) -> Self {
        let folder = TempDir::new().expect("a folder");
        let (log, report) = (folder.path().join("log"), folder.path().join("report"));
        let (address, demo) = (free_address(), program("ws-demo"));
        let mut server = Command::new("sh");
        server.args(["-c", r#"log=$1; shift; exec "$0" "$@" 2>"$log""#]);
        server.arg(demo.get_program()).arg(&log).args(["serve", "--msg-rate", "0"]);
        server.args(["--listen", &address.to_string(), "--log", filter]);
        let server = Process::listening(&mut server, address);

        let mut bench = program("ws-demo");
        bench.args(["bench", &format!("ws://{address}/ws"), "--json"]).arg(&report);
        bench.args(["--rate", &RATE.to_string(), "--size", &SIZE.to_string()]);
        pass(bench.args(["--duration", &format!("{seconds}s")]));
        let report: Value =
            serde_json::from_slice(&fs::read(&report).expect("a report")).expect("JSON");
        let p99 = report["latency"]["p99"].as_f64().expect("a latency");

        let (_, metrics) = http::get(address, "/metrics");
        let mut lines = metrics.lines();
        let dropped = lines.find_map(|line| line.strip_prefix("ws_log_dropped_total "));
        let dropped = dropped.and_then(|count| count.parse().ok()).expect("a metric");
        server.terminate();
        server.stopped();
        Self { p99, written: fs::metadata(&log).expect("a log").len(), dropped }
    }
}
