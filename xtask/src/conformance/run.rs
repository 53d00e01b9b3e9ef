use core::time::Duration;
use std::path::{Path, PathBuf};
use std::time::Instant;

use serde_json::json;

use crate::artifacts::Artifacts;
use crate::command::command;
use crate::conformance::peer::{Kind, Peer};
use crate::conformance::report::Report;
use crate::conformance::suite::Suite;
use crate::failure::{Context as _, Result, bail};
use crate::process::Process;
use crate::service::{Service, free_address};
use crate::wire::{Wire, request};

/// How long the suite may take to write its report.
const REPORT: Duration = Duration::from_secs(300);

/// The parameters of one run besides the peer.
pub(crate) struct Run<'a> {
    pub(crate) programs: &'a Artifacts,
    pub(crate) suite: &'a Suite,
    pub(crate) limit: Duration,
}

impl Run<'_> {
    /// Tests a peer with these cases; the suite writes its report into the folder.
    pub(crate) fn test(&self, peer: &Peer, cases: Vec<String>, folder: PathBuf) -> Result<Report> {
        match peer.kind {
            Kind::Server => self.server(peer, cases, folder),
            Kind::Client => self.client(peer, cases, folder),
        }
    }

    /// Has the suite, as a client, test a server.
    fn server(&self, peer: &Peer, cases: Vec<String>, folder: PathBuf) -> Result<Report> {
        let mut servers = self.start(peer, &folder)?;
        let url = format!("ws://{}", servers[0].1.address);
        let spec = json!({ "servers": [{ "agent": peer.name, "url": url }], "cases": cases });
        let (log, start) = (folder.join("wstest.log"), Instant::now());
        let mut wstest =
            Process::logged(&mut self.suite.command("fuzzingclient", spec, &folder)?, &log)?;
        if wstest.wait(self.limit)?.is_none() {
            // The suite writes its report at the end, so there is none to judge.
            bail!("the suite did not end within {} s; see {}", self.limit.as_secs(), log.display());
        }
        let mut report = Report::read(peer.name, cases, folder, start.elapsed())?;
        for (program, server) in &mut servers {
            if let Some(status) = server.process.ended()? {
                report.fail(format!("{program} ended during the test ({status}); see its log"));
            }
        }
        Ok(report)
    }

    /// Starts a server, and the one behind it, which is last in the result.
    fn start(&self, peer: &Peer, folder: &Path) -> Result<Vec<(&'static str, Service)>> {
        let behind = peer.behind.map_or(Ok(Vec::new()), |peer| self.start(peer, folder))?;
        let address = free_address()?;
        let mut values = vec![("{address}", address.to_string())];
        values.extend(behind.first().map(|(_, server)| ("{behind}", server.address.to_string())));
        let values: Vec<_> = values.iter().map(|(name, value)| (*name, &**value)).collect();
        let mut command = command(self.programs.path(peer.program)?);
        command.args(peer.arguments(&values));
        let log = folder.join(format!("{}.log", peer.program));
        let server = Service::start(&mut command, address, &log)?;
        Ok([(peer.program, server)].into_iter().chain(behind).collect())
    }

    /// Has a client connect to the suite, once for each case.
    fn client(&self, peer: &Peer, cases: Vec<String>, folder: PathBuf) -> Result<Report> {
        let address = free_address()?;
        let (url, count) = (format!("ws://{address}"), cases.len().to_string());
        let (log, peer_log) = (folder.join("wstest.log"), folder.join("peer.log"));
        let spec = json!({ "url": url, "cases": cases });
        let mut wstest = self.suite.command("fuzzingserver", spec, &folder)?;
        let mut wstest = Service::start(&mut wstest, address, &log)?.process;

        let mut command = command(self.programs.path(peer.program)?);
        let values = [("{url}", &*url), ("{agent}", peer.name), ("{cases}", &count)];
        command.args(peer.arguments(&values));
        let start = Instant::now();
        let mut client = Process::logged(&mut command, &peer_log)?;
        let status = client.wait(self.limit)?;
        let time = start.elapsed();
        drop(client);
        if wstest.ended()?.is_some() {
            bail!("the suite ended unexpectedly; see {}", log.display());
        }
        // Only the path of this request matters, and the suite may end before it has answered.
        let target = format!("/updateReports?agent={}&shutdownOnComplete=true", peer.name);
        let mut wire = Wire::connect(address)?;
        wire.send(request(address, &target)?.0.as_bytes())?;
        wire.read_to_end(REPORT)?;
        wstest.finish(REPORT).context("the suite, after the request for its report")?;

        let mut report = Report::read(peer.name, cases, folder, time)?;
        match status {
            Some(status) if status.success() => {}
            Some(status) => report.fail(format!("the client failed ({status}); see peer.log")),
            None => report.fail(format!("the client still ran after {} s", self.limit.as_secs())),
        }
        Ok(report)
    }
}
