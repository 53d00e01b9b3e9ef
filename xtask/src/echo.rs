use core::net::SocketAddr;
use core::time::Duration;
use std::fs::File;
use std::path::Path;

use crate::command::command;
use crate::failure::{Context as _, Result};
use crate::port;
use crate::process::Process;
use crate::workspace;

const START: Duration = Duration::from_secs(30);

/// A running example that echoes.
pub(crate) struct Echo {
    pub(crate) process: Process,
    pub(crate) address: SocketAddr,
}

impl Echo {
    pub(crate) fn start(program: &Path, arguments: &[&str], name: &str) -> Result<Self> {
        Self::start_with(program, arguments, &[], name)
    }

    /// `start` with variables of the environment.
    pub(crate) fn start_with(
        program: &Path,
        arguments: &[&str],
        environment: &[(&str, &str)],
        name: &str,
    ) -> Result<Self> {
        let log = workspace::scratch("echo")?.join(format!("{name}.log"));
        let file = File::create(&log).context(log.display())?;
        let address = port::free()?;
        let mut command = command(program);
        command.arg(address.to_string()).args(arguments).envs(environment.iter().copied());
        let mut process = Process::start(command.stdout(file.try_clone()?).stderr(file))?;
        port::wait(address, &mut process, START).context(workspace::relative(&log).display())?;
        Ok(Self { process, address })
    }
}
