use core::net::SocketAddr;
use core::time::Duration;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::Instant;

use serde_json::json;

use crate::artifacts::Artifacts;
use crate::command::command;
use crate::conformance::peer::Peer;
use crate::conformance::report::Report;
use crate::conformance::suite::Suite;
use crate::failure::{Context as _, Result, bail};
use crate::port;
use crate::process::Process;

/// How long a peer may take until it listens.
const START: Duration = Duration::from_secs(30);

/// Has the suite, as a client, test a server.
pub(crate) fn test(
    peer: &Peer,
    programs: &Artifacts,
    suite: &Suite,
    cases: Vec<String>,
    folder: PathBuf,
    limit: Duration,
) -> Result<Report> {
    let mut server = Server::start(peer, programs, &folder)?;
    let url = format!("ws://{}", server.address);
    let spec = json!({ "servers": [{ "agent": peer.name, "url": url }], "cases": cases });
    let log = folder.join("wstest.log");
    let file = File::create(&log).context(log.display())?;
    let mut wstest = suite.command("fuzzingclient", spec, &folder)?;
    let start = Instant::now();
    let mut wstest = Process::start(wstest.stdout(file.try_clone()?).stderr(file))?;
    if wstest.wait(limit)?.is_none() {
        // The suite writes its report at the end, so there is none to judge.
        bail!("the suite was not done after {} s; see {}", limit.as_secs(), log.display());
    }
    let time = start.elapsed();
    let mut report = Report::read(peer.name, cases, folder, time)?;
    if let Some(ended) = server.ended()? {
        report.fail(ended);
    }
    Ok(report)
}

/// A server that runs, and the one behind it.
struct Server {
    program: &'static str,
    process: Process,
    address: SocketAddr,
    behind: Option<Box<Self>>,
}

impl Server {
    fn start(peer: &Peer, programs: &Artifacts, folder: &Path) -> Result<Self> {
        let behind = peer.behind.map(|peer| Self::start(peer, programs, folder)).transpose()?;
        let address = port::free()?;
        let mut values = vec![("{address}", address.to_string())];
        values.extend(behind.as_ref().map(|server| ("{behind}", server.address.to_string())));
        let values: Vec<_> = values.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let mut command = command(programs.path(peer.program)?);
        command.args(peer.arguments(&values));
        let log = File::create(folder.join(format!("{}.log", peer.program)))?;
        let mut process = Process::start(command.stdout(log.try_clone()?).stderr(log))?;
        port::wait(address, &mut process, START)?;
        Ok(Self { program: peer.program, process, address, behind: behind.map(Box::new) })
    }

    /// Says which of them has ended by itself.
    fn ended(&mut self) -> Result<Option<String>> {
        if let Some(status) = self.process.ended()? {
            let program = self.program;
            return Ok(Some(format!("{program} ended during the test ({status}); see its log")));
        }
        match &mut self.behind {
            Some(server) => server.ended(),
            None => Ok(None),
        }
    }
}
