//! TLS in both directions with Python's `websockets`.

use std::process::Command;

use ws_tokio::{TlsError, TlsErrorKind};

use crate::authority::Authority;
use crate::process::{Process, free_address};
use crate::proxies::{expect_error, expect_lines};
use crate::scripts::python;
use crate::server::{listen, program};

/// The name in the server's certificate; its address is not in it.
const NAME: &str = "localhost";

#[test]
fn python_is_the_client() {
    let [authority, unknown] = ["authority", "unknown"].map(Authority::new);
    let files = authority.server(&[NAME]);
    let server = listen("tls_echo", &files.each_ref().map(|file| file.to_str().expect("text")));
    let mut client = python("tls_client.py");
    client.arg(server.address.port().to_string());
    client.args([authority.certificate(), unknown.certificate()]);
    expect_lines(&mut client, &["ok: echo", "ok: stranger", "ok: plain"]);
}

/// The server requires the field `X-Test`, and echoes.
#[test]
fn python_is_the_server() {
    let [authority, unknown] = ["authority", "unknown"].map(Authority::new);
    let address = free_address();
    let mut server = python("tls_server.py");
    server.arg(address.port().to_string()).args(authority.server(&[NAME]));
    let _server = Process::listening(&mut server, address);

    let named = format!("wss://{NAME}:{}/", address.port());
    let lines = ["open: status 101", "hello", "closed: 1000"];
    expect_lines(&mut client(&named, &authority), &lines);
    let error = TlsError::from(TlsErrorKind::UnknownIssuer);
    expect_error(&mut client(&named, &unknown), error);
    let error = TlsError::from(TlsErrorKind::WrongName);
    expect_error(&mut client(&format!("wss://{address}/"), &authority), error);
}

fn client(uri: &str, trusted: &Authority) -> Command {
    let mut client = program("tls_client");
    client.args([uri, "--ca"]).arg(trusted.certificate());
    client.args(["--header", "X-Test: 1", "hello"]);
    client
}
