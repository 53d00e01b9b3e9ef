//! The responses of a server (RFC 6455 §4.2, RFC 9112).

use ws_proto::server::{Rejection, RejectionKind, ServerHandshake, ServerProgress, ServerRequest};
use ws_proto::{Config, InvalidHeader};

const REQUEST: &str = "GET /chat?a=b HTTP/1.1\r\n\
    Host: example.com:81\r\n\
    Upgrade: websocket\r\n\
    Connection: Upgrade\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
    Sec-WebSocket-Version: 13\r\n";

/// A request with these lines in place of others (`""`: left out) and more at its end.
fn request(replaced: &[(&str, &str)], more: &str) -> String {
    let mut text = String::from(REQUEST);
    for (line, other) in replaced {
        let line = format!("{line}\r\n");
        assert!(text.contains(&line), "{line:?}");
        let other = if other.is_empty() { String::new() } else { format!("{other}\r\n") };
        text = text.replace(&line, &other);
    }
    text + more + "\r\n"
}

/// The outcome, the same whether the bytes arrive at once or one by one, and the remaining bytes.
fn receive(config: &Config, bytes: &[u8]) -> (Result<ServerRequest, Rejection>, Vec<u8>) {
    let mut outcomes = [bytes.len().max(1), 1].map(|step| {
        let mut handshake = ServerHandshake::new(config.clone());
        for start in (0..bytes.len()).step_by(step) {
            let mut piece = bytes[start..bytes.len().min(start + step)].to_vec();
            let mut input = piece.as_mut_slice();
            let left = |input: &[u8]| [input, &bytes[bytes.len().min(start + step)..]].concat();
            match handshake.receive(&mut input) {
                Ok(ServerProgress::NeedsInput(unfinished)) => {
                    assert!(input.is_empty());
                    handshake = unfinished;
                }
                Ok(ServerProgress::Request(request)) => return (Ok(request), left(input)),
                Err(rejection) => return (Err(rejection), left(input)),
            }
        }
        panic!("unfinished: {}", String::from_utf8_lossy(bytes));
    });
    let kinds = outcomes.each_ref().map(|(outcome, _)| outcome.as_ref().err().map(Rejection::kind));
    assert_eq!(kinds[0], kinds[1], "{}", String::from_utf8_lossy(bytes));
    core::mem::replace(&mut outcomes[0], (Err(rejection()), Vec::new()))
}

fn rejection() -> Rejection {
    match ServerRequest::from_parts(Config::default(), "PUT", "/", []) {
        Err(rejection) => rejection,
        Ok(_) => panic!("accepted"),
    }
}

fn response(rejection: &Rejection) -> String {
    let mut out = Vec::new();
    rejection.respond(&mut out);
    String::from_utf8(out).expect("text")
}

/// The parts of the same request, as another HTTP implementation passes them.
fn from_parts(text: &str) -> Result<ServerRequest, Rejection> {
    let (line, fields) = text.split_once("\r\n").expect("a line");
    let mut line = line.split(' ');
    let (method, target) = (line.next().expect("a method"), line.next().expect("a target"));
    let fields = fields.lines().filter_map(|line| line.split_once(':'));
    let fields = fields.map(|(name, value)| (name, value.trim().as_bytes()));
    ServerRequest::from_parts(Config::default(), method, target, fields)
}

fn accept(text: &str) -> String {
    let (outcome, _) = receive(&Config::default(), text.as_bytes());
    let request = outcome.unwrap_or_else(|rejection| panic!("{rejection}: {text}"));
    let mut out = Vec::new();
    request.accept().respond(&mut out);
    String::from_utf8(out).expect("text")
}

#[test]
fn the_example_of_rfc_6455() {
    assert_eq!(
        accept(&request(&[], "")),
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"
    );
}

#[test]
fn what_is_accepted() {
    let upgrade = "Upgrade: websocket";
    let connection = "Connection: Upgrade";
    let key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==";
    for text in [
        request(&[(connection, "Connection: keep-alive, Upgrade")], ""),
        request(&[(connection, "Connection: keep-alive\r\nconnection: x,, upgrade ,")], ""),
        request(&[(upgrade, "UPGRADE: WebSocket")], ""),
        request(&[(upgrade, "Upgrade: h2c, websocket")], ""),
        request(&[("Host: example.com:81", "host:example.com:81  ")], ""),
        request(&[], "Content-Length: 0\r\n"),
        request(&[], "Cookie: a=b\r\nCookie: c=d\r\nX-Ünïcode: ü\r\n")
            .replace("X-Ünïcode", "X-Uni"),
        request(&[], "Sec-WebSocket-Extensions: x-unknown; a=\"b,c\"\r\n"),
        // The example in RFC 6455 §4.1.
        request(&[(key, "Sec-WebSocket-Key: AQIDBAUGBwgJCgsMDQ4PEC==")], ""),
    ] {
        accept(&text);
    }
}

#[test]
fn what_is_rejected() {
    use RejectionKind::*;
    let (host, upgrade) = ("Host: example.com:81", "Upgrade: websocket");
    let (connection, version) = ("Connection: Upgrade", "Sec-WebSocket-Version: 13");
    let key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==";
    let line = "GET /chat?a=b HTTP/1.1";
    for (text, kind, status) in [
        (request(&[(line, "POST /chat HTTP/1.1")], ""), MethodNotAllowed, 405),
        (request(&[(line, "get /chat HTTP/1.1")], ""), MethodNotAllowed, 405),
        (request(&[(line, "GET /chat HTTP/1.0")], ""), UnsupportedHttpVersion, 505),
        (request(&[(line, "GET /chat HTTP/2.0")], ""), UnsupportedHttpVersion, 505),
        (request(&[(line, "GET /chat HTTP/0.9")], ""), UnsupportedHttpVersion, 505),
        (request(&[(line, "GET /chat HTTP/1.2")], ""), UnsupportedHttpVersion, 505),
        (String::from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), UnsupportedHttpVersion, 505),
        (request(&[(line, "GET /chat")], ""), Malformed, 400),
        (request(&[(line, "GET chat HTTP/1.1")], ""), Malformed, 400),
        (request(&[(line, "GET ftp://a/b HTTP/1.1")], ""), Malformed, 400),
        (request(&[(line, "GET http:///b HTTP/1.1")], ""), InvalidHost, 400),
        (request(&[(host, "")], ""), InvalidHost, 400),
        (request(&[(host, "Host: a\r\nHost: a")], ""), InvalidHost, 400),
        (request(&[(host, "Host:")], ""), InvalidHost, 400),
        (request(&[(host, "Host: a b")], ""), InvalidHost, 400),
        (request(&[(upgrade, "")], ""), NotAnUpgrade, 426),
        (request(&[(upgrade, "Upgrade: h2c")], ""), NotAnUpgrade, 426),
        (request(&[(upgrade, "Upgrade: websockets")], ""), NotAnUpgrade, 426),
        (request(&[(connection, "Connection: close")], ""), NotAnUpgrade, 426),
        (request(&[(version, "")], ""), UnsupportedVersion, 426),
        (request(&[(version, "Sec-WebSocket-Version: 8")], ""), UnsupportedVersion, 426),
        (request(&[(version, "Sec-WebSocket-Version: 13, 8")], ""), UnsupportedVersion, 426),
        (request(&[], "Sec-WebSocket-Version: 13\r\n"), RepeatedHeader, 400),
        (request(&[(key, "")], ""), InvalidKey, 400),
        (request(&[(key, "Sec-WebSocket-Key: dGhlIHNhbXBsZQ==")], ""), InvalidKey, 400),
        (request(&[(key, "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=")], ""), InvalidKey, 400),
        (request(&[(key, "Sec-WebSocket-Key: ????????????????????????")], ""), InvalidKey, 400),
        (request(&[], "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"), RepeatedHeader, 400),
        (request(&[], "Origin: http://a\r\nOrigin: http://a\r\n"), RepeatedHeader, 400),
        (request(&[], "Content-Length: 5\r\n"), HasBody, 400),
        (request(&[], "Content-Length: 0\r\nContent-Length: 0\r\n"), HasBody, 400),
        (request(&[], "Content-Length: +0\r\n"), HasBody, 400),
        (request(&[], "Transfer-Encoding: chunked\r\n"), HasBody, 400),
        (request(&[], "X: a\r\n b\r\n"), Malformed, 400),
        (request(&[], "X : a\r\n"), Malformed, 400),
        (request(&[], "X: a\nY: b\r\n"), Malformed, 400),
        (request(&[], "X: a\0b\r\n"), Malformed, 400),
        (REQUEST.replace("\r\n", "\n") + "\n", Malformed, 400),
        (String::from("\x16\x03\x01\x02\0\x01\n\r\n\r\n"), Malformed, 400),
    ] {
        let (outcome, _) = receive(&Config::default(), text.as_bytes());
        let rejection = outcome.expect_err(&text);
        assert_eq!((rejection.kind(), rejection.status()), (kind, status), "{text}");
        let response = response(&rejection);
        assert!(response.starts_with(&format!("HTTP/1.1 {status} ")), "{response}");
        assert!(response.contains("close\r\n"), "{response}");
        assert_eq!(response.contains("Allow: GET\r\n"), status == 405, "{response}");
        assert_eq!(response.contains("Sec-WebSocket-Version: 13\r\n"), status == 426, "{response}");
        assert_eq!(response.contains("Upgrade: websocket\r\n"), status == 426, "{response}");
    }
}

/// The number of bytes of the stream that are taken before a verdict, each in a read of its own.
fn verdict(config: &Config, bytes: impl IntoIterator<Item = u8>) -> (usize, Option<RejectionKind>) {
    let mut handshake = ServerHandshake::new(config.clone());
    let mut taken = 0;
    for byte in bytes {
        taken += 1;
        match handshake.receive(&mut [byte].as_mut_slice()) {
            Ok(ServerProgress::NeedsInput(unfinished)) => handshake = unfinished,
            Ok(ServerProgress::Request(_)) => panic!("accepted"),
            Err(rejection) => return (taken, Some(rejection.kind())),
        }
    }
    (taken, None)
}

#[test]
fn what_cannot_become_a_request_is_rejected_at_the_first_byte_that_shows_it() {
    use RejectionKind::{Malformed, UnsupportedHttpVersion};
    let cases: [(&str, &[u8], RejectionKind); 24] = [
        ("", b"\x16\x03\x01\x02", Malformed),
        ("", b" GET", Malformed),
        ("", b"\n", Malformed),
        ("", b"\0", Malformed),
        ("\r", b"\r", Malformed),
        ("garbage", b"\r\n", Malformed),
        ("SSH-2.0-x", b"\r\n", Malformed),
        ("GET", b"\t/", Malformed),
        ("GET ", b" /", Malformed),
        ("GET ", b"\r\n", Malformed),
        ("GET /", b"\r\n", Malformed),
        ("GET /", b"\x7F", Malformed),
        ("GET / ", b"http/1.1", Malformed),
        ("GET / HTTP/1.1", b" ", Malformed),
        ("GET / HTTP/1.1", b"\n", Malformed),
        ("GET / HTTP/1.1\r", b"H", Malformed),
        ("GET / HTTP/1.", b"2", UnsupportedHttpVersion),
        ("PRI * HTTP/", b"2.0", UnsupportedHttpVersion),
        ("GET / HTTP/1.1\r\n", b" X: y", Malformed),
        ("GET / HTTP/1.1\r\n", b": y", Malformed),
        ("GET / HTTP/1.1\r\nX", b" : y", Malformed),
        ("GET / HTTP/1.1\r\nX", b"\r\n", Malformed),
        ("GET / HTTP/1.1\r\nX: y", b"\0", Malformed),
        ("GET / HTTP/1.1\r\nX: y\r", b"\r\n", Malformed),
    ];
    for (before, rest, kind) in cases {
        let bytes = [before.as_bytes(), rest].concat();
        let expected = (before.len() + 1, Some(kind));
        assert_eq!(
            verdict(&Config::default(), bytes.clone()),
            expected,
            "{}",
            bytes.escape_ascii()
        );
        let (outcome, _) = receive(&Config::default(), &bytes);
        assert_eq!(outcome.expect_err("a violation").kind(), kind, "{}", bytes.escape_ascii());
        assert_eq!(verdict(&Config::default(), before.bytes()), (before.len(), None), "{before}");
    }
}

#[test]
fn empty_lines_before_a_request_are_ignored_up_to_the_limit() {
    let config = Config { max_head_size: 400, ..Config::default() };
    let exact = "\r\n".repeat(100) + &request(&[], "X: y\r\n");
    let padding = "\r\n".repeat((400 - exact.len()) / 2);
    for lines in ["\r\n", "\r\n\r\n", &padding] {
        let text = String::from(lines) + &exact;
        assert!(receive(&config, text.as_bytes()).0.is_ok(), "{lines:?}");
    }
    let beyond = padding + "\r\n" + &exact;
    let rejection = receive(&config, beyond.as_bytes()).0.expect_err("too large");
    assert_eq!((rejection.kind(), rejection.status()), (RejectionKind::HeadTooLarge, 431));

    let endless = verdict(&config, b"\r\n".iter().copied().cycle());
    assert_eq!(endless, (401, Some(RejectionKind::HeadTooLarge)));
}

/// RFC 9112 §3.2; the grammar has a test of its own.
#[test]
fn hosts() {
    let line = "GET /chat?a=b HTTP/1.1";
    let absolute = "GET ws://b:81/chat HTTP/1.1";
    let with = |host: &str| request(&[("Host: example.com:81", &format!("Host: {host}"))], "");
    let absolute_with = |host: &str| with(host).replace(line, absolute);
    for (text, host) in [
        (with("a,b"), "a,b"),
        (with("%41%42:80"), "%41%42:80"),
        (with("[2001:db8::1]:9001"), "[2001:db8::1]:9001"),
        (with("[v1.x]"), "[v1.x]"),
        (with("a:"), "a:"),
        (with("a:99999999"), "a:99999999"),
        (absolute_with("a"), "b:81"),
        (absolute_with(""), "b:81"),
        (with("a").replace(line, "GET http://[::1] HTTP/1.1"), "[::1]"),
    ] {
        let accepted = receive(&Config::default(), text.as_bytes()).0.expect(&text);
        assert_eq!(accepted.host(), host);
        assert_eq!(from_parts(&text).expect(&text).host(), host);
    }
    for text in [
        with("a:b:c"),
        with("a:x"),
        with("[::1"),
        with("::1"),
        with("a]"),
        with("%zz"),
        with("user@a"),
        with(":80"),
        with(""),
        with("a\r\nHost: a"),
        absolute_with("a:x"),
        absolute_with("a\r\nhost: a"),
        absolute_with("a").replace("Host: a\r\n", ""),
        with("a").replace(line, "GET ws://b:x/ HTTP/1.1"),
        with("a").replace(line, "GET ws://:81/ HTTP/1.1"),
        with("a").replace(line, "GET ws://user@b/ HTTP/1.1"),
    ] {
        let (outcome, _) = receive(&Config::default(), text.as_bytes());
        for rejection in [outcome.expect_err(&text), from_parts(&text).expect_err(&text)] {
            assert_eq!(
                (rejection.kind(), rejection.status()),
                (RejectionKind::InvalidHost, 400),
                "{text}"
            );
        }
    }
}

#[test]
fn a_head_has_limits_in_bytes_and_in_fields() {
    let exact = request(&[], "");
    let config = Config { max_head_size: exact.len(), max_headers: 5, ..Config::default() };
    assert!(receive(&config, exact.as_bytes()).0.is_ok());

    let config = Config { max_head_size: exact.len() - 1, ..config };
    let rejection = receive(&config, exact.as_bytes()).0.expect_err("too large");
    assert_eq!((rejection.kind(), rejection.status()), (RejectionKind::HeadTooLarge, 431));

    let config = Config { max_head_size: 1 << 20, max_headers: 4, ..Config::default() };
    let rejection = receive(&config, exact.as_bytes()).0.expect_err("too many");
    assert_eq!((rejection.kind(), rejection.status()), (RejectionKind::TooManyHeaders, 431));

    // The server does not wait for the end of a line that is too long already.
    let endless = [REQUEST.as_bytes(), b"X: ", &[b'x'; 20_000]].concat();
    let rejection = receive(&Config::default(), &endless).0.expect_err("too large");
    assert_eq!(rejection.kind(), RejectionKind::HeadTooLarge);
}

#[test]
fn what_follows_the_head_is_left() {
    let text = request(&[], "") + "\u{1}frames";
    let (outcome, left) = receive(&Config::default(), text.as_bytes());
    assert!(outcome.is_ok());
    assert_eq!(left, b"\x01frames");
}

#[test]
fn what_the_application_sees() {
    let text = request(
        &[("GET /chat?a=b HTTP/1.1", "GET ws://Proxy.example:90?x=/y HTTP/1.1")],
        "Origin: https://page.example\r\nSec-WebSocket-Protocol: v2, v1\r\n\
         Sec-WebSocket-Protocol: v0\r\nX: 1\r\nx: 2\r\n",
    );
    let request = receive(&Config::default(), text.as_bytes()).0.expect("valid");
    assert_eq!((request.target(), request.path(), request.query()), ("/?x=/y", "/", Some("x=/y")));
    assert_eq!(request.host(), "Proxy.example:90");
    assert_eq!(request.origin(), Some("https://page.example"));
    assert_eq!(request.subprotocols().collect::<Vec<_>>(), ["v2", "v1", "v0"]);
    assert_eq!(request.header("X"), Some("1"));
    assert_eq!(request.headers().get_all("X").collect::<Vec<_>>(), [b"1", b"2"]);
}

#[test]
fn the_page_behind_a_request() {
    let cases: [(&[u8], bool); 6] = [
        (b"", false),
        (b"Origin: http://example.com:81\r\n", false),
        (b"Origin: HTTPS://Example.com:81\r\n", false),
        (b"Origin: http://example.com\r\n", true),
        (b"Origin: null\r\n", true),
        (b"Origin: http://\xFF\r\n", true),
    ];
    for (field, cross) in cases {
        let text = [REQUEST.as_bytes(), field, b"\r\n"].concat();
        let request = receive(&Config::default(), &text).0.expect("valid");
        assert_eq!(request.is_cross_origin(), cross, "{}", field.escape_ascii());
    }
}

#[test]
fn a_subprotocol_is_chosen_as_the_client_prefers() {
    let more = "Sec-WebSocket-Protocol: v3, v2\r\nSec-WebSocket-Protocol: v1\r\n";
    let cases: [(&str, &[&str], Option<&str>); 5] = [
        (more, &["v1", "v2"], Some("v2")),
        (more, &["v1"], Some("v1")),
        (more, &["V1", "v4"], None),
        (more, &[], None),
        ("", &["v1"], None),
    ];
    for (more, supported, chosen) in cases {
        let text = request(&[], more);
        let request = receive(&Config::default(), text.as_bytes()).0.expect("valid");
        assert_eq!(request.choose_subprotocol(supported), chosen, "{supported:?}");
    }
}

#[test]
fn answers_are_made_by_the_application_without_injection() {
    let offered = request(&[], "Sec-WebSocket-Protocol: v2, v1\r\n");
    let request = || receive(&Config::default(), offered.as_bytes()).0.expect("valid");

    let mut out = Vec::new();
    let accept = request().accept().subprotocol("v1").and_then(|it| it.header("Set-Cookie", "a=b"));
    accept.expect("valid").respond(&mut out);
    let accepted = String::from_utf8(out).expect("text");
    assert!(accepted.contains("Sec-WebSocket-Protocol: v1\r\nSet-Cookie: a=b\r\n"), "{accepted}");

    assert!(matches!(request().accept().subprotocol("v3"), Err(InvalidHeader::Subprotocol(_))));
    let twice = request().accept().subprotocol("v1").and_then(|it| it.subprotocol("v2"));
    assert!(matches!(twice, Err(InvalidHeader::Subprotocol(_))));
    for (name, value) in [
        ("X", "a\r\nY: b"),
        ("X", "a\nb"),
        ("X", "\0"),
        ("X: Y", "a"),
        ("X\r\nY", "a"),
        ("", "a"),
        ("Upgrade", "h2c"),
        ("connection", "close"),
        ("Content-Length", "5"),
        ("Sec-WebSocket-Accept", "x"),
        ("Sec-WebSocket-Extensions", "x"),
    ] {
        assert!(request().accept().header(name, value).is_err(), "{name:?}: {value:?}");
        assert!(request().reject(403).header(name, value).is_err(), "{name:?}: {value:?}");
    }

    let rejection = request().reject(401).header("WWW-Authenticate", "Basic").expect("valid");
    let response = response(&rejection.body("who?"));
    assert!(response.starts_with("HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic\r\n"));
    assert!(response.ends_with("Content-Length: 4\r\n\r\nwho?"), "{response}");
}

#[test]
fn the_deadline_is_408() {
    let config = Config::default();
    let timeout = config.handshake_timeout.expect("bounded by default");
    let mut handshake = ServerHandshake::new(config);
    let start = ws_proto::Instant::EPOCH;
    assert_eq!(handshake.poll_timeout(start), Some(start + timeout));
    assert_eq!(handshake.poll_timeout(start + timeout), Some(start + timeout));
    assert!(handshake.handle_timeout(start + timeout / 2).is_ok());
    let rejection = handshake.handle_timeout(start + timeout).expect_err("late");
    assert_eq!((rejection.kind(), rejection.status()), (RejectionKind::Timeout, 408));
}
