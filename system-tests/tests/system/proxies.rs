//! Our client through proxies of other projects.

use std::fs;
use std::net::SocketAddr;
use std::process::Command;

use tempfile::NamedTempFile;
use ws_tokio::proto::proxy::{TunnelError, TunnelErrorKind};

use crate::authority::Authority;
use crate::process::{Process, free_address, run};
use crate::server::{listen, program};

const USER: &str = "user";
const PASSWORD: &str = "correct-horse";

/// A kind of proxy.
struct Kind {
    scheme: &'static str,
    /// The error of our client if the proxy reaches no server.
    unreachable: TunnelErrorKind,
    start: fn(SocketAddr, authenticates: bool) -> Process,
}

const TINYPROXY: Kind =
    Kind { scheme: "http", unreachable: TunnelErrorKind::Status(500), start: tinyproxy };

const MICROSOCKS: Kind =
    Kind { scheme: "socks5", unreachable: TunnelErrorKind::ConnectionRefused, start: microsocks };

#[test]
fn tinyproxy_without_a_password() {
    test(&TINYPROXY, false);
}

#[test]
fn tinyproxy_with_a_password() {
    test(&TINYPROXY, true);
}

#[test]
fn microsocks_without_a_password() {
    test(&MICROSOCKS, false);
}

#[test]
fn microsocks_with_a_password() {
    test(&MICROSOCKS, true);
}

fn test(kind: &Kind, authenticates: bool) {
    let address = free_address();
    let _proxy = (kind.start)(address, authenticates);
    let at = |user: &str| format!("{}://{user}{address}", kind.scheme);
    let right = if authenticates { at(&format!("{USER}:{PASSWORD}@")) } else { at("") };

    let server = listen("tokio_echo", &[]);
    let echo = format!("ws://{}/", server.address);
    let open = format!("open: by way of {address}");
    expect_lines(&mut client(&echo, &right), &[&open, "hello", "closed: 1000"]);

    let authority = Authority::new("proxies");
    let [chain, key] = authority.server(&["127.0.0.1"]);
    let server =
        listen("tls_echo", &[chain, key].each_ref().map(|file| file.to_str().expect("text")));
    let mut secure = program("tls_client");
    secure.arg(format!("wss://{}/", server.address)).args(["--proxy", &right]);
    secure.arg("--ca").arg(authority.certificate()).arg("hello");
    expect_lines(&mut secure, &["open: status 101", "hello", "closed: 1000"]);

    let nowhere = format!("ws://{}/", free_address());
    expect_error(&mut client(&nowhere, &right), TunnelError::from(kind.unreachable));
    if authenticates {
        let wrong = at(&format!("{USER}:wrong@"));
        for (proxy, kind) in [
            (&wrong, TunnelErrorKind::WrongCredentials),
            (&at(""), TunnelErrorKind::AuthenticationRequired),
        ] {
            expect_error(&mut client(&echo, proxy), TunnelError::from(kind));
        }
    }
}

fn client(uri: &str, proxy: &str) -> Command {
    let mut client = program("proxy_client");
    client.args([uri, "--proxy", proxy, "hello"]);
    client
}

/// The client succeeds, and prints all these lines.
pub(crate) fn expect_lines(client: &mut Command, lines: &[&str]) {
    let (succeeded, output) = run(client);
    let missing = lines.iter().find(|line| !output.lines().any(|printed| printed == **line));
    assert_eq!((succeeded, missing), (true, None), "{output}");
}

/// The client fails with this error.
pub(crate) fn expect_error(client: &mut Command, error: impl std::error::Error) {
    let (succeeded, output) = run(client);
    let text = error.to_string();
    let reported = output.lines().any(|line| line.starts_with("error: ") && line.contains(&text));
    assert!(!succeeded && reported, "no error `{text}`: {output}");
}

/// The file of the configuration is read before the proxy listens.
fn tinyproxy(address: SocketAddr, authenticates: bool) -> Process {
    let (ip, port) = (address.ip(), address.port());
    let mut text = format!("Listen {ip}\nPort {port}\nAllow {ip}\nTimeout 60\nMaxClients 20\n");
    if authenticates {
        text += &format!("BasicAuth {USER} {PASSWORD}\n");
    }
    let settings = NamedTempFile::new().expect("a file");
    fs::write(&settings, text).expect("a file");
    Process::listening(Command::new("tinyproxy").args(["-d", "-c"]).arg(settings.path()), address)
}

fn microsocks(address: SocketAddr, authenticates: bool) -> Process {
    let mut microsocks = Command::new("microsocks");
    microsocks.args(["-i", &address.ip().to_string(), "-p", &address.port().to_string()]);
    if authenticates {
        microsocks.args(["-u", USER, "-P", PASSWORD]);
    }
    Process::listening(&mut microsocks, address)
}
