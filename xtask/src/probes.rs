mod claims;
mod flood;
mod heads;
mod server;

use std::path::Path;

use crate::artifacts::Artifacts;
use crate::failure::{Result, bail};
use crate::outcome::Outcome;
use crate::probes::server::{Kind, Server};
use crate::service::{BUILD_ECHO_SERVER, ECHO_SERVER};

/// An action of a peer, and the result that it must have.
struct Probe {
    name: &'static str,
    server: Kind,
    /// The arguments of the server. Each probe has a server of its own.
    arguments: &'static [&'static str],
    /// Returns what was observed, in a few words.
    run: fn(&mut Server) -> Result<String>,
}

#[rustfmt::skip]
const PROBES: &[Probe] = &[
    probe("wrong version", Kind::Echo, &[], heads::wrong_version),
    probe("wrong version", Kind::Demo, &[], heads::wrong_version),
    probe("wrong method", Kind::Echo, &[], heads::wrong_method),
    probe("wrong method", Kind::Demo, &[], heads::wrong_method),
    probe("1 MiB of head", Kind::Echo, &[], heads::large),
    probe("1 MiB of head", Kind::Demo, &[], heads::large),
    probe("stalled head", Kind::Demo, &["--handshake-timeout", "1s"], heads::slow),
    probe("pipelined frames", Kind::Echo, &[], heads::pipelined),
    probe("pipelined frames", Kind::Demo, &[], heads::pipelined),
    probe("claims over the limit", Kind::Echo, &[], claims::refused),
    probe("claims over the limit", Kind::Demo, &[], claims::refused),
    probe("claims below the limit", Kind::Echo, &["--max-message", claims::LIMIT_ABOVE], claims::awaited),
    probe("flood of pings", Kind::Echo, &[], flood::run),
    probe("flood of pings", Kind::Demo, &[], flood::run),
];

const fn probe(
    name: &'static str,
    server: Kind,
    arguments: &'static [&'static str],
    run: fn(&mut Server) -> Result<String>,
) -> Probe {
    Probe { name, server, arguments, run }
}

impl Probe {
    fn perform(&self, echo: &Path, demo: &Path) -> Result<String> {
        let mut server = Server::start(self.server, echo, demo, self.arguments)?;
        let seen = (self.run)(&mut server)?;
        if let Some(status) = server.process.ended()? {
            bail!("the server ended with {status}");
        }
        server.echo("alive")?;
        Ok(seen)
    }
}

pub(crate) fn run() -> Result<Outcome> {
    let demo = ["--package=ws-demo", "--bin=ws-demo"];
    let programs = Artifacts::build(&[&demo[..], &BUILD_ECHO_SERVER].concat())?;
    let echo = programs.path(ECHO_SERVER)?;
    let demo = programs.path("ws-demo")?;
    let mut failed = 0;
    for probe in PROBES {
        let (word, said) = match probe.perform(echo, demo) {
            Ok(seen) => ("ok", seen),
            Err(failure) => {
                failed += 1;
                ("FAILED", failure.to_string())
            }
        };
        println!("{word:<6} {:<10} {:<24} {said}", probe.server.name(), probe.name);
    }
    if failed > 0 {
        bail!("{failed} of {} probes failed", PROBES.len());
    }
    Ok(Outcome::Passed)
}
