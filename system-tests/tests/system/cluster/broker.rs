use std::fs;
use std::net::SocketAddr;
use std::process::Command;

use tempfile::NamedTempFile;

use crate::process::{Process, free_address};

/// A NATS server, which restarts at the same address.
pub(super) struct Broker {
    address: SocketAddr,
    process: Process,
}

impl Broker {
    pub(super) fn start() -> Self {
        let address = free_address();
        Self { address, process: start(address, "") }
    }

    pub(super) fn url(&self) -> String {
        format!("nats://{}", self.address)
    }

    pub(super) fn kill(&mut self) {
        self.process.kill();
    }

    /// Starts it again, with a line of configuration.
    pub(super) fn restart(&mut self, setting: &str) {
        self.process = start(self.address, setting);
    }
}

/// The file of the configuration is read before the broker listens.
fn start(address: SocketAddr, setting: &str) -> Process {
    let settings = NamedTempFile::new().expect("a file");
    fs::write(&settings, format!("listen: \"{address}\"\n{setting}\n")).expect("a file");
    Process::listening(Command::new("nats-server").arg("--config").arg(settings.path()), address)
}
