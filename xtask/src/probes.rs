mod claims;
mod flood;
mod large_head;
mod pipelined;
mod server;
mod slow_head;
mod wrong_method;
mod wrong_version;

use std::path::Path;

use crate::artifacts::Artifacts;
use crate::demo;
use crate::failure::{Result, bail};
use crate::outcome::Outcome;
use crate::probes::server::{Kind, Server};

/// Something that a peer may do, and what must come of it.
struct Probe {
    name: &'static str,
    server: Kind,
    /// What the server is started with. Each probe has a server of its own.
    arguments: &'static [&'static str],
    /// Gives what was seen, in a few words.
    run: fn(&mut Server) -> Result<String>,
}

const PROBES: &[Probe] = &[
    Probe::on_echo("wrong version", &[], wrong_version::run),
    Probe::on_demo("wrong version", &[], wrong_version::run),
    Probe::on_echo("wrong method", &[], wrong_method::run),
    Probe::on_demo("wrong method", &[], wrong_method::run),
    Probe::on_echo("1 MiB of head", &[], large_head::run),
    Probe::on_demo("1 MiB of head", &[], large_head::run),
    Probe::on_demo("stalled head", &["--handshake-timeout", "1s"], slow_head::run),
    Probe::on_echo("pipelined frames", &[], pipelined::run),
    Probe::on_demo("pipelined frames", &[], pipelined::run),
    Probe::on_echo("claims over the limit", &[], claims::refused),
    Probe::on_demo("claims over the limit", &[], claims::refused),
    Probe::on_echo(
        "claims below the limit",
        &["--max-message", claims::LIMIT_ABOVE],
        claims::awaited,
    ),
    Probe::on_echo("flood of pings", &[], flood::run),
    Probe::on_demo("flood of pings", &[], flood::run),
];

impl Probe {
    const fn on_echo(
        name: &'static str,
        arguments: &'static [&'static str],
        run: fn(&mut Server) -> Result<String>,
    ) -> Self {
        Self { name, server: Kind::Echo, arguments, run }
    }

    const fn on_demo(
        name: &'static str,
        arguments: &'static [&'static str],
        run: fn(&mut Server) -> Result<String>,
    ) -> Self {
        Self { name, server: Kind::Demo, arguments, run }
    }

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
    let programs = Artifacts::build(&["--package", "ws-tokio", "--example", "tokio_echo"])?;
    let echo = programs.path("tokio_echo")?;
    let demo = demo::build()?;
    let mut failed = 0;
    for probe in PROBES {
        let (word, said) = match probe.perform(echo, &demo) {
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
