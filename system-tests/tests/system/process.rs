//! Processes that a test starts.

use std::fs;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tempfile::NamedTempFile;

/// The time limit for a process to listen: Python has to start, and a machine may be busy.
const START: Duration = Duration::from_secs(60);

/// Longer than a server waits for its clients when it is stopped.
pub(crate) const STOP: Duration = Duration::from_secs(45);

/// The interval at which the state of a process, which notifies no other process, is examined.
const PACE: Duration = Duration::from_millis(20);

/// A process, which is killed when this is dropped. If the test fails, its output is shown.
pub(crate) struct Process {
    name: String,
    child: Child,
    log: NamedTempFile,
}

impl Process {
    pub(crate) fn start(command: &mut Command) -> Self {
        let name = command.get_program().to_string_lossy().into_owned();
        let log = NamedTempFile::new().expect("a file");
        let output = [(); 2].map(|()| log.as_file().try_clone().expect("a file"));
        let [stdout, stderr] = output.map(Stdio::from);
        let child = command.stdin(Stdio::null()).stdout(stdout).stderr(stderr).spawn();
        let child = child.unwrap_or_else(|error| panic!("{name}: {error}"));
        Self { name, child, log }
    }

    /// Starts a command that is to listen on the address, and waits until it accepts connections.
    pub(crate) fn listening(command: &mut Command, address: SocketAddr) -> Self {
        let mut process = Self::start(command);
        let deadline = Instant::now() + START;
        while TcpStream::connect(address).is_err() {
            process.assert_running();
            assert!(Instant::now() < deadline, "{} does not listen on {address}", process.name);
            thread::sleep(PACE);
        }
        process
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn assert_running(&mut self) {
        let ended = self.child.try_wait().expect("a child");
        assert_eq!(ended, None, "{} ended", self.name);
    }

    /// Sends SIGTERM, as an operator does to stop it.
    pub(crate) fn terminate(&self) {
        let id = Pid::from_raw(self.child.id().cast_signed());
        kill(id, Signal::SIGTERM).expect("a process that has not been waited for");
    }

    /// Ends the process as a crash does.
    pub(crate) fn kill(&mut self) {
        self.child.kill().expect("a signal");
        self.child.wait().expect("a child");
    }

    pub(crate) fn wait(&mut self, limit: Duration) -> ExitStatus {
        let deadline = Instant::now() + limit;
        loop {
            if let Some(status) = self.child.try_wait().expect("a child") {
                return status;
            }
            assert!(Instant::now() < deadline, "{} does not end", self.name);
            thread::sleep(PACE);
        }
    }

    /// Waits for the end of a process that was stopped; returns all that it has written.
    pub(crate) fn stopped(mut self) -> String {
        let status = self.wait(STOP);
        assert!(status.success(), "{} ended with {status}", self.name);
        self.output()
    }

    fn output(&self) -> String {
        String::from_utf8_lossy(&fs::read(&self.log).expect("a file")).into_owned()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
        if thread::panicking() {
            println!("---- output of {}:\n{}", self.name, self.output());
        }
    }
}

/// A loopback address on which no process listens.
pub(crate) fn free_address() -> SocketAddr {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    listener.local_addr().expect("an address")
}

/// Runs a command to its end, and returns whether it succeeded, and its output.
pub(crate) fn run(command: &mut Command) -> (bool, String) {
    let output = command.stdin(Stdio::null()).output().expect("the program runs");
    let text = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8_lossy(&text).into_owned())
}

/// Runs a command that must succeed, and prints its output.
pub(crate) fn pass(command: &mut Command) {
    let (succeeded, output) = run(command);
    print!("{output}");
    assert!(succeeded, "{command:?} failed");
}
