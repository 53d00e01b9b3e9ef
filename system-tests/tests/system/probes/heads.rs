//! Requests that are wrong, too large, too slow, or sent together with frames.

use std::fmt::Write as _;
use std::io::Write as _;
use std::time::{Duration, Instant};

use ws_tokio::proto::Role;
use ws_wire::{PING, PONG};

use super::{Kind, probe, probe_one, read};
use crate::http;
use crate::raw::{connect, ends_within, head, request};
use crate::server::Server;

/// The header fields of a large head, each of 1 KiB.
const FIELDS: usize = 1024;

/// A handshake timeout of one second is enforced within this time, and not before `EARLIEST`, which
/// would indicate another reason.
const LATEST: Duration = Duration::from_secs(4);
const EARLIEST: Duration = Duration::from_millis(500);

/// The wait for an answer after each byte.
const PACE: Duration = Duration::from_millis(50);

/// RFC 6455 §4.4.
#[test]
fn another_version_gets_426_and_the_supported_one() {
    probe(|_, server| {
        let head = changed(server, "Sec-WebSocket-Version: 13", "Sec-WebSocket-Version: 8");
        assert_eq!(http::status(&head), 426);
        assert_eq!(field(&head, "sec-websocket-version"), "13");
    });
}

/// RFC 9110 §15.5.6.
#[test]
fn another_method_gets_405_and_those_that_are_allowed() {
    probe(|_, server| {
        let head = changed(server, "GET ", "POST ");
        assert_eq!(http::status(&head), 405);
        let allowed = field(&head, "allow");
        assert!(allowed.split(',').any(|method| method.trim() == "GET"), "{allowed}");
    });
}

/// The head of the response to a request with a part of it replaced.
fn changed(server: &Server, right: &str, wrong: &str) -> String {
    let mut stream = connect(server.address);
    let request = request(server.address, "/").replacen(right, wrong, 1);
    stream.write_all(request.as_bytes()).expect("a request");
    head(&mut stream).expect("a response")
}

/// The value of a header field, whose name is in lower case.
fn field<'h>(head: &'h str, name: &str) -> &'h str {
    let mut fields = head.lines().filter_map(|line| line.split_once(':'));
    let field = fields.find(|(found, _)| found.eq_ignore_ascii_case(name));
    field.unwrap_or_else(|| panic!("no field {name}: {head}")).1.trim()
}

/// A head of 1 MiB gets 431 or, if the peer does not stop sending to receive it, the end of the
/// connection.
#[test]
fn a_large_head_is_refused() {
    probe(|_, server| {
        let mut request = request(server.address, "/");
        request.truncate(request.len() - "\r\n".len());
        let value = "x".repeat(1024);
        for number in 0..FIELDS {
            write!(request, "X-Fill-{number}: {value}\r\n").expect("writing into a string");
        }
        request.push_str("\r\n");
        let mut stream = connect(server.address);
        // The server may end the connection long before all is sent.
        let _ = stream.write_all(request.as_bytes());
        let status = head(&mut stream).map(|head| http::status(&head));
        assert!(matches!(status, None | Some(431)), "{status:?}");
    });
}

/// Bytes that keep arriving, one at a time, do not extend it.
#[test]
fn the_handshake_timeout_is_enforced() {
    probe_one(Kind::Demo, &["--handshake-timeout", "1s"], |_, server| {
        let request = request(server.address, &format!("/{}", "slow".repeat(256)));
        let start = Instant::now();
        let mut stream = connect(server.address);
        let ended = request.bytes().any(|byte| {
            assert!(start.elapsed() < LATEST, "the connection is still open");
            stream.write_all(&[byte]).is_err() || ends_within(&mut stream, PACE)
        });
        let time = start.elapsed();
        assert!(ended, "the whole head was accepted");
        assert!((EARLIEST..LATEST).contains(&time), "ended after {time:?}");
        println!("ended after {} ms", time.as_millis());
    });
}

/// Also if they arrive in one packet.
#[test]
fn frames_that_arrive_with_the_request_are_answered() {
    probe(|kind, server| {
        let mut packet = request(server.address, "/").into_bytes();
        packet.extend(ws_wire::text(Role::Server, "early"));
        packet.extend(ws_wire::frame(Role::Server, PING, b"too"));
        let mut stream = connect(server.address);
        stream.write_all(&packet).expect("a request");
        assert_eq!(http::status(&head(&mut stream).expect("a response")), 101);
        let (mut echoed, mut ponged) = (false, false);
        while !(echoed && ponged) {
            let frame = read(&mut stream);
            echoed |= kind.is_reply(&frame, "early");
            ponged |= frame == (PONG, b"too".to_vec());
        }
    });
}
