//! Fields with invalid syntax (RFC 6455 §4.2.1, §4.3 and §8.1).

use ws_proto::client::{ClientHandshakeErrorKind, ClientRequest};
use ws_proto::server::{self, Rejection, RejectionKind};
use ws_proto::{Config, InvalidHeader};

const FIELDS: [(&str, &[u8]); 5] = [
    ("host", b"localhost"),
    ("upgrade", b"websocket"),
    ("connection", b"Upgrade"),
    ("sec-websocket-key", b"dGhlIHNhbXBsZSBub25jZQ=="),
    ("sec-websocket-version", b"13"),
];

/// A request with another value of a field, or an additional one.
fn receive(name: &str, value: &[u8]) -> Result<server::ServerRequest, Box<Rejection>> {
    let others = FIELDS.into_iter().filter(|(other, _)| *other != name);
    let fields: Vec<_> = others.chain([(name, value)]).collect();
    server::ServerRequest::from_parts(config(), "GET", "/", fields).map_err(Box::new)
}

/// The extensions are parsed if one is configured.
fn config() -> Config {
    Config {
        #[cfg(feature = "deflate")]
        deflate: Some(ws_proto::Deflate::default()),
        ..Config::default()
    }
}

#[test]
fn what_is_read_as_text_is_utf8() {
    for (name, value, kind) in [
        ("host", &b"\xFF"[..], RejectionKind::InvalidHost),
        ("sec-websocket-key", b"\xFFGhlIHNhbXBsZSBub25jZQ==", RejectionKind::InvalidKey),
        ("sec-websocket-version", b"13\xFF", RejectionKind::UnsupportedVersion),
        ("upgrade", b"websocket\xFF", RejectionKind::NotAnUpgrade),
        ("connection", b"Upgrade\xFF", RejectionKind::NotAnUpgrade),
    ] {
        assert_eq!(receive(name, value).expect_err(name).kind(), kind, "{name}");
    }

    let answers = [
        (("sec-websocket-protocol", &b"v1\xFF"[..]), ClientHandshakeErrorKind::InvalidSubprotocol),
        (("sec-websocket-extensions", b"\xFF"), ClientHandshakeErrorKind::InvalidExtension),
    ];
    for (field, kind) in answers {
        let request = ClientRequest::new("localhost", "/").subprotocol("v1");
        let request = request.extended_connect(config(), [7; 32]).expect("valid");
        let error = request.receive(200, [field], b"").expect_err("not text");
        assert_eq!(error.kind(), kind, "{field:?}");
    }
}

#[cfg(feature = "deflate")]
#[test]
fn extensions_are_utf8() {
    let rejection = receive("sec-websocket-extensions", b"\xFF").expect_err("not text");
    assert_eq!(rejection.kind(), RejectionKind::InvalidExtensions);
}

#[test]
fn an_offer_that_is_no_token_is_left_out() {
    for offers in ["v 1, v2", "v2, \"v1\"", "token=a/b==, v2", "v1@, v2, "] {
        let request = receive("sec-websocket-protocol", offers.as_bytes()).expect("accepted");
        assert_eq!(request.subprotocols().collect::<Vec<_>>(), ["v2"], "{offers}");
        let chosen = request.accept().subprotocol(offers.split(',').next().expect("one").trim());
        if !offers.starts_with("v2") {
            assert!(matches!(chosen, Err(InvalidHeader::Subprotocol(_))), "{offers}");
        }
    }
}
