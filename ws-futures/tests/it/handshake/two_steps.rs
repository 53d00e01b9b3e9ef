//! A server that inspects the request before it answers.

use ws_futures::proto::server::RejectionKind;
use ws_futures::proto::{InvalidHeader, Role};
use ws_futures::{Config, HandshakeError, Incoming, Message};

use crate::handshake::text;
use crate::support::clock::{Alarm, Clock};
use crate::support::handshake::{ACCEPT, REQUEST};
use crate::support::script::Script;
use crate::support::stream::{self, Remote, Stream};
use crate::support::task::{Task, run};
use crate::support::wire;

fn incoming(request: &str) -> (Incoming<Stream, Alarm>, Remote) {
    let (stream, remote) = stream::with_remote(Script::cut(&[0, 3, 1]));
    remote.send(request.as_bytes());
    let incoming = run(Incoming::read(stream, Clock::default().alarm(), Config::default()));
    (incoming.expect("a head"), remote)
}

#[test]
fn nothing_is_answered_before_the_decision() {
    let (incoming, remote) = incoming(REQUEST);
    let request = incoming.request().expect("a valid request");
    assert_eq!((request.target(), request.host()), ("/chat", "server.example.com"));
    assert_eq!(request.origin(), Some("http://example.com"));
    assert_eq!(request.subprotocols().collect::<Vec<_>>(), ["chat", "superchat"]);
    assert!(remote.take().is_empty());
    drop(incoming);
    assert!(remote.is_dropped());
    assert!(remote.take().is_empty());
}

#[test]
fn accepted_with_a_subprotocol_and_a_field() {
    let (incoming, remote) = incoming(REQUEST);
    // A frame that was sent before the response arrived is kept.
    remote.send(&wire::text(Role::Server, "impatient"));
    let mut socket =
        run(incoming
            .accept_with(|accept| accept.subprotocol("superchat")?.header("Set-Cookie", "a=b")))
        .expect("accepted");
    let expected = format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Accept: {ACCEPT}\r\nSec-WebSocket-Protocol: superchat\r\n\
         Set-Cookie: a=b\r\n\r\n"
    );
    assert_eq!(text(&remote), expected);
    assert_eq!(run(socket.recv()).expect("no error"), Some(Message::text("impatient")));
}

#[test]
fn what_would_forge_the_answer_is_not_sent() {
    for (name, value) in [("X-Test", "a\r\nSet-Cookie: b=c"), ("Sec-WebSocket-Accept", "forged")] {
        let (accepted, remote) = incoming(REQUEST);
        let result = run(accepted.accept_with(|accept| accept.header(name, value)));
        assert!(matches!(result, Err(HandshakeError::Header(_))), "{name:?}: {value:?}");
        assert!(remote.is_dropped() && remote.take().is_empty(), "{name:?}: {value:?}");

        if name.starts_with("Sec-WebSocket") {
            continue;
        }
        let (rejected, remote) = incoming(REQUEST);
        let result = run(rejected.reject(403, |rejection| rejection.header(name, value)));
        assert!(matches!(result, Err(HandshakeError::Header(_))), "{name:?}: {value:?}");
        assert!(remote.is_dropped() && remote.take().is_empty(), "{name:?}: {value:?}");
    }
    let (incoming, remote) = incoming(REQUEST);
    let result = run(incoming.accept_with(|accept| accept.subprotocol("not-offered")));
    let Err(HandshakeError::Header(InvalidHeader::Subprotocol(name))) = result else { panic!() };
    assert_eq!(name, "not-offered");
    assert!(remote.is_dropped() && remote.take().is_empty());
}

#[test]
fn rejected_with_a_field_and_a_body() {
    let (incoming, remote) = incoming(REQUEST);
    let mut reject = Task::new(incoming.reject(401, |rejection| {
        Ok(rejection.header("WWW-Authenticate", "Basic")?.body("who are you?"))
    }));
    reject.wait();
    let response = text(&remote);
    assert!(response.starts_with("HTTP/1.1 401 Unauthorized\r\n"), "{response}");
    assert!(response.contains("\r\nWWW-Authenticate: Basic\r\n"), "{response}");
    assert!(response.contains("\r\nContent-Length: 12\r\n"), "{response}");
    assert!(response.ends_with("\r\n\r\nwho are you?"), "{response}");
    // Our direction of the stream is closed, and input is read until the client closes its own.
    assert!(remote.is_ended() && !remote.is_dropped());
    remote.end();
    reject.finish().expect("answered");
    assert!(remote.is_dropped());
}

#[test]
fn plain_http_is_served_on_the_same_port() {
    let (incoming, remote) = incoming("GET /health HTTP/1.1\r\nHost: example.com\r\n\r\n");
    let rejection = incoming.request().expect_err("no upgrade");
    assert_eq!(rejection.kind(), RejectionKind::NotAnUpgrade);
    assert_eq!(rejection.request().expect("a head").path(), "/health");
    remote.end();
    run(incoming.reject(200, |response| Ok(response.body("well")))).expect("answered");
    let response = text(&remote);
    assert!(response.starts_with("HTTP/1.1 200 OK\r\n"), "{response}");
    assert!(response.ends_with("\r\n\r\nwell"), "{response}");
}

#[test]
fn accepting_a_bad_request_refuses_it() {
    let (incoming, remote) = incoming("GET / HTTP/1.1\r\nHost: example.com\r\n\r\n");
    remote.end();
    let Err(HandshakeError::Rejected(rejection)) = run(incoming.accept()) else { panic!() };
    assert_eq!(rejection.status(), 426);
    assert!(text(&remote).starts_with("HTTP/1.1 426 "));
}
