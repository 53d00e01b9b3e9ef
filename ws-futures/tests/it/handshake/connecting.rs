//! A client.

use std::io;

use ws_futures::client::{ClientHandshakeErrorKind, ClientRequest};
use ws_futures::proto::Role;
use ws_futures::{Config, HandshakeError, Message};

use crate::handshake::{CUTS, connecting, request, text};
use crate::support::handshake::{response, response_with};
use crate::support::script::Script;
use crate::support::task::run;
use crate::support::{SEED, wire};

#[test]
fn at_every_chunking() {
    for cut in CUTS {
        let (mut task, remote, _clock) =
            connecting(&Config::default(), Script::cut(cut), request());
        task.wait();
        let sent = text(&remote);
        assert!(sent.starts_with("GET /chat HTTP/1.1\r\nHost: example.com\r\n"), "{sent}");
        assert!(sent.ends_with("\r\n\r\n"), "{sent}");
        remote.send(response(SEED).as_bytes());
        let (socket, response) = task.finish().expect("a valid response");
        assert_eq!(response.status(), 101);
        assert!(socket.closed().is_none());
    }
}

#[test]
fn frames_behind_the_response_are_kept() {
    let head = response(SEED);
    let frames = [wire::text(Role::Client, "first"), wire::binary(Role::Client, &[2; 300])];
    let wire = [head.as_bytes(), &frames.concat()].concat();
    for cut in 0..=wire.len() {
        let (mut task, remote, _clock) =
            connecting(&Config::default(), Script::default(), request());
        remote.send(&wire[..cut]);
        let early = task.run();
        remote.send(&wire[cut..]);
        let (mut socket, _response) = match early {
            std::task::Poll::Ready(result) => result.expect("a valid response"),
            std::task::Poll::Pending => task.finish().expect("a valid response"),
        };
        for expected in [Message::text("first"), Message::binary(vec![2; 300])] {
            let message = run(socket.recv()).expect("no error");
            assert_eq!(message, Some(expected), "cut at {cut}");
        }
    }
}

#[test]
fn the_request_is_flushed() {
    let script = Script { holds: true, ..Script::default() };
    let (mut task, remote, _clock) = connecting(&Config::default(), script, request());
    task.wait();
    assert!(text(&remote).ends_with("\r\n\r\n"));
}

#[test]
fn with_a_subprotocol() {
    let asks = || request().subprotocol("chat.v2").subprotocol("chat.v1");
    let (mut task, remote, _clock) = connecting(&Config::default(), Script::default(), asks());
    task.wait();
    assert!(text(&remote).contains("\r\nSec-WebSocket-Protocol: chat.v2, chat.v1\r\n"));
    let chosen = "Sec-WebSocket-Protocol: chat.v1\r\n";
    remote.send(response_with(SEED, chosen).as_bytes());
    let (_socket, response) = task.finish().expect("a valid response");
    assert_eq!(response.subprotocol(), Some("chat.v1"));
}

/// A client that trusts such an answer would talk to somebody else's server.
#[test]
fn answers_to_another_request() {
    // One of each kind that the loop could treat alike by mistake. The core's tests have all of them.
    let cases = [
        (response([8; 32]), ClientHandshakeErrorKind::InvalidAccept),
        // No blank line follows: it is not waited for.
        ("\x15\x03\x01\0\x02\x02\x46".into(), ClientHandshakeErrorKind::TlsAlert),
        ("\x16\x03\x01\0\x02\x02\x46".into(), ClientHandshakeErrorKind::Malformed),
        (
            response_with(SEED, &format!("X: {}\r\n", "x".repeat(20_000))),
            ClientHandshakeErrorKind::HeadTooLarge,
        ),
    ];
    for (response, kind) in cases {
        for cut in CUTS {
            let (mut task, remote, _clock) =
                connecting(&Config::default(), Script::cut(cut), request());
            remote.send(response.as_bytes());
            let Err(HandshakeError::Response(error)) = task.finish() else {
                panic!("{kind:?}, {cut:?}")
            };
            assert_eq!(error.kind(), kind, "{cut:?}");
            assert!(remote.is_dropped(), "{kind:?}, {cut:?}");
        }
    }
}

#[test]
fn a_refusal_comes_with_its_fields_and_its_body() {
    let cases = [
        ("Content-Length: 3\r\n\r\nno!and more", "no!", false),
        ("Transfer-Encoding: chunked\r\n\r\n2\r\nno\r\n1\r\n!\r\n0\r\n\r\n", "no!", false),
        ("\r\nuntil the end", "until the end", true),
        ("Content-Length: 100\r\n\r\ncut short", "cut short", true),
    ];
    for (rest, body, ends) in cases {
        for cut in CUTS {
            let (mut task, remote, _clock) =
                connecting(&Config::default(), Script::cut(cut), request());
            let head = "HTTP/1.1 403 Forbidden\r\nX-Reason: because\r\n";
            remote.send(format!("{head}{rest}").as_bytes());
            if ends {
                task.wait();
                remote.end();
            }
            let Err(HandshakeError::Refused(response)) = task.finish() else {
                panic!("{rest:?}, {cut:?}")
            };
            assert_eq!(response.status(), 403, "{rest:?}, {cut:?}");
            assert_eq!(response.header("x-reason"), Some("because"), "{rest:?}, {cut:?}");
            assert_eq!(response.body(), body.as_bytes(), "{rest:?}, {cut:?}");
        }
    }
}

/// How a body breaks off.
#[derive(Clone, Copy, Debug)]
enum Break {
    End,
    Error(io::ErrorKind),
    Silence,
}

/// What has arrived of a refusal is not lost to how it ends.
#[test]
fn a_refusal_whose_body_breaks_off() {
    let breaks = [
        Break::End,
        Break::Error(io::ErrorKind::ConnectionReset),
        Break::Error(io::ErrorKind::TimedOut),
        Break::Silence,
    ];
    let head = "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"x\"\r\n";
    for (rest, body) in [
        ("Content-Length: 100\r\n\r\n", ""),
        ("Content-Length: 100\r\n\r\nwho are", "who are"),
        ("\r\nwho are", "who are"),
        ("Transfer-Encoding: chunked\r\n\r\n64\r\nwho are", "who are"),
    ] {
        for (broken, cut) in breaks.iter().flat_map(|broken| CUTS.map(|cut| (broken, cut))) {
            let (mut task, remote, clock) =
                connecting(&Config::default(), Script::cut(cut), request());
            remote.send(format!("{head}{rest}").as_bytes());
            task.wait();
            match *broken {
                Break::End => remote.end(),
                Break::Error(kind) => remote.break_reading(kind),
                Break::Silence => clock.advance(clock.next().expect("a deadline")),
            }
            let case = format!("{rest:?}, {broken:?}, {cut:?}");
            let Err(HandshakeError::Refused(response)) = task.finish() else { panic!("{case}") };
            assert_eq!(response.status(), 401, "{case}");
            assert_eq!(response.header("www-authenticate"), Some("Basic realm=\"x\""), "{case}");
            assert_eq!(response.body(), body.as_bytes(), "{case}");
            assert!(remote.is_dropped(), "{case}");
        }
    }
}

#[test]
fn the_body_of_a_redirect_is_not_waited_for() {
    for cut in CUTS {
        let (mut task, remote, _clock) =
            connecting(&Config::default(), Script::cut(cut), request());
        remote.send(b"HTTP/1.1 302 Found\r\nLocation: /x\r\nContent-Length: 100\r\n\r\n");
        let Err(HandshakeError::Refused(response)) = task.finish() else { panic!("{cut:?}") };
        assert_eq!((response.status(), response.header("location")), (302, Some("/x")));
    }
}

#[test]
fn the_stream_ends_in_the_response() {
    let response = response(SEED);
    for len in 0..response.len() {
        let (mut task, remote, _clock) =
            connecting(&Config::default(), Script::default(), request());
        remote.send(&response.as_bytes()[..len]);
        remote.end();
        let Err(HandshakeError::Io(error)) = task.finish() else { panic!("{len} bytes") };
        assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof, "{len} bytes");
    }
}

#[test]
fn the_stream_breaks() {
    let response = response(SEED);
    for len in 0..response.len() {
        let (mut task, remote, _clock) =
            connecting(&Config::default(), Script::default(), request());
        remote.send(&response.as_bytes()[..len]);
        remote.break_reading(io::ErrorKind::ConnectionReset);
        let Err(HandshakeError::Io(error)) = task.finish() else { panic!("{len} bytes") };
        assert_eq!(error.kind(), io::ErrorKind::ConnectionReset, "{len} bytes");
    }
    for len in [0, 1, 100] {
        let (mut task, remote, _clock) =
            connecting(&Config::default(), Script::default(), request());
        remote.break_writing_after(len);
        let Err(HandshakeError::Io(error)) = task.finish() else { panic!("{len} bytes") };
        assert_eq!(error.kind(), io::ErrorKind::BrokenPipe, "{len} bytes");
    }
}

#[test]
fn what_would_forge_the_request_is_not_sent() {
    let requests = [
        request().header("X-Test", "a\r\nHost: elsewhere"),
        request().header("X-Test\r\nHost", "elsewhere"),
        request().header("Sec-WebSocket-Key", "mine"),
        request().header("Content-Length", "5"),
        request().subprotocol("a, b"),
        request().subprotocol("a\r\n"),
        ClientRequest::new("example.com\r\nX: y", "/"),
        ClientRequest::new("example.com", "/ HTTP/1.1\r\nX: y"),
    ];
    for request in requests {
        let asked = format!("{request:?}");
        let (mut task, remote, _clock) = connecting(&Config::default(), Script::default(), request);
        assert!(matches!(task.finish(), Err(HandshakeError::Header(_))), "{asked}");
        assert!(remote.take().is_empty(), "{asked}");
        assert!(remote.is_dropped(), "{asked}");
    }
}
