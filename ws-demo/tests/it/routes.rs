//! The routes of the client commands: through proxies, and to Unix sockets.

use std::io::{self, Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::process::{Command, Output, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;

use crate::process::{Server, program};

/// An HTTP proxy that tunnels to one server, whatever the requested destination.
struct Proxy {
    address: SocketAddr,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Proxy {
    fn start(server: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        let requests = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&requests);
        thread::spawn(move || {
            for client in listener.incoming() {
                let (client, seen) = (client.expect("a client"), Arc::clone(&seen));
                thread::spawn(move || tunnel(client, server, &seen));
            }
        });
        Self { address, requests }
    }

    fn uri(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The request lines since the last call.
    fn requests(&self) -> Vec<String> {
        std::mem::take(&mut self.requests.lock().expect("a lock"))
    }
}

fn tunnel(mut client: TcpStream, server: SocketAddr, requests: &Mutex<Vec<String>>) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        client.read_exact(&mut byte).expect("a request");
        head.push(byte[0]);
    }
    let head = String::from_utf8(head).expect("text");
    requests.lock().expect("a lock").push(head.lines().next().expect("a line").to_owned());
    let server = TcpStream::connect(server).expect("a server");
    client.write_all(b"HTTP/1.1 200 OK\r\n\r\n").expect("a client");
    let (from, to) = (client.try_clone().expect("a stream"), server.try_clone().expect("a stream"));
    thread::spawn(move || copy(from, to));
    copy(server, client);
}

/// Copies until the first stream ends or fails, and ends the second one.
fn copy(mut from: TcpStream, mut to: TcpStream) {
    let _ = io::copy(&mut from, &mut to);
    let _ = to.shutdown(Shutdown::Write);
}

fn run(mut command: Command, arguments: &[&str]) -> (Option<i32>, String) {
    let output = command.args(arguments).stdin(Stdio::null()).output();
    let Output { status, stdout, stderr } = output.expect("the program runs");
    let text = [stdout, stderr].map(|bytes| String::from_utf8(bytes).expect("text")).concat();
    (status.code(), text)
}

/// A name that only the proxy can resolve.
const NAMED: &str = "ws://server.invalid:7/ws";
const REQUEST: &str = "CONNECT server.invalid:7 HTTP/1.1";

#[test]
fn through_a_proxy() {
    let server = Server::start(&[]);
    let proxy = Proxy::start(server.address);
    let through = ["--proxy", &proxy.uri()];
    let connect = [&["connect", NAMED, "--expect", "1"], &through[..]].concat();
    let (status, text) = run(program(), &connect);
    assert_eq!(status, Some(0), "{text}");
    assert!(text.contains("welcome"), "{text}");
    assert_eq!(proxy.requests(), [REQUEST]);

    let bench = ["bench", NAMED, "--clients", "3", "--duration", "100ms", "--warmup", "0s"];
    let (status, text) = run(program(), &[&bench, &through[..]].concat());
    assert_eq!(status, Some(0), "{text}");
    assert!(text.contains("3 of 3 opened"), "{text}");
    assert_eq!(proxy.requests(), [REQUEST; 3]);
}

#[test]
fn the_proxy_of_the_environment() {
    let server = Server::start(&[]);
    let proxy = Proxy::start(server.address);
    let in_environment = || {
        let mut command = program();
        command.env("HTTP_PROXY", proxy.uri()).env("NO_PROXY", "127.0.0.1");
        command
    };
    let direct = server.uri();
    let short = ["--clients", "1", "--duration", "100ms", "--warmup", "0s"];
    for (arguments, requests, status) in [
        // `connect` uses it by default.
        (vec!["connect", NAMED, "--expect", "1"], 1, 0),
        (vec!["connect", &direct, "--expect", "1"], 0, 0),
        (vec!["connect", NAMED, "--proxy", "none"], 0, 1),
        // `bench` does not, since it measures the server.
        ([&["bench", NAMED, "--proxy", "env"], &short[..]].concat(), 1, 0),
        ([&["bench", &direct, "--proxy", "env"], &short[..]].concat(), 0, 0),
        ([&["bench", NAMED], &short[..]].concat(), 0, 1),
        (vec!["healthcheck", NAMED], 0, 1),
    ] {
        let (ended, text) = run(in_environment(), &arguments);
        assert_eq!(ended, Some(status), "{arguments:?}: {text}");
        assert_eq!(proxy.requests().len(), requests, "{arguments:?}: {text}");
    }

    let mut command = program();
    command.env("HTTP_PROXY", "ftp://me:secret@proxy");
    let (status, text) = run(command, &["connect", NAMED]);
    assert_eq!(status, Some(1));
    assert!(text.contains("HTTP_PROXY") && !text.contains("secret"), "{text}");
    let (status, text) = run(program(), &["connect", NAMED, "--proxy", "ftp://proxy"]);
    assert_eq!(status, Some(2), "{text}");
}

#[cfg(unix)]
#[test]
fn to_a_unix_socket() {
    let path = std::env::temp_dir().join(format!("ws-demo-routes-{}.sock", std::process::id()));
    let path = path.to_str().expect("a path");
    let _server = Server::start(&["--listen", &format!("unix:{path}")]);
    let short = ["--clients", "3", "--duration", "100ms", "--warmup", "0s"];
    for (arguments, part) in [
        (vec!["connect", "ws://server.invalid/ws", "--expect", "1"], "welcome"),
        ([&["bench", "ws://server.invalid/ws"], &short[..]].concat(), "3 of 3 opened"),
        (vec!["healthcheck", "ws://server.invalid/ws"], "pong in "),
        (vec!["healthcheck", "http://server.invalid/readyz"], "200 OK"),
    ] {
        let (status, text) = run(program(), &[&arguments, &["--unix-socket", path][..]].concat());
        assert_eq!(status, Some(0), "{arguments:?}: {text}");
        assert!(text.contains(part), "{arguments:?}: {text}");
    }
    for conflicting in [["--proxy", "http://127.0.0.1:1"], ["--source", "127.0.0.1"]] {
        let arguments = [&["bench", NAMED, "--unix-socket", path], &conflicting[..]].concat();
        let (status, text) = run(program(), &arguments);
        assert_eq!(status, Some(2), "{text}");
    }
    let missing = ["connect", NAMED, "--unix-socket", "/no/such/socket"];
    let (status, text) = run(program(), &missing);
    assert_eq!(status, Some(1));
    assert!(text.contains("/no/such/socket"), "{text}");
}
