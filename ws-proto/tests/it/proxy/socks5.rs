//! SOCKS5 (RFC 1928 and RFC 1929).

use ws_proto::Credentials;
use ws_proto::proxy::{Destination, Tunnel, TunnelErrorKind, TunnelProgress};

use crate::proxy::{Outcome, credentials, destination, receive};

/// The proxy's reply after that for the method: success, bound to 127.0.0.1:80.
const SUCCESS: [u8; 10] = [5, 0, 0, 1, 127, 0, 0, 1, 0, 80];

fn ask(destination: &Destination, credentials: Option<&Credentials>, answer: &[&[u8]]) -> Outcome {
    let start = |out: &mut Vec<u8>| {
        Tunnel::socks5(destination.clone(), credentials.cloned(), out).expect("short credentials")
    };
    receive(start, &answer.concat())
}

fn result(
    credentials: Option<Credentials>,
    answer: &[&[u8]],
) -> Result<TunnelProgress, TunnelErrorKind> {
    ask(&destination("example.com", 443), credentials.as_ref(), answer).result
}

#[test]
fn names_go_to_the_proxy_and_addresses_as_such() {
    let name = [&[3, 11][..], b"example.com"].concat();
    let v6 = [4, 0x20, 1, 0xD, 0xB8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1];
    let cases: [(&str, &[u8]); 3] =
        [("example.com", &name), ("127.0.0.1", &[1, 127, 0, 0, 1]), ("2001:db8::1", &v6)];
    for (host, address) in cases {
        let outcome = ask(&destination(host, 443), None, &[&[5, 0], &SUCCESS]);
        assert_eq!(outcome.result, Ok(TunnelProgress::Open), "{host}");
        let expected = [&[5, 1, 0, 5, 1, 0][..], address, &[1, 0xBB]].concat();
        assert_eq!(outcome.written, expected, "{host}");
    }
}

#[test]
fn what_follows_the_answer_is_kept() {
    let bound_to_name = [&[5, 0, 0, 3, 3][..], b"abc\0\x50"].concat();
    let bound_to_v6 = [&[5, 0, 0, 4][..], &[0; 18]].concat();
    let bound_to_nothing = [5, 0, 0, 3, 0, 0, 0];
    let longest = [&[5, 0, 0, 3, 255][..], &[b'a'; 257]].concat();
    for reply in [&SUCCESS[..], &bound_to_name, &bound_to_v6, &bound_to_nothing, &longest] {
        let outcome = ask(&destination("a", 1), None, &[&[5, 0], reply, b"\x05\x81"]);
        assert_eq!(outcome.result, Ok(TunnelProgress::Open), "{reply:?}");
        assert_eq!(outcome.left, b"\x05\x81", "{reply:?}");
    }
}

#[test]
fn an_answer_that_is_cut_needs_more() {
    let answer = [&[5, 0][..], &SUCCESS].concat();
    for len in 0..answer.len() {
        assert_eq!(result(None, &[&answer[..len]]), Ok(TunnelProgress::NeedsInput), "{len} bytes");
    }
}

#[test]
fn the_password_is_sent_when_it_is_asked_for() {
    let credentials = credentials();
    let outcome = ask(&destination("a", 1), credentials.as_ref(), &[&[5, 2, 1, 0], &SUCCESS]);
    assert_eq!(outcome.result, Ok(TunnelProgress::Open));
    let parts: [&[u8]; 3] =
        [&[5, 2, 0, 2], b"\x01\x04user\x09pass:word", b"\x05\x01\x00\x03\x01a\x00\x01"];
    assert_eq!(outcome.written, parts.concat());

    let outcome = ask(&destination("a", 1), credentials.as_ref(), &[&[5, 0], &SUCCESS]);
    assert_eq!(outcome.result, Ok(TunnelProgress::Open));
    assert_eq!(outcome.written, b"\x05\x02\x00\x02\x05\x01\x00\x03\x01a\x00\x01");
}

#[test]
fn authentication_that_fails() {
    for (own, answer, kind) in [
        (credentials(), &[5, 2, 1, 1][..], TunnelErrorKind::WrongCredentials),
        (credentials(), &[5, 2, 1, 0xFF], TunnelErrorKind::WrongCredentials),
        (credentials(), &[5, 2, 5], TunnelErrorKind::Malformed),
        (credentials(), &[5, 0xFF], TunnelErrorKind::UnsupportedAuthentication),
        (None, &[5, 0xFF], TunnelErrorKind::AuthenticationRequired),
        (None, &[5, 2], TunnelErrorKind::Malformed),
        (credentials(), &[5, 1], TunnelErrorKind::Malformed),
    ] {
        assert_eq!(result(own, &[answer]), Err(kind), "{answer:?}");
    }
}

#[test]
fn refusals() {
    for (reply, kind) in [
        (1, TunnelErrorKind::GeneralFailure),
        (2, TunnelErrorKind::NotAllowed),
        (3, TunnelErrorKind::NetworkUnreachable),
        (4, TunnelErrorKind::HostUnreachable),
        (5, TunnelErrorKind::ConnectionRefused),
        (6, TunnelErrorKind::TtlExpired),
        (7, TunnelErrorKind::CommandNotSupported),
        (8, TunnelErrorKind::AddressNotSupported),
        (9, TunnelErrorKind::UnknownReply(9)),
    ] {
        // Reported at once, whether or not an address follows.
        assert_eq!(result(None, &[&[5, 0, 5, reply]]), Err(kind));
    }
}

#[test]
fn answers_that_are_none() {
    for answer in [&[4][..], b"HTTP/1.1 400", &[5, 0, 4], &[5, 0, 5, 0, 0, 2], &[5, 0, 5, 0, 0, 0]]
    {
        assert_eq!(result(None, &[answer]), Err(TunnelErrorKind::Malformed), "{answer:?}");
    }
}

#[test]
fn credentials_that_do_not_fit() {
    let long = "x".repeat(256);
    for (username, password) in [("user", &*long), (&*long, "password")] {
        let credentials = Credentials::new(username, password).expect("valid");
        let mut out = Vec::new();
        let error =
            Tunnel::socks5(destination("a", 1), Some(credentials), &mut out).expect_err("long");
        assert_eq!(error.kind(), TunnelErrorKind::CredentialsTooLong);
        assert_eq!(out, b"");
    }
}
