//! The requests of a client and how it reads the responses (RFC 6455 §4.1).

use core::time::Duration;

use ws_proto::client::{
    ClientHandshake, ClientHandshakeError, ClientHandshakeErrorKind, ClientProgress, ClientRequest,
    Response,
};
use ws_proto::{Config, Instant, InvalidHeader};

fn send(request: ClientRequest) -> (ClientHandshake, String) {
    let mut out = Vec::new();
    let handshake = request.send(Config::default(), [7; 32], &mut out).expect("valid");
    (handshake, String::from_utf8(out).expect("text"))
}

fn request() -> ClientRequest {
    ClientRequest::new("example.com", "/chat").subprotocol("v2").subprotocol("v1")
}

/// The correct `Sec-WebSocket-Accept`, as a server computes it.
fn accept(sent: &str) -> String {
    use ws_proto::server;
    let mut bytes = sent.as_bytes().to_vec();
    let Ok(server::ServerProgress::Request(request)) =
        server::ServerHandshake::new(Config::default()).receive(&mut bytes.as_mut_slice())
    else {
        panic!("not valid: {sent}");
    };
    request.accept().headers().get("Sec-WebSocket-Accept").expect("always").to_owned()
}

#[derive(Debug, PartialEq)]
enum Outcome {
    Open(Option<String>),
    Refused(u16, Vec<u8>),
    Failed(ClientHandshakeErrorKind),
    Unfinished,
}

/// The outcome, the same whether the bytes arrive at once or one by one.
fn receive(response: impl Fn(&str) -> String) -> Outcome {
    let [whole, single] = [usize::MAX, 1].map(|step| {
        let (mut handshake, sent) = send(request());
        let mut bytes = response(&accept(&sent)).into_bytes();
        for piece in bytes.chunks_mut(step.min(1 << 20)) {
            let mut input = piece;
            match handshake.receive(&mut input) {
                Ok(ClientProgress::NeedsInput(unfinished)) => handshake = unfinished,
                Ok(ClientProgress::Open(_, response)) => {
                    return Outcome::Open(response.subprotocol().map(str::to_owned));
                }
                Ok(ClientProgress::Refused(response)) => return refused(&response),
                Err(error) => return Outcome::Failed(error.kind()),
            }
        }
        match handshake.receive_eof() {
            Ok(response) => refused(&response),
            Err(error) => {
                assert_eq!(error.kind(), ClientHandshakeErrorKind::UnexpectedEof);
                Outcome::Unfinished
            }
        }
    });
    assert_eq!(whole, single);
    whole
}

fn refused(response: &Response) -> Outcome {
    Outcome::Refused(response.status(), response.body().to_vec())
}

#[test]
fn the_request() {
    let (_, sent) =
        send(request().header("Authorization", "Bearer x").header("Origin", "https://a"));
    let (before, rest) = sent.split_once("Sec-WebSocket-Key: ").expect("a key");
    assert_eq!(
        before,
        "GET /chat HTTP/1.1\r\nHost: example.com\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    );
    let (key, rest) = rest.split_once("\r\n").expect("a line");
    assert_eq!(key.len(), 24);
    assert_eq!(
        rest,
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: v2, v1\r\n\
         Authorization: Bearer x\r\nOrigin: https://a\r\n\r\n"
    );
}

#[test]
fn keys_come_from_the_seed() {
    let sent = |seed| {
        let mut out = Vec::new();
        request().send(Config::default(), [seed; 32], &mut out).expect("valid");
        out
    };
    assert_eq!(sent(1), sent(1));
    assert_ne!(sent(1), sent(2));
}

#[test]
fn credentials_of_the_address_are_sent() {
    let request =
        || ClientRequest::for_uri(&"ws://me:p%40ss@example.com/".parse().expect("an address"));
    let (_, sent) = send(request());
    assert!(sent.contains("\r\nHost: example.com\r\n"), "{sent}");
    assert!(sent.contains("\r\nAuthorization: Basic bWU6cEBzcw==\r\n"), "{sent}");

    let (_, sent) = send(request().header("authorization", "Bearer x"));
    assert_eq!(sent.matches("uthorization: ").count(), 1, "{sent}");
    assert!(sent.contains("\r\nauthorization: Bearer x\r\n"), "{sent}");
}

#[test]
fn a_user_agent_is_sent_if_one_is_set() {
    let default = |request: ClientRequest| request.default_user_agent(Some("adapter/1"));
    for (request, expected) in [
        (request(), None),
        (default(request()), Some("User-Agent: adapter/1")),
        (request().user_agent(Some("own/2 (x)")), Some("User-Agent: own/2 (x)")),
        (default(request().user_agent(Some("own/2"))), Some("User-Agent: own/2")),
        (default(request()).user_agent(Some("own/2")), Some("User-Agent: own/2")),
        (default(request().user_agent(None)), None),
        (default(request()).user_agent(None), None),
        (default(default(request()).default_user_agent(Some("b"))), Some("User-Agent: adapter/1")),
        (default(request().header("user-agent", "own/3")), Some("user-agent: own/3")),
    ] {
        let (_, sent) = send(request.clone());
        let lines = sent.lines().filter(|line| line.to_ascii_lowercase().starts_with("user-agent"));
        assert_eq!(lines.collect::<Vec<_>>(), Vec::from_iter(expected));
        let over_http2 = request.extended_connect(Config::default(), [7; 32]).expect("valid");
        let value = expected.and_then(|line| line.split_once(": ")).map(|(_, value)| value);
        assert_eq!(over_http2.headers().get("user-agent"), value);
    }
}

#[test]
fn what_cannot_be_requested() {
    for request in [
        ClientRequest::new("exa mple.com", "/"),
        ClientRequest::new("example.com\r\nX: y", "/"),
        ClientRequest::new("", "/"),
        ClientRequest::new("user@example.com", "/"),
        ClientRequest::new("example.com:x", "/"),
        ClientRequest::new("::1", "/"),
        ClientRequest::new("%zz", "/"),
        ClientRequest::new("example.com", "chat"),
        ClientRequest::new("example.com", "/ HTTP/1.1\r\nX: y"),
        ClientRequest::new("example.com", "/a b"),
        ClientRequest::new("example.com", "/a#b"),
        request().header("X", "a\r\nY: b"),
        request().user_agent(Some("a\r\nY: b")),
        request().default_user_agent(Some("a\0")),
        request().header("X Y", "a"),
        request().header("Host", "b"),
        request().header("Sec-WebSocket-Key", "b"),
        request().header("upgrade", "b"),
        request().subprotocol("a b"),
        request().subprotocol(""),
        request().subprotocol("v1"),
    ] {
        let mut out = Vec::new();
        let error: InvalidHeader =
            request.clone().send(Config::default(), [7; 32], &mut out).expect_err("invalid");
        assert!(!error.to_string().contains('\n'), "{error}");
        assert_eq!(out, [], "{request:?}");
    }
}

#[test]
fn responses_of_101() {
    use ClientHandshakeErrorKind::*;
    let full = |accept: &str| {
        format!(
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Accept: {accept}\r\n"
        )
    };
    let open = |protocol: Option<&str>| Outcome::Open(protocol.map(str::to_owned));
    let with = |more: &'static str| receive(move |accept| full(accept) + more + "\r\n");
    let without = |line: &'static str, other: &'static str| {
        receive(move |accept| full(accept).replace(line, other) + "\r\n")
    };

    assert_eq!(with(""), open(None));
    assert_eq!(with("Sec-WebSocket-Protocol: v1\r\n"), open(Some("v1")));
    assert_eq!(with("Sec-WebSocket-Extensions: \r\n"), open(None));
    assert_eq!(without("Upgrade: websocket", "upgrade: WebSocket"), open(None));
    assert_eq!(without("Connection: Upgrade", "connection: x, UPGRADE"), open(None));
    assert_eq!(without("Switching Protocols", ""), open(None));
    let interim = "HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n";
    assert_eq!(receive(|accept| interim.to_owned() + &full(accept) + "\r\n"), open(None));

    for (line, other, kind) in [
        ("Upgrade: websocket\r\n", "", MissingUpgrade),
        ("Upgrade: websocket\r\n", "Upgrade: h2c\r\n", MissingUpgrade),
        ("Connection: Upgrade\r\n", "", MissingUpgrade),
        ("Connection: Upgrade\r\n", "Connection: close\r\n", MissingUpgrade),
        ("Sec-WebSocket-Accept", "X", InvalidAccept),
        ("Sec-WebSocket-Accept: ", "Sec-WebSocket-Accept: x", InvalidAccept),
        ("HTTP/1.1 101", "HTTP/1.1 10", Malformed),
        ("HTTP/1.1 101", "ICY 101", Malformed),
        ("\r\nUpgrade", "\nUpgrade", Malformed),
    ] {
        assert_eq!(without(line, other), Outcome::Failed(kind), "{line:?} -> {other:?}");
    }
    for (more, kind) in [
        ("Sec-WebSocket-Protocol: v3\r\n", InvalidSubprotocol),
        ("Sec-WebSocket-Protocol: V1\r\n", InvalidSubprotocol),
        ("Sec-WebSocket-Protocol: v1, v2\r\n", InvalidSubprotocol),
        ("Sec-WebSocket-Protocol: v1\r\nSec-WebSocket-Protocol: v1\r\n", InvalidSubprotocol),
        ("Sec-WebSocket-Extensions: permessage-deflate\r\n", InvalidExtension),
        ("Sec-WebSocket-Accept: x\r\n", InvalidAccept),
    ] {
        assert_eq!(with(more), Outcome::Failed(kind), "{more:?}");
    }
    assert_eq!(receive(|accept| full(accept)), Outcome::Unfinished);
}

#[test]
fn what_cannot_become_a_response_fails_at_the_first_byte_that_shows_it() {
    let cases: [(&str, &[u8]); 16] = [
        ("", b"SSH-2.0-OpenSSH_9.2p1\r\n"),
        ("", b"\x15\x03\x01\0\x02\x02\x46"),
        ("", b"220 mail.example ESMTP\r\n"),
        ("", b"\r\nHTTP/1.1 101"),
        ("HTTP/", b"2 101"),
        ("HTTP/1.", b"2 101"),
        ("HTTP/1.1", b"\t101"),
        ("HTTP/1.1 ", b" 101"),
        ("HTTP/1.1 10", b" X"),
        ("HTTP/1.1 101", b"0"),
        ("HTTP/1.1 101", b"\n"),
        ("HTTP/1.1 101 a", b"\0"),
        ("HTTP/1.1 101 a\r", b"X"),
        ("HTTP/1.1 101 a\r\n", b" folded: x"),
        ("HTTP/1.1 101 a\r\nX", b" : y"),
        ("HTTP/1.1 101 a\r\nX: y", b"\n"),
    ];
    for (before, rest) in cases {
        let (mut handshake, _) = send(request());
        for byte in before.bytes() {
            handshake = match handshake.receive(&mut [byte].as_mut_slice()) {
                Ok(ClientProgress::NeedsInput(unfinished)) => unfinished,
                other => panic!("{before:?}: {other:?}"),
            };
        }
        let kind = match rest {
            [0x15, ..] => ClientHandshakeErrorKind::TlsAlert,
            _ => ClientHandshakeErrorKind::Malformed,
        };
        let error = handshake.receive(&mut [rest[0]].as_mut_slice()).expect_err(before);
        assert_eq!(error.kind(), kind, "{before:?}");
        let whole = [before.as_bytes(), rest].concat();
        let whole = receive(|_| String::from_utf8_lossy(&whole).into_owned());
        assert_eq!(whole, Outcome::Failed(kind), "{before:?}");
    }
}

#[test]
fn refusals_keep_their_body() {
    for (response, status, body) in [
        ("HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\ngone!", 404, "gone"),
        ("HTTP/1.1 503 Busy\r\n\r\nuntil the end", 503, "until the end"),
        ("HTTP/1.1 400 X\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n", 400, "abc"),
        ("HTTP/1.1 204 No Content\r\n\r\nnot this", 204, ""),
        ("HTTP/1.1 302 Found\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n", 302, ""),
        ("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\ncut", 200, "cut"),
    ] {
        let outcome = receive(|_| response.to_owned());
        assert_eq!(outcome, Outcome::Refused(status, body.as_bytes().to_vec()), "{response}");
    }
}

/// The part of these bytes' refusal that has arrived when nothing more arrives.
fn refusal(
    bytes: &str,
    end: impl Fn(ClientHandshake) -> Result<Response, ClientHandshakeError>,
) -> Outcome {
    let (mut handshake, _) = send(request());
    handshake.poll_timeout(Instant::EPOCH);
    for mut piece in bytes.as_bytes().to_vec().chunks_mut(7) {
        handshake = match handshake.receive(&mut piece) {
            Ok(ClientProgress::NeedsInput(unfinished)) => unfinished,
            other => panic!("{bytes:?}: {other:?}"),
        };
    }
    match end(handshake) {
        Ok(response) => refused(&response),
        Err(error) => Outcome::Failed(error.kind()),
    }
}

#[test]
fn a_refusal_that_breaks_off_is_one_as_soon_as_its_head_is_there() {
    use ClientHandshakeErrorKind::{Timeout, UnexpectedEof};
    let timeout = Config::default().handshake_timeout.expect("bounded by default");
    let late = |mut handshake: ClientHandshake| {
        let outcome = handshake.handle_timeout(Instant::EPOCH + timeout);
        outcome.map(|response| response.expect("the deadline has passed"))
    };
    let ended = ClientHandshake::receive_eof;
    let head = "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic\r\n";
    for (rest, body) in [
        ("Content-Length: 100\r\n\r\n", ""),
        ("Content-Length: 100\r\n\r\nwho are", "who are"),
        ("\r\nwho are", "who are"),
        ("Transfer-Encoding: chunked\r\n\r\n64\r\nwho are", "who are"),
        ("Transfer-Encoding: chunked\r\n\r\n3\r\nwho\r\n4", "who"),
    ] {
        let bytes = format!("{head}{rest}");
        let expected = || Outcome::Refused(401, body.into());
        assert_eq!(refusal(&bytes, late), expected(), "{rest:?}");
        assert_eq!(refusal(&bytes, ended), expected(), "{rest:?}");
    }
    for part in ["", "HTTP/1.1 401 ", head, "HTTP/1.1 103 X\r\n\r\n"] {
        assert_eq!(refusal(part, late), Outcome::Failed(Timeout), "{part:?}");
        assert_eq!(refusal(part, ended), Outcome::Failed(UnexpectedEof), "{part:?}");
    }
}

#[test]
fn before_the_deadline_more_is_waited_for() {
    let timeout = Config::default().handshake_timeout.expect("bounded by default");
    let (mut handshake, _) = send(request());
    assert_eq!(handshake.poll_timeout(Instant::EPOCH), Some(Instant::EPOCH + timeout));
    let early = Instant::EPOCH + (timeout - Duration::from_nanos(1));
    for piece in ["HTTP/1.1 403 X\r\n", "X: y\r\n\r"] {
        let progress = handshake.receive(&mut piece.as_bytes().to_vec().as_mut_slice());
        let Ok(ClientProgress::NeedsInput(unfinished)) = progress else { panic!("{progress:?}") };
        handshake = unfinished;
        assert_eq!(handshake.handle_timeout(early), Ok(None));
    }
    let progress = handshake.receive(&mut b"\nno".to_vec().as_mut_slice());
    let Ok(ClientProgress::NeedsInput(mut handshake)) = progress else { panic!("{progress:?}") };
    assert_eq!(handshake.handle_timeout(early), Ok(None));
    let progress = handshake.receive(&mut b"!".to_vec().as_mut_slice());
    let Ok(ClientProgress::NeedsInput(handshake)) = progress else { panic!("{progress:?}") };
    let response = handshake.receive_eof().expect("a refusal");
    assert_eq!(response.body(), b"no!");
}

/// A redirect needs no body; the part that has arrived with its head is kept.
#[test]
fn a_redirect_is_complete_with_its_head() {
    for (status, fields, body, is_complete) in [
        (302, "Location: /x\r\nContent-Length: 100\r\n", "go", true),
        (301, "Location: /x\r\nContent-Length: 100\r\n", "", true),
        (307, "Location: /x\r\n", "on", true),
        (308, "Location: /x\r\nTransfer-Encoding: chunked\r\n", "", true),
        (303, "Content-Length: 100\r\n", "", false),
        (300, "Location: /x\r\nContent-Length: 100\r\n", "", false),
        (401, "Location: /x\r\nContent-Length: 100\r\n", "", false),
    ] {
        let (handshake, _) = send(request());
        let text = format!("HTTP/1.1 {status} X\r\n{fields}\r\n{body}");
        match handshake.receive(&mut text.clone().into_bytes().as_mut_slice()) {
            Ok(ClientProgress::Refused(response)) if is_complete => {
                assert_eq!(refused(&response), Outcome::Refused(status, body.into()));
            }
            Ok(ClientProgress::NeedsInput(_)) if !is_complete => {}
            other => panic!("{text:?}: {other:?}"),
        }
        let (mut handshake, _) = send(request());
        let (last, others) =
            text.as_bytes()[..text.len() - body.len()].split_last().expect("bytes");
        for byte in others {
            let progress = handshake.receive(&mut [*byte].as_mut_slice());
            let Ok(ClientProgress::NeedsInput(unfinished)) = progress else {
                panic!("{progress:?}")
            };
            handshake = unfinished;
        }
        let progress = handshake.receive(&mut [*last].as_mut_slice());
        assert_eq!(matches!(progress, Ok(ClientProgress::Refused(_))), is_complete, "{text:?}");
    }
}

#[test]
fn endless_answers_are_cut() {
    let endless = receive(|_| format!("HTTP/1.1 101 X\r\nX: {}", "x".repeat(20_000)));
    assert_eq!(endless, Outcome::Failed(ClientHandshakeErrorKind::HeadTooLarge));
    let many = receive(|_| String::from("HTTP/1.1 101 X\r\n") + &"X: y\r\n".repeat(101) + "\r\n");
    assert_eq!(many, Outcome::Failed(ClientHandshakeErrorKind::TooManyHeaders));
    let hints = receive(|_| "HTTP/1.1 103 X\r\nX: yyyyyyyyyyyyyyyy\r\n\r\n".repeat(1000));
    assert_eq!(hints, Outcome::Failed(ClientHandshakeErrorKind::HeadTooLarge));
    let Outcome::Refused(403, body) =
        receive(|_| format!("HTTP/1.1 403 X\r\n\r\n{}", "x".repeat(100_000)))
    else {
        panic!("not refused");
    };
    assert_eq!(body.len(), Config::default().max_body_size);
}
