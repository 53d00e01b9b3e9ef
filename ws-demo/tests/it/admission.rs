//! The limits for connections: how many, and how fast.

use std::io::Write as _;
use std::net::TcpStream;

use crate::process::{Server, ask};
use crate::raw::{self, exchange, upgrade};

/// Tries to open a WebSocket, as a client that a proxy names.
fn try_open(server: &Server, forwarded_for: &str) -> (TcpStream, String) {
    let mut stream = raw::connect(server.address);
    let request = upgrade("/ws", &format!("X-Forwarded-For: {forwarded_for}\r\n"));
    stream.write_all(request.as_bytes()).expect("a stream");
    let head = raw::head(&mut stream);
    (stream, head)
}

#[test]
fn a_full_server_says_so_and_has_room_again_later() {
    let server = Server::start(&["--max-connections", "2"]);
    let first = raw::open(&server);
    let _second = raw::open(&server);
    let response = exchange(server.address, &upgrade("/ws", ""));
    assert!(response.starts_with("HTTP/1.1 503 "), "{response}");
    assert!(response.contains("\r\nretry-after: ") && response.contains("full"), "{response}");
    // Plain HTTP is still served.
    assert!(server.get("/healthz").starts_with("HTTP/1.1 200 "));
    drop(first);
    server.wait_for("disconnected (1 total)");
    assert!(server.get("/metrics").contains("ws_refused_total{reason=\"full\"} 1\n"));
    let (_third, head) = loop {
        // The place is free shortly after the client has left.
        let (stream, head) = try_open(&server, "");
        if !head.starts_with("HTTP/1.1 503 ") {
            break (stream, head);
        }
    };
    assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
}

/// Connections that are kept for plain HTTP have no other limit.
#[test]
fn connections_of_plain_http_are_bounded() {
    let server = Server::start(&["--max-connections", "1", "--max-handshakes", "1"]);
    let mut streams = Vec::new();
    for status in [200, 200, 503] {
        let mut stream = raw::connect(server.address);
        stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n").expect("a stream");
        let head = raw::head(&mut stream);
        assert!(head.starts_with(&format!("HTTP/1.1 {status} ")), "{head}");
        streams.push(stream);
    }
    streams.remove(0);
    loop {
        // The place is free shortly after the connection has ended.
        let mut stream = raw::connect(server.address);
        stream.write_all(upgrade("/ws", "").as_bytes()).expect("a stream");
        let head = raw::head(&mut stream);
        if !head.starts_with("HTTP/1.1 503 ") {
            assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
            break;
        }
    }
}

#[test]
fn an_address_has_a_share() {
    let server = Server::start(&["--max-per-ip", "1", "--trusted-proxy", "127.0.0.1"]);
    let (_first, head) = try_open(&server, "192.0.2.1");
    assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
    let (_second, head) = try_open(&server, "192.0.2.1");
    assert!(head.starts_with("HTTP/1.1 429 ") && head.contains("\r\nretry-after: "), "{head}");
    let (_third, head) = try_open(&server, "192.0.2.2");
    assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
    // The client's own entry is in front of the proxy's.
    let (_fourth, head) = try_open(&server, "192.0.2.77, 192.0.2.2");
    assert!(head.starts_with("HTTP/1.1 429 "), "{head}");
}

#[test]
fn only_trusted_proxies_are_believed() {
    let server = Server::start(&["--max-per-ip", "1"]);
    let (_first, head) = try_open(&server, "192.0.2.1");
    assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
    let (_second, head) = try_open(&server, "192.0.2.2");
    assert!(head.starts_with("HTTP/1.1 429 "), "{head}");
}

#[test]
fn an_address_comes_only_so_often() {
    let server = Server::start(&[
        "--connect-rate",
        "1",
        "--connect-burst",
        "2",
        "--trusted-proxy",
        "127.0.0.0/8",
    ]);
    let statuses = [(); 3].map(|()| try_open(&server, "192.0.2.1").1[..12].to_owned());
    assert_eq!(statuses, ["HTTP/1.1 101", "HTTP/1.1 101", "HTTP/1.1 429"]);
    assert!(try_open(&server, "192.0.2.2").1.starts_with("HTTP/1.1 101"));
    assert!(server.get("/metrics").contains("ws_refused_total{reason=\"connect_rate\"} 1\n"));
}

#[tokio::test]
async fn a_client_sends_only_so_much() {
    let server = Server::start(&["--msg-rate", "1", "--msg-burst", "3"]);
    let (mut alice, _) = server.connect().await;
    for number in 0..3 {
        assert_eq!(ask(&mut alice, &number.to_string()).await["type"], "echo");
    }
    let error = ask(&mut alice, r#"{"type":"broadcast","message":1,"ref":"r"}"#).await;
    assert_eq!((&error["code"], &error["ref"]), (&"rate_limited".into(), &"r".into()));
    // Others have their own.
    let (mut bob, _) = server.connect().await;
    assert_eq!(ask(&mut bob, "1").await["type"], "echo");
}

/// A token counts like any message, also on a server that requires none.
#[tokio::test]
async fn tokens_count_as_messages() {
    let server = Server::start(&["--msg-rate", "1", "--msg-burst", "3"]);
    let (mut alice, _) = server.connect().await;
    for _ in 0..3 {
        assert_eq!(ask(&mut alice, r#"{"type":"auth","token":"t"}"#).await["type"], "auth_ok");
    }
    assert_eq!(ask(&mut alice, r#"{"type":"auth"}"#).await["code"], "rate_limited");
}

#[test]
fn silent_connections_have_a_limit() {
    use std::io::Read as _;

    let server = Server::start(&["--max-handshakes", "1"]);
    let mut silent = raw::connect(server.address);
    // The server has read something, so the place is taken.
    silent.write_all(b"GET /ws HTTP/1.1\r\n").expect("a stream");
    let mut other = raw::connect(server.address);
    let mut rest = Vec::new();
    // The server ends the stream without a response, or resets it.
    let _ = other.read_to_end(&mut rest);
    assert_eq!(rest, b"");
    silent.write_all(b"Host: x\r\n\r\n").expect("a stream");
    assert!(raw::head(&mut silent).starts_with("HTTP/1.1 426 "));
}
