use core::net::{Ipv4Addr, SocketAddr};
use core::time::Duration;
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::Instant;

use crate::command::command;
use crate::failure::{Context as _, Result, bail};
use crate::process::Process;
use crate::workspace;

/// The time limit for a server to start listening: Python has to start, and a machine may be busy.
const START: Duration = Duration::from_secs(60);

/// The server of `ws-peers`, which echoes on every runtime.
pub(crate) const ECHO_SERVER: &str = "echo_server";

/// The arguments with which cargo builds it.
pub(crate) const BUILD_ECHO_SERVER: [&str; 4] = ["--package", "ws-peers", "--bin", ECHO_SERVER];

/// A loopback address on which no process listens.
pub(crate) fn free_address() -> Result<SocketAddr> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?)
}

/// A process that listens.
pub(crate) struct Service {
    pub(crate) process: Process,
    pub(crate) address: SocketAddr,
}

impl Service {
    /// Starts a command that is to listen on the address, with its output in a file, and waits until it
    /// accepts connections.
    pub(crate) fn start(command: &mut Command, address: SocketAddr, log: &Path) -> Result<Self> {
        let mut service = Self { process: Process::logged(command, log)?, address };
        service.wait().context(workspace::relative(log).display())?;
        Ok(service)
    }

    /// Starts a program that echoes.
    pub(crate) fn echo(program: &Path, arguments: &[&str], name: &str) -> Result<Self> {
        Self::echo_with(program, arguments, &[], name)
    }

    /// `echo` with environment variables.
    pub(crate) fn echo_with(
        program: &Path,
        arguments: &[&str],
        environment: &[(&str, &str)],
        name: &str,
    ) -> Result<Self> {
        let (address, log) = (free_address()?, workspace::scratch("echo")?.join(name));
        let mut command = command(program);
        command.arg(address.to_string()).args(arguments).envs(environment.iter().copied());
        Self::start(&mut command, address, &log.with_extension("log"))
    }

    fn wait(&mut self) -> Result {
        let deadline = Instant::now() + START;
        while TcpStream::connect(self.address).is_err() {
            if let Some(status) = self.process.ended()? {
                bail!("the process that should listen on {} ended ({status})", self.address);
            }
            if Instant::now() > deadline {
                bail!("no process listens on {} after {} s", self.address, START.as_secs());
            }
            // A port that opens notifies no other process.
            thread::sleep(Duration::from_millis(20));
        }
        Ok(())
    }
}
