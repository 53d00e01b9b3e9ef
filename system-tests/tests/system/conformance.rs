//! The Autobahn Testsuite against echo servers and echo clients.
//!
//! `CASES` has the patterns of the cases to run, with commas between them, otherwise those of [`QUICK`]. A pattern is
//! a case, or its beginning up to a dot; `*` stands for any part between two dots.

mod report;
mod suite;

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::json;

use crate::conformance::suite::Suite;
use crate::process::{Process, free_address};
use crate::raw;
use crate::server::{Server, listen, program};

/// All cases, but of those for compression only a small, a large and a fragmented size of each
/// kind.
const QUICK: &str = "1,2,3,4,5,6,7,9,10,12.*.2,12.*.7,12.*.12,13.*.2,13.*.7,13.*.12";

const ALL: &str = "*";

/// The cases of the protocol without compression and without large messages.
const PROTOCOL: &str = "1,2,3,4,5,6,7";

/// The limit that messages of 16 MiB in frames as large (9.1.6, 9.2.6) pass with a margin.
const MAX_MESSAGE: [&str; 2] = ["--max-message", "33554432"];

/// The time limit of one peer: several times what all cases need.
const LIMIT: Duration = Duration::from_secs(3600);

/// How long the suite may take to write its report.
const REPORT: Duration = Duration::from_secs(300);

#[test]
fn tokio_echo() {
    test_server("tokio_echo", ALL, echo_server("tokio"));
}

#[test]
fn tokio_echo_chunked() {
    let server = listen("echo_server", &[&with_deflate("tokio"), &["--chunked"][..]].concat());
    test_server("tokio_echo_chunked", "1,2,3,4,5,6,7,12,13", server);
}

#[test]
fn tokio_echo_client() {
    test_client("tokio_echo_client", "tokio");
}

#[test]
fn axum_echo() {
    test_server("axum_echo", ALL, echo_server("axum"));
}

#[test]
fn axum_echo_http2() {
    let axum = echo_server("axum");
    let bridge = listen("http2_bridge", &[&axum.address.to_string()]);
    test_server("axum_echo_http2", ALL, bridge);
}

#[test]
fn async_std_echo() {
    test_server("async_std_echo", ALL, echo_server("async-std"));
}

#[test]
fn async_std_echo_client() {
    test_client("async_std_echo_client", "async-std");
}

#[test]
fn smol_echo() {
    test_server("smol_echo", ALL, echo_server("smol"));
}

#[test]
fn smol_echo_client() {
    test_client("smol_echo_client", "smol");
}

#[test]
fn blocking_echo() {
    test_server("blocking_echo", PROTOCOL, listen("blocking_echo", &MAX_MESSAGE));
}

#[test]
fn mio_echo() {
    test_server("mio_echo", PROTOCOL, listen("mio_echo", &MAX_MESSAGE));
}

#[test]
fn uring_echo() {
    test_server("uring_echo", PROTOCOL, listen("uring_echo", &MAX_MESSAGE));
}

fn echo_server(runtime: &'static str) -> Server {
    listen("echo_server", &with_deflate(runtime))
}

fn with_deflate(runtime: &'static str) -> [&'static str; 5] {
    let [option, size] = MAX_MESSAGE;
    ["--runtime", runtime, option, size, "--deflate"]
}

/// Has the suite, as a client, test a server with those of the selected cases that apply to it.
fn test_server(name: &str, cases: &str, mut server: Server) {
    let (suite, folder) = (Suite::installed(), folder(name));
    let cases = suite.cases(cases);
    if cases.is_empty() {
        return;
    }
    let url = format!("ws://{}", server.address);
    let spec = json!({ "servers": [{ "agent": name, "url": url }], "cases": cases });
    let mut wstest = Process::start(&mut suite.command("fuzzingclient", spec, &folder));
    // The suite writes its report at the end.
    wstest.wait(LIMIT);
    server.process.assert_running();
    report::check(name, &cases, &folder);
}

/// Has a client on this runtime connect to the suite, once for each case.
fn test_client(name: &str, runtime: &'static str) {
    let (suite, folder, address) = (Suite::installed(), folder(name), free_address());
    let cases = suite.cases(ALL);
    let url = format!("ws://{address}");
    let spec = json!({ "url": url, "cases": cases });
    let mut wstest = suite.command("fuzzingserver", spec, &folder);
    let mut wstest = Process::listening(&mut wstest, address);
    let mut client = program("echo_client");
    client.args([&url, name, &cases.len().to_string()]).args(with_deflate(runtime));
    let status = Process::start(&mut client).wait(LIMIT);
    wstest.assert_running();
    // Only the path of this request matters, and the suite may end before it has answered.
    let path = format!("/updateReports?agent={name}&shutdownOnComplete=true");
    let mut stream = raw::connect(address);
    stream.write_all(raw::request(address, &path).as_bytes()).expect("a request");
    wstest.wait(REPORT);
    drop(stream);
    report::check(name, &cases, &folder);
    assert!(status.success(), "the client ended with {status}");
}

/// An empty folder for the reports: an older run must never be judged.
fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("conformance").join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).expect("a folder");
    folder
}
