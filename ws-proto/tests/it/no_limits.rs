//! The highest possible limits: nothing overflows, and no memory is reserved for them.

use ws_proto::{Config, Connection, ErrorKind, Event, Limits, Role, client, server};

use crate::pair;
use crate::pair::peer::Peer;
use crate::pair::run;
use crate::pair::wire::{self, BINARY, FIN, ROLES};

fn config() -> Config {
    Config {
        incoming: Limits::UNLIMITED,
        outgoing: Limits::UNLIMITED,
        max_head_size: usize::MAX,
        max_headers: usize::MAX,
        max_body_size: usize::MAX,
        max_drain_size: u64::MAX,
        ..Config::default()
    }
}

fn request(output: &mut Vec<u8>) -> client::ClientHandshake {
    client::ClientRequest::new("example.com", "/")
        .send(config(), pair::SEED, output)
        .expect("valid")
}

#[test]
fn a_handshake() {
    let mut wire = Vec::new();
    let handshake = request(&mut wire);
    let server::ServerProgress::Request(request) =
        server::ServerHandshake::new(config()).receive(&mut wire.as_mut_slice()).expect("valid")
    else {
        panic!("a whole request");
    };
    let mut answer = Vec::new();
    let _connection = request.accept().respond(&mut answer);
    let progress = handshake.receive(&mut answer.as_mut_slice());
    assert!(matches!(progress, Ok(client::ClientProgress::Open(..))));
}

#[test]
fn a_refusal() {
    for (framing, body) in [
        ("Content-Length: 3", "no!"),
        ("Transfer-Encoding: chunked", "3\r\nno!\r\n0\r\n\r\n"),
        ("Transfer-Encoding: chunked", "ffffffffffffffff\r\nno!"),
        ("Content-Length: 18446744073709551615", "no!"),
        ("X: y", "no!"),
    ] {
        let mut answer = format!("HTTP/1.1 403 No\r\n{framing}\r\n\r\n{body}").into_bytes();
        let progress = request(&mut Vec::new()).receive(&mut answer.as_mut_slice());
        let response = match progress.expect("valid") {
            client::ClientProgress::NeedsInput(handshake) => {
                handshake.receive_eof().expect("a refusal")
            }
            client::ClientProgress::Refused(response) => response,
            client::ClientProgress::Open(..) => panic!("refused"),
        };
        assert_eq!(response.body(), b"no!", "{framing}");
    }
}

#[test]
fn a_message() {
    let mut peer = Peer::new(Connection::server(config()));
    peer.read(&wire::frame(Role::Server, FIN | BINARY, b"data"));
    assert_eq!(peer.events, [Event::Binary(b"data".into())]);
}

/// A length that wraps round when a header is added to it (CVE-2020-27813).
#[test]
fn a_length_near_two_to_the_64() {
    for role in ROLES {
        for less in [0, 1, 10, 14] {
            let mut wire = wire::header(role, FIN | BINARY, u64::MAX - less);
            wire.extend([0; 100]);
            let peer = run::reader(role, &config(), &wire, &[usize::MAX]);
            let kind = peer.error.map(|error| error.kind());
            assert_eq!(kind, Some(ErrorKind::LengthTopBit), "{role:?}: 2^64 - 1 - {less}");
        }
    }
}

#[test]
fn draining() {
    let mut peer = Peer::new(Connection::server(config()));
    peer.read(&[0xFF; 100]);
    assert!(peer.error.is_some());
    assert!(!peer.connection.wants_close());
}
