//! The opening handshake over HTTP/2 (RFC 8441) and HTTP/3 (RFC 9220).

use ws_proto::client::{self, ClientHandshakeErrorKind, ExtendedConnectOutcome};
use ws_proto::server::{PseudoHeaders, Rejection, RejectionKind, ServerRequest};
use ws_proto::{Config, Connection, Event, InvalidHeader, Role};

const CONNECT: PseudoHeaders<'_> = PseudoHeaders {
    method: "CONNECT",
    protocol: Some("websocket"),
    authority: "example.com:81",
    path: "/chat?a=b",
};
const VERSION: (&str, &[u8]) = ("sec-websocket-version", b"13");

fn receive(
    pseudo: &PseudoHeaders<'_>,
    headers: &[(&str, &[u8])],
) -> Result<ServerRequest, Box<Rejection>> {
    ServerRequest::from_pseudo_headers(Config::default(), pseudo, headers.iter().copied())
        .map_err(Box::new)
}

fn sent(request: client::ClientRequest) -> client::ExtendedConnect {
    request.extended_connect(Config::default(), [7; 32]).expect("valid")
}

#[test]
fn a_request_is_granted_with_200_and_no_fields_of_a_connection() {
    let request = receive(&CONNECT, &[VERSION]).expect("valid");
    assert_eq!((request.host(), request.target()), ("example.com:81", "/chat?a=b"));
    let accept = request.accept();
    assert_eq!(accept.status(), 200);
    assert!(accept.headers().is_empty(), "{:?}", accept.headers());
    assert_eq!(accept.into_connection().role(), Role::Server);
}

/// RFC 8441 §5: the two fields are not processed.
#[test]
fn a_key_is_not_answered() {
    for key in [&b"dGhlIHNhbXBsZSBub25jZQ=="[..], b"no key"] {
        let request = receive(&CONNECT, &[VERSION, ("sec-websocket-key", key)]).expect("valid");
        assert!(request.accept().headers().is_empty());
    }
}

#[test]
fn a_host_field_stands_in_for_the_authority() {
    let pseudo = PseudoHeaders { authority: "", ..CONNECT };
    let request = receive(&pseudo, &[VERSION, ("host", b"other.example")]).expect("valid");
    assert_eq!(request.host(), "other.example");
}

#[test]
fn what_is_rejected() {
    use RejectionKind::*;
    let with = |extra: &'static [(&'static str, &'static [u8])]| [&[VERSION], extra].concat();
    for (pseudo, headers, kind, status) in [
        (PseudoHeaders { method: "GET", ..CONNECT }, with(&[]), NotConnect, 405),
        (PseudoHeaders { protocol: None, ..CONNECT }, with(&[]), UnsupportedProtocol, 501),
        (
            PseudoHeaders { protocol: Some("connect-udp"), ..CONNECT },
            with(&[]),
            UnsupportedProtocol,
            501,
        ),
        (PseudoHeaders { path: "", ..CONNECT }, with(&[]), Malformed, 400),
        (PseudoHeaders { path: "chat", ..CONNECT }, with(&[]), Malformed, 400),
        (PseudoHeaders { authority: "", ..CONNECT }, with(&[]), InvalidHost, 400),
        (PseudoHeaders { authority: "a b", ..CONNECT }, with(&[]), InvalidHost, 400),
        (PseudoHeaders { authority: "a:x", ..CONNECT }, with(&[]), InvalidHost, 400),
        (PseudoHeaders { authority: "::1", ..CONNECT }, with(&[]), InvalidHost, 400),
        (PseudoHeaders { authority: "", ..CONNECT }, with(&[("host", b"[::1")]), InvalidHost, 400),
        (CONNECT, with(&[("host", b"a:b:c")]), InvalidHost, 400),
        (CONNECT, with(&[("host", b"a"), ("host", b"a")]), InvalidHost, 400),
        (CONNECT, with(&[("content-length", b"0")]), HasBody, 400),
        (CONNECT, with(&[VERSION]), RepeatedHeader, 400),
        (CONNECT, with(&[("origin", b"https://a"), ("origin", b"https://a")]), RepeatedHeader, 400),
        (CONNECT, with(&[("x", b"a\nb")]), Malformed, 400),
        (CONNECT, vec![], UnsupportedVersion, 426),
        (CONNECT, vec![("sec-websocket-version", b"8" as &[u8])], UnsupportedVersion, 426),
    ] {
        let rejection = receive(&pseudo, &headers).expect_err("not valid");
        assert_eq!(
            (rejection.kind(), rejection.status()),
            (kind, status),
            "{pseudo:?} {headers:?}"
        );
        let (answered, fields, body) = rejection.into_parts();
        assert_eq!(answered, status);
        assert_eq!(fields.get("allow"), (status == 405).then_some("CONNECT"));
        assert_eq!(fields.get("sec-websocket-version"), (status == 426).then_some("13"));
        for connection_specific in ["connection", "upgrade"] {
            assert_eq!(fields.get(connection_specific), None, "{kind:?}");
        }
        assert!(body.ends_with(b"\n"), "{kind:?}");
    }
}

#[test]
fn a_rejected_upgrade_keeps_the_fields_of_its_connection_in_parts() {
    let rejection = ServerRequest::from_parts(Config::default(), "GET", "/", [("host", &b"a"[..])])
        .expect_err("not an upgrade");
    let (status, fields, _body) = rejection.into_parts();
    assert_eq!(status, 426);
    assert_eq!(
        (fields.get("upgrade"), fields.get("connection")),
        (Some("websocket"), Some("Upgrade"))
    );
}

#[test]
fn a_client_asks_without_a_key() {
    let request = client::ClientRequest::new("example.com:81", "/chat?a=b")
        .subprotocol("v2")
        .subprotocol("v1")
        .header("Cookie", "a=b");
    let request = sent(request);
    assert_eq!((request.authority(), request.path()), ("example.com:81", "/chat?a=b"));
    let fields: Vec<_> = request.headers().iter().collect();
    let expected: [(&str, &[u8]); 3] = [
        ("Sec-WebSocket-Version", b"13"),
        ("Sec-WebSocket-Protocol", b"v2, v1"),
        ("Cookie", b"a=b"),
    ];
    assert_eq!(fields, expected);
}

#[test]
fn the_scheme_tells_of_tls() {
    for (uri, scheme) in [("ws://example.com/", "http"), ("wss://example.com/", "https")] {
        let uri = uri.parse().expect("valid");
        assert_eq!(sent(client::ClientRequest::for_uri(&uri)).scheme(), scheme);
    }
    assert_eq!(sent(client::ClientRequest::new("example.com", "/").secure()).scheme(), "https");
}

#[test]
fn a_client_takes_no_fields_that_would_inject() {
    let request = client::ClientRequest::new("example.com", "/").header("X", "a\r\nY: b");
    let outcome = request.extended_connect(Config::default(), [7; 32]);
    assert!(matches!(outcome, Err(InvalidHeader::Value(_))));
}

#[test]
fn what_a_client_makes_of_the_response() {
    use ClientHandshakeErrorKind::*;
    let ask = || sent(client::ClientRequest::new("example.com", "/").subprotocol("v1"));
    for (status, fields, outcome) in [
        (200, vec![], Ok(200)),
        (204, vec![("sec-websocket-protocol", b"v1" as &[u8])], Ok(204)),
        // RFC 8441 §5.
        (200, vec![("sec-websocket-accept", b"of nothing")], Ok(200)),
        (200, vec![("sec-websocket-protocol", b"v2")], Err(InvalidSubprotocol)),
        (200, vec![("sec-websocket-extensions", b"permessage-deflate")], Err(InvalidExtension)),
        (200, vec![("x", b"a\0b")], Err(Malformed)),
    ] {
        let received = ask().receive(status, fields.clone(), b"");
        let received = received.map_err(|error| error.kind()).map(|answer| match answer {
            ExtendedConnectOutcome::Open(connection, response) => {
                assert_eq!(connection.role(), Role::Client);
                response.status()
            }
            ExtendedConnectOutcome::Refused(response) => panic!("{}", response.status()),
        });
        assert_eq!(received, outcome, "{fields:?}");
    }
}

#[test]
fn a_refusal_is_given_to_the_client_with_its_body_up_to_a_limit() {
    let config = Config { max_body_size: 4, ..Config::default() };
    let request = client::ClientRequest::new("example.com", "/");
    let request = request.extended_connect(config, [7; 32]).expect("valid");
    let answer = request.receive(403, [("x", &b"y"[..])], b"go away").expect("an answer");
    let ExtendedConnectOutcome::Refused(response) = answer else { panic!("{answer:?}") };
    assert_eq!((response.status(), response.header("x")), (403, Some("y")));
    assert_eq!(response.body(), b"go a");
}

#[test]
fn what_both_sides_open_speaks_as_ever() {
    let ask = sent(client::ClientRequest::new("example.com", "/"));
    let pseudo = PseudoHeaders { authority: ask.authority(), path: ask.path(), ..CONNECT };
    // HTTP/2 writes names in lower case.
    let lower: Vec<_> =
        ask.headers().iter().map(|(name, value)| (name.to_ascii_lowercase(), value)).collect();
    let fields = lower.iter().map(|(name, value)| (name.as_str(), *value));
    let request =
        ServerRequest::from_pseudo_headers(Config::default(), &pseudo, fields).expect("valid");
    let accept = request.accept();
    let (status, answered) = (accept.status(), accept.headers().clone());
    let mut server = accept.into_connection();
    let Ok(ExtendedConnectOutcome::Open(mut client, _)) = ask.receive(status, answered.iter(), b"")
    else {
        panic!("refused");
    };
    assert_eq!(spoken(&mut client, &mut server), "hello");
    assert_eq!(spoken(&mut server, &mut client), "hello");
}

fn spoken(from: &mut Connection, to: &mut Connection) -> String {
    let mut bytes = Vec::new();
    from.send("hello", &mut bytes).expect("open");
    match to.receive(&mut bytes.as_mut_slice()) {
        Ok(Some(Event::Text(text))) => text.into_owned(),
        other => panic!("{other:?}"),
    }
}

#[cfg(feature = "deflate")]
#[test]
fn another_configuration_negotiates_anew() {
    let offer: (&str, &[u8]) = ("sec-websocket-extensions", b"permessage-deflate");
    let compressing = Config { deflate: Some(ws_proto::Deflate::default()), ..Config::default() };
    let request = receive(&CONNECT, &[VERSION, offer]).expect("valid");
    let accept = request.with_config(compressing.clone()).expect("valid").accept();
    assert_eq!(accept.headers().get("sec-websocket-extensions"), Some("permessage-deflate"));

    let malformed: (&str, &[u8]) = ("sec-websocket-extensions", b";");
    let request = receive(&CONNECT, &[VERSION, malformed]).expect("ignored");
    let rejection = request.with_config(compressing).expect_err("looked at");
    assert_eq!(rejection.kind(), RejectionKind::InvalidExtensions);
}
