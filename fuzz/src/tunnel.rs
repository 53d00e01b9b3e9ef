//! Arbitrary bytes to a client that waits for a proxy's response.

use ws_proto::Credentials;
use ws_proto::proxy::{Destination, Tunnel, TunnelErrorKind, TunnelProgress};

use crate::input::Input;
use crate::pair::run;

/// Checks that the outcome is the same at every chunking of an HTTP proxy's response, and that
/// bytes after it are not consumed.
pub fn http_connect(data: &[u8]) {
    check(data, |credentials, out| Tunnel::http(destination(), credentials, out));
}

/// Checks the same for a SOCKS5 proxy.
pub fn socks5(data: &[u8]) {
    check(data, |credentials, out| Tunnel::socks5(destination(), credentials, out).expect("short"));
}

fn destination() -> Destination {
    Destination::new("example.com", 443).expect("a name")
}

fn check(data: &[u8], start: impl Fn(Option<Credentials>, &mut Vec<u8>) -> Tunnel) {
    let Some(input) = Input::new(data) else { return };
    let credentials = input.option(0).then(|| Credentials::new("user", "password").expect("valid"));
    let [whole, single, cut] = input.chunkings().map(|lengths| {
        let mut written = Vec::new();
        let tunnel = start(credentials.clone(), &mut written);
        outcome(tunnel, written, input.stream, lengths)
    });
    assert_eq!(single, whole, "byte by byte");
    assert_eq!(cut, whole, "cut");
}

#[derive(Debug, PartialEq)]
enum Outcome {
    Open { used: usize, written: Vec<u8> },
    Failed { kind: TunnelErrorKind, written: Vec<u8> },
}

fn outcome(mut tunnel: Tunnel, mut written: Vec<u8>, stream: &[u8], lengths: &[usize]) -> Outcome {
    let mut used = 0;
    for piece in run::pieces(stream, lengths) {
        let mut copy = piece.to_vec();
        let mut input = copy.as_mut_slice();
        let received = tunnel.receive(&mut input, &mut written);
        let left = input.len();
        assert!(piece.ends_with(input), "bytes after the response were consumed");
        used += piece.len() - left;
        match received {
            Ok(TunnelProgress::NeedsInput) => {
                assert_eq!(left, 0, "asks for more before the input is used up");
            }
            Ok(TunnelProgress::Open) => return Outcome::Open { used, written },
            Err(error) => {
                let again = tunnel.receive(&mut input, &mut written);
                assert_eq!(again, Err(error), "an error is final");
                return Outcome::Failed { kind: error.kind(), written };
            }
        }
    }
    Outcome::Failed { kind: tunnel.receive_eof().kind(), written }
}
