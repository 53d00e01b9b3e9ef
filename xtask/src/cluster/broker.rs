use core::net::SocketAddr;
use core::time::Duration;
use std::fs;
use std::path::{Path, PathBuf};

use crate::command::command;
use crate::failure::{Context as _, Result};
use crate::process::Process;
use crate::service::{Service, free_address};
use crate::workspace;

const TIMEOUT: Duration = Duration::from_secs(30);

/// A NATS server, which restarts at the same address.
pub(super) struct Broker {
    program: PathBuf,
    address: SocketAddr,
    process: Option<Process>,
}

impl Broker {
    pub(super) fn start(program: &Path) -> Result<Self> {
        let mut broker =
            Self { program: program.to_owned(), address: free_address()?, process: None };
        broker.come_back("")?;
        Ok(broker)
    }

    pub(super) fn url(&self) -> String {
        format!("nats://{}", self.address)
    }

    /// Ends it as a crash would.
    pub(super) fn kill(&mut self) -> Result {
        if let Some(mut process) = self.process.take() {
            process.kill();
            process.finish(TIMEOUT)?;
        }
        Ok(())
    }

    /// Starts it again, with a line of configuration.
    pub(super) fn come_back(&mut self, setting: &str) -> Result {
        let folder = workspace::scratch("cluster")?;
        let (settings, log) = (folder.join("nats.conf"), folder.join("nats.log"));
        let text = format!("listen: \"{}\"\n{setting}\n", self.address);
        fs::write(&settings, text).context(settings.display())?;
        let mut command = command(&self.program);
        command.arg("--config").arg(&settings);
        self.process = Some(Service::start(&mut command, self.address, &log)?.process);
        Ok(())
    }
}
