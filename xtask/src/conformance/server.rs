use core::time::Duration;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::Instant;

use serde_json::json;

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
    program: &Path,
    suite: &Suite,
    cases: Vec<String>,
    folder: PathBuf,
    limit: Duration,
) -> Result<Report> {
    let address = port::free()?;
    let mut command = command(program);
    command.args(peer.arguments(&[("{address}", &address.to_string())]));
    let log = File::create(folder.join("peer.log"))?;
    let mut server = Process::start(command.stdout(log.try_clone()?).stderr(log))?;
    port::wait(address, &mut server, START)?;

    let url = format!("ws://{address}");
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
    if let Some(status) = server.ended()? {
        report.fail(format!("the server ended during the test ({status}); see peer.log"));
    }
    Ok(report)
}
