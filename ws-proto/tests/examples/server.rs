//! The example servers, each running as a process of its own.

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::process::{Child, ChildStdout, Stdio};
use std::thread;

use crate::program;

const PROGRAMS: &[&str] = &[
    "blocking_echo",
    "mio_echo",
    #[cfg(target_os = "linux")]
    "uring_echo",
];

/// Has each server stand the same test.
pub(crate) fn each(test: impl Fn(SocketAddr) + Sync) {
    each_with(&[], test);
}

/// The same with arguments.
pub(crate) fn each_with(arguments: &[&str], test: impl Fn(SocketAddr) + Sync) {
    let test = &test;
    thread::scope(|scope| {
        for name in PROGRAMS {
            let run = move || {
                let server = Server::start(name, arguments);
                test(server.address);
            };
            thread::Builder::new().name((*name).into()).spawn_scoped(scope, run).expect("a thread");
        }
    });
}

/// Runs each server with arguments that it cannot take, and gives what it says.
pub(crate) fn each_refusal(arguments: &[&str], test: impl Fn(&str)) {
    for name in PROGRAMS {
        let output = program::command(name).args(arguments).output().expect("a program");
        assert!(!output.status.success(), "{name}");
        test(&String::from_utf8_lossy(&output.stderr));
    }
}

struct Server {
    process: Child,
    /// Kept open, because a program that cannot print ends.
    _stdout: BufReader<ChildStdout>,
    address: SocketAddr,
}

impl Server {
    fn start(name: &str, arguments: &[&str]) -> Self {
        let mut command = program::command(name);
        command.arg("127.0.0.1:0").args(arguments).stdout(Stdio::piped());
        let mut process = command.spawn().expect("a program");
        let mut stdout = BufReader::new(process.stdout.take().expect("a pipe"));
        let mut line = String::new();
        stdout.read_line(&mut line).expect("a line");
        let address = line.trim_end().strip_prefix("listening on ws://").expect("an address");
        let address = address.parse().expect("an address");
        Self { process, _stdout: stdout, address }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let ended = self.process.try_wait().expect("a process");
        let _ = self.process.kill();
        let _ = self.process.wait();
        if !thread::panicking() {
            assert_eq!(ended, None, "the server ended by itself");
        }
    }
}
