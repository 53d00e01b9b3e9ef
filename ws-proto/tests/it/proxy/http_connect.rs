//! HTTP CONNECT (RFC 9110 §9.3.6).

use ws_proto::proxy::{Tunnel, TunnelErrorKind, TunnelProgress};

use crate::proxy::{Outcome, credentials, destination, receive};

fn anonymous(out: &mut Vec<u8>) -> Tunnel {
    Tunnel::http(destination("example.com", 443), None, out)
}

fn authorized(out: &mut Vec<u8>) -> Tunnel {
    Tunnel::http(destination("example.com", 443), credentials(), out)
}

fn result(answer: impl AsRef<[u8]>) -> Result<TunnelProgress, TunnelErrorKind> {
    receive(anonymous, answer.as_ref()).result
}

#[test]
fn requests() {
    let mut out = Vec::new();
    let _tunnel = Tunnel::http(destination("2001:db8::1", 80), credentials(), &mut out);
    let expected = "CONNECT [2001:db8::1]:80 HTTP/1.1\r\nHost: [2001:db8::1]:80\r\n\
        Proxy-Authorization: Basic dXNlcjpwYXNzOndvcmQ=\r\n\r\n";
    assert_eq!(String::from_utf8_lossy(&out), expected);
}

#[test]
fn what_follows_the_answer_is_kept() {
    for head in [
        "HTTP/1.1 200 OK\r\n\r\n",
        "HTTP/1.0 200 Connection established\r\nProxy-agent: a\r\n\r\n",
        "HTTP/1.1 204 No Content\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
        "HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\nHTTP/1.1 200 OK\r\n\r\n",
    ] {
        let Outcome { result, left, .. } =
            receive(anonymous, &[head.as_bytes(), b"\x81\0"].concat());
        assert_eq!((result, &*left), (Ok(TunnelProgress::Open), &b"\x81\0"[..]), "{head}");
    }
}

#[test]
fn an_answer_that_is_cut_needs_more() {
    let answer = b"HTTP/1.1 200 OK\r\nVia: a\r\n\r\n";
    for len in 0..answer.len() {
        assert_eq!(result(&answer[..len]), Ok(TunnelProgress::NeedsInput), "{len} bytes");
    }
}

#[test]
fn refusals() {
    for (answer, kind) in [
        ("403 Filtered\r\n", TunnelErrorKind::NotAllowed),
        (
            "407 X\r\nProxy-Authenticate: Basic realm=\"a, b\"\r\n",
            TunnelErrorKind::AuthenticationRequired,
        ),
        ("407 X\r\n", TunnelErrorKind::AuthenticationRequired),
        (
            "407 X\r\nProxy-Authenticate: Negotiate, NTLM\r\n",
            TunnelErrorKind::UnsupportedAuthentication,
        ),
        ("502 Bad Gateway\r\nContent-Length: 3\r\n", TunnelErrorKind::Status(502)),
        ("301 Moved\r\nLocation: /\r\n", TunnelErrorKind::Status(301)),
        ("101 Switching Protocols\r\nUpgrade: x\r\n", TunnelErrorKind::Malformed),
    ] {
        assert_eq!(result(format!("HTTP/1.1 {answer}\r\nno!")), Err(kind), "{answer}");
    }
}

#[test]
fn a_wrong_password_is_told_from_a_missing_one() {
    let answer =
        "HTTP/1.1 407 X\r\nProxy-Authenticate: Digest a=b\r\nProxy-Authenticate: basic\r\n\r\n";
    let refused = |start: fn(&mut Vec<u8>) -> Tunnel| receive(start, answer.as_bytes()).result;
    assert_eq!(refused(anonymous), Err(TunnelErrorKind::AuthenticationRequired));
    assert_eq!(refused(authorized), Err(TunnelErrorKind::WrongCredentials));

    let answer = b"HTTP/1.0 401 Unauthorized\r\nServer: tinyproxy/1.11.1\r\n\r\n";
    assert_eq!(receive(authorized, answer).result, Err(TunnelErrorKind::WrongCredentials));
}

#[test]
fn answers_that_are_none() {
    for answer in
        ["SSH-2.0-OpenSSH_9.9\r\n\r\n", "HTTP/1.1 20\r\n\r\n", "HTTP/1.1 200 OK\n\n", "\r\n\r\n"]
    {
        assert_eq!(result(answer), Err(TunnelErrorKind::Malformed), "{answer:?}");
    }
    assert_eq!(result(b"\x05\x00\r\n\r\n"), Err(TunnelErrorKind::Malformed));
}

#[test]
fn endless_answers_are_cut() {
    let once = |answer: String| {
        let mut tunnel = anonymous(&mut Vec::new());
        let received = tunnel.receive(&mut answer.into_bytes().as_mut_slice(), &mut Vec::new());
        received.expect_err("an endless head").kind()
    };
    let line = format!("HTTP/1.1 200 OK\r\nX: {}", "x".repeat(20_000));
    assert_eq!(once(line), TunnelErrorKind::HeadTooLarge);
    let fields = format!("HTTP/1.1 200 OK\r\n{}", "X: y\r\n".repeat(101));
    assert_eq!(once(fields), TunnelErrorKind::TooManyHeaders);
    let interim = "HTTP/1.1 103 X\r\nX: yyyyyyyyyyyyyyyy\r\n\r\n".repeat(1000);
    assert_eq!(once(interim), TunnelErrorKind::HeadTooLarge);
}
