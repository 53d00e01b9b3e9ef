//! Tunnels through proxies, without a socket.

mod http_connect;
mod socks5;

use ws_proto::Credentials;
use ws_proto::proxy::{Destination, InvalidDestination, Tunnel, TunnelErrorKind, TunnelProgress};

fn destination(host: &str, port: u16) -> Destination {
    Destination::new(host, port).expect(host)
}

fn credentials() -> Option<Credentials> {
    Some(Credentials::new("user", "pass:word").expect("valid"))
}

/// How a tunnel ended, its output, and the remaining input.
#[derive(Debug, PartialEq)]
struct Outcome {
    result: Result<TunnelProgress, TunnelErrorKind>,
    written: Vec<u8>,
    left: Vec<u8>,
}

/// Passes `answer` to a tunnel in pieces of every length; the outcome must be the same.
fn receive(start: impl Fn(&mut Vec<u8>) -> Tunnel, answer: &[u8]) -> Outcome {
    let whole = receive_cut(&start, answer, answer.len().max(1));
    for step in 1..answer.len() {
        assert_eq!(receive_cut(&start, answer, step), whole, "{step} bytes a read");
    }
    whole
}

fn receive_cut(start: impl Fn(&mut Vec<u8>) -> Tunnel, answer: &[u8], step: usize) -> Outcome {
    let mut written = Vec::new();
    let mut tunnel = start(&mut written);
    let mut bytes = answer.to_vec();
    let mut result = Ok(TunnelProgress::NeedsInput);
    let mut left = Vec::new();
    for mut piece in bytes.chunks_mut(step) {
        if result == Ok(TunnelProgress::NeedsInput) {
            let received = tunnel.receive(&mut piece, &mut written);
            if let Err(error) = received {
                assert_eq!(
                    tunnel.receive(&mut &mut b"more".to_vec()[..], &mut written),
                    Err(error)
                );
                assert_eq!(tunnel.receive_eof(), error);
            }
            result = received.map_err(|error| error.kind());
        }
        left.extend_from_slice(piece);
    }
    if result == Ok(TunnelProgress::NeedsInput) {
        assert_eq!(left, b"", "requests more before the input is used up");
        assert_eq!(tunnel.receive_eof().kind(), TunnelErrorKind::UnexpectedEof);
    }
    if result.is_err() {
        left.clear();
    }
    Outcome { result, written, left }
}

#[test]
fn destinations() {
    for (host, shown) in [
        ("example.com", "example.com:443"),
        ("127.0.0.1", "127.0.0.1:443"),
        ("2001:db8::1", "[2001:db8::1]:443"),
        ("[2001:db8::1]", "[2001:db8::1]:443"),
        ("1.2.3", "1.2.3:443"),
    ] {
        assert_eq!(destination(host, 443).to_string(), shown);
    }
    for host in ["", "a b", "a\r\nX: y", "[::g]", "a/b", "user@a", &"a".repeat(256)] {
        assert_eq!(Destination::new(host, 443), Err(InvalidDestination), "{host:?}");
    }
}
