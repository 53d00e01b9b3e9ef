//! Clients of other projects against the demo server.

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};

use crate::{scripts, server};

/// The line by which a client reports that it only waits for the server's end.
const READY: &str = "ready";

/// The Close frame that each client sends, in the server's log.
const CLOSE: &str = r#"code=1000 reason="Done""#;

#[test]
fn node() {
    stop_during(scripts::node("node.mjs"));
}

#[test]
fn python() {
    stop_during(scripts::python("python.py"));
}

#[test]
fn chromium() {
    stop_during(scripts::node("chromium.mjs"));
}

/// Runs a client against a server, which is stopped while the client is connected.
fn stop_during(mut client: Command) {
    let server = server::demo(&[]);
    client.arg(server.address.to_string()).stdin(Stdio::null()).stdout(Stdio::piped());
    let mut client = client.spawn().expect("the program runs");
    let output = BufReader::new(client.stdout.take().expect("a pipe"));
    let mut ready = false;
    for line in output.lines().map(|line| line.expect("text")) {
        if line == READY {
            ready = true;
            server.process.terminate();
        }
        println!("{line}");
    }
    let status = client.wait().expect("a child");
    assert!(status.success() && ready, "{status}, waiting for the server's end: {ready}");
    let log = server.process.stopped();
    let logged = log.lines().any(|line| line.contains("Close from ") && line.contains(CLOSE));
    assert!(logged, "no `Close from …: {CLOSE}` in the log:\n{log}");
}
