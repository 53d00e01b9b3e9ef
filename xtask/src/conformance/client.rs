use core::net::SocketAddr;
use core::time::Duration;
use std::fs::File;
use std::path::PathBuf;
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
use crate::wire::{Wire, request};

/// How long the suite may take until it listens; Python and, perhaps, a container have to start.
const START: Duration = Duration::from_secs(60);

/// How long the suite may take to write its report.
const REPORT: Duration = Duration::from_secs(300);

/// Has a client connect to the suite, once for each case.
pub(crate) fn test(
    peer: &Peer,
    programs: &Artifacts,
    suite: &Suite,
    cases: Vec<String>,
    folder: PathBuf,
    limit: Duration,
) -> Result<Report> {
    let address = port::free()?;
    let url = format!("ws://{address}");
    let log = folder.join("wstest.log");
    let file = File::create(&log).context(log.display())?;
    let spec = json!({ "url": url, "cases": cases });
    let mut wstest = suite.command("fuzzingserver", spec, &folder)?;
    let mut wstest = Process::start(wstest.stdout(file.try_clone()?).stderr(file))?;
    port::wait(address, &mut wstest, START).context(log.display())?;

    let count = cases.len().to_string();
    let mut command = command(programs.path(peer.program)?);
    command.args(peer.arguments(&[("{url}", &url), ("{agent}", peer.name), ("{cases}", &count)]));
    let file = File::create(folder.join("peer.log"))?;
    let start = Instant::now();
    let mut client = Process::start(command.stdout(file.try_clone()?).stderr(file))?;
    let status = client.wait(limit)?;
    let time = start.elapsed();
    drop(client);
    if wstest.ended()?.is_some() {
        bail!("the suite ended by itself; see {}", log.display());
    }
    write_report(address, peer.name)?;
    wstest.finish(REPORT).context("the suite, asked for its report")?;

    let mut report = Report::read(peer.name, cases, folder, time)?;
    match status {
        Some(status) if status.success() => {}
        Some(status) => report.fail(format!("the client failed ({status}); see peer.log")),
        None => report.fail(format!("the client was stopped after {} s", limit.as_secs())),
    }
    Ok(report)
}

/// Has the suite write its report and end: a WebSocket request of which only the path matters,
/// and which the suite may end before it has answered.
fn write_report(address: SocketAddr, agent: &str) -> Result {
    let target = format!("/updateReports?agent={agent}&shutdownOnComplete=true");
    let mut wire = Wire::connect(address)?;
    wire.send(request(address, &target)?.0.as_bytes())?;
    wire.read_to_end(REPORT)
}
