//! The example servers, each running in a process of its own.

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::process::{Child, ChildStdout, Stdio};
use std::thread;

use crate::examples::program;

const PROGRAMS: &[&str] = &[
    "blocking_echo",
    "mio_echo",
    #[cfg(all(target_os = "linux", target_pointer_width = "64"))]
    "uring_echo",
];

/// Runs the same test with each server.
pub(crate) fn each(test: impl Fn(SocketAddr) + Sync) {
    each_with(&[], |server| test(server.address));
}

/// The same with arguments, and with access to the process.
pub(crate) fn each_with(arguments: &[&str], test: impl Fn(&Server) + Sync) {
    let test = &test;
    thread::scope(|scope| {
        for name in PROGRAMS {
            let run = move || test(&Server::start(name, arguments));
            thread::Builder::new().name((*name).into()).spawn_scoped(scope, run).expect("a thread");
        }
    });
}

/// Runs each server with invalid arguments, and returns its output.
pub(crate) fn each_refusal(arguments: &[&str], test: impl Fn(&str)) {
    for name in PROGRAMS {
        let output = program::command(name).args(arguments).output().expect("a program");
        assert!(!output.status.success(), "{name}");
        test(&String::from_utf8_lossy(&output.stderr));
    }
}

pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    process: Child,
    /// Kept open, because a program that cannot print ends.
    _stdout: BufReader<ChildStdout>,
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
        Self { address, process, _stdout: stdout }
    }

    /// The processor time that the process has used, usually in hundredths of a second.
    #[cfg(target_os = "linux")]
    pub(crate) fn ticks(&self) -> u64 {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.process.id()));
        let stat = stat.expect("a process");
        // The fields after the name, which is in parentheses, begin with the third.
        let (_, fields) = stat.rsplit_once(") ").expect("a name");
        let number = |field: &str| field.parse::<u64>().expect("a number");
        fields.split(' ').skip(14 - 3).take(2).map(number).sum()
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
