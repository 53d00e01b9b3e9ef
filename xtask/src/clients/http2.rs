//! WebSockets over HTTP/2 with foreign clients.

use super::scripts;
use crate::artifacts::Artifacts;
use crate::command::execute;
use crate::failure::Result;
use crate::outcome::Outcome;
use crate::service::Service;

pub(crate) fn run() -> Result<Outcome> {
    let examples = ["--example", "axum_echo", "--example", "axum_tls_echo"];
    let package = ["--package", "ws-tokio", "--features", "rustls"];
    let selection: Vec<_> = package.into_iter().chain(examples).collect();
    let programs = Artifacts::build(&selection)?;
    for (name, program, arguments, mut client) in [
        ("node", "axum_echo", &["--deflate"][..], scripts::node("http2.mjs")?),
        ("chromium", "axum_tls_echo", &[], scripts::chromium("http2_chromium.mjs")?),
    ] {
        println!("{name}:");
        let server = Service::echo(programs.path(program)?, arguments, &format!("http2-{name}"))?;
        client.arg(server.address.to_string());
        execute(&mut client)?;
    }
    Ok(Outcome::Passed)
}
