//! TLS both ways with Python's `websockets`.

use core::net::SocketAddr;

use ws_tokio::{TlsError, TlsErrorKind};

use super::authority::{Authority, Certificate};
use super::client_run::ClientRun;
use crate::artifacts::Artifacts;
use crate::clients::scripts;
use crate::command::command;
use crate::failure::Result;
use crate::outcome::Outcome;
use crate::service::{Service, free_address};
use crate::workspace;

/// The name in the server's certificate; its address is not in it.
const NAME: &str = "DNS:localhost";

pub(crate) fn run() -> Result<Outcome> {
    let selection =
        ["--package", "ws-tokio", "--features", "rustls", "--example", "tls_echo", "--example"];
    let programs = Artifacts::build_unoptimized(&[&selection[..], &["tls_client"]].concat())?;
    let authority = Authority::create("tls-clients")?;
    let stranger = Authority::create("stranger")?;
    let certificate = authority.certificate("server", NAME)?;

    println!("their client, our server:");
    let files = [&certificate.chain, &certificate.key].map(|path| path.display().to_string());
    let arguments = files.each_ref().map(|file| &**file);
    let server = Service::echo(programs.path("tls_echo")?, &arguments, "tls")?;
    let mut client = scripts::python("tls_client.py")?;
    client.arg(server.address.port().to_string());
    client.args([authority.certificates(), stranger.certificates()]);
    let run = ClientRun::of(client)?;
    println!("  {run}");
    run.expect_lines(&["ok: echo", "ok: stranger", "ok: plain"])?;

    println!("our client, their server:");
    let address = free_address()?;
    let _server = start(address, &certificate)?;
    let client = programs.path("tls_client")?;
    let uri = format!("wss://localhost:{}/", address.port());
    let trusting = |uri: &str, authority: &Authority| {
        let mut client = command(client);
        client.args([uri, "--ca"]).arg(authority.certificates());
        client.args(["--header", "X-Test: 1", "hello"]);
        ClientRun::of(client)
    };
    let lines = ["open: status 101", "hello", "closed: 1000"];
    trusting(&uri, &authority)?.expect_lines(&lines)?;
    println!("  ok: echo");
    let error = TlsError::from(TlsErrorKind::UnknownIssuer);
    trusting(&uri, &stranger)?.expect_error(&error)?;
    println!("  ok: an unknown issuer");
    let error = TlsError::from(TlsErrorKind::WrongName);
    trusting(&format!("wss://{address}/"), &authority)?.expect_error(&error)?;
    println!("  ok: another name");
    Ok(Outcome::Passed)
}

/// Starts the Python server, which echoes and requires the field `X-Test`.
fn start(address: SocketAddr, certificate: &Certificate) -> Result<Service> {
    let log = workspace::scratch("tls-clients")?.join("server.log");
    let mut server = scripts::python("tls_server.py")?;
    server.arg(address.port().to_string()).args([&certificate.chain, &certificate.key]);
    Service::start(&mut server, address, &log)
}
