//! WebSockets over HTTP/2 with foreign clients.

use super::scripts;
use crate::artifacts::Artifacts;
use crate::command::execute;
use crate::failure::Result;
use crate::outcome::Outcome;
use crate::service::{BUILD_ECHO_SERVER, ECHO_SERVER, Service};

pub(crate) fn run() -> Result<Outcome> {
    let example = ["--package=ws-tokio", "--features=ws-tokio/rustls", "--example=axum_tls_echo"];
    let programs = Artifacts::build(&[&example[..], &BUILD_ECHO_SERVER].concat())?;
    for (name, program, arguments, mut client) in [
        ("node", ECHO_SERVER, &["--runtime", "axum", "--deflate"][..], scripts::node("http2.mjs")?),
        ("chromium", "axum_tls_echo", &[], scripts::chromium("http2_chromium.mjs")?),
    ] {
        println!("{name}:");
        let server = Service::echo(programs.path(program)?, arguments, &format!("http2-{name}"))?;
        client.arg(server.address.to_string());
        execute(&mut client)?;
    }
    Ok(Outcome::Passed)
}
