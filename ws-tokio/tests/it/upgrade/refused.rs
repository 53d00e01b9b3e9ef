//! Requests that an axum server refuses, over both versions of HTTP.

use std::time::Duration;

use axum::Router;
use axum::response::IntoResponse;
use axum::routing::any;
use h2::ext::Protocol;
use hyper::{Method, Request};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use ws_testkit::raw::REQUEST;
use ws_tokio::client::Response;
use ws_tokio::proto::server::RejectionKind;
use ws_tokio::upgrade::{UpgradeRejection, WebSocketUpgrade};
use ws_tokio::{Config, HandshakeError, http2};

use crate::support::listen;
use crate::upgrade::h2_client::{extended_connect, refusal};
use crate::upgrade::raw_h2::{self, RawH2};
use crate::upgrade::server::{self, echo, echo_server, echoed, request, serve, soon};

#[tokio::test]
async fn over_http1() {
    soon(async {
        let address = echo_server().await;
        for (line, other, status, field) in [
            ("GET / HTTP/1.1", "POST / HTTP/1.1", "405 Method Not Allowed", "allow: GET"),
            ("Upgrade: websocket", "Upgrade: h2c", "426 Upgrade Required", "upgrade: websocket"),
            ("Connection: Upgrade", "X: y", "426 Upgrade Required", "sec-websocket-version: 13"),
            (
                "Sec-WebSocket-Version: 13",
                "Sec-WebSocket-Version: 8",
                "426 Upgrade Required",
                "sec-websocket-version: 13",
            ),
            ("Sec-WebSocket-Key: ", "Sec-WebSocket-Key: x", "400 Bad Request", ""),
            ("GET / HTTP/1.1", "GET / HTTP/1.0", "505 HTTP Version Not Supported", ""),
            ("Host: localhost", "Host: a:b:c", "400 Bad Request", ""),
            ("Host: localhost", "Host: a:x", "400 Bad Request", ""),
            ("Host: localhost", "Host: [::1", "400 Bad Request", ""),
            ("Host: localhost", "Host: ::1", "400 Bad Request", ""),
            ("Host: localhost", "Host: a]", "400 Bad Request", ""),
            ("Host: localhost", "Host: %zz", "400 Bad Request", ""),
            ("Host: localhost", "Host:", "400 Bad Request", ""),
            ("Host: localhost", "Host: a\r\nHost: a", "400 Bad Request", ""),
            ("Host: localhost", "X: y", "400 Bad Request", ""),
        ] {
            let request = REQUEST
                .replace(line, other)
                .replace("Connection: Upgrade\r\n", "Connection: Upgrade, close\r\n");
            let mut stream = TcpStream::connect(address).await.expect("a server");
            stream.write_all(request.as_bytes()).await.expect("open");
            let mut answer = String::new();
            // The server may keep the connection open: its response ends with the line of text.
            let mut buffer = [0; 1024];
            while !answer.contains("\r\n\r\n")
                || !answer.ends_with('\n')
                || answer.ends_with("\r\n")
            {
                let len = stream.read(&mut buffer).await.expect("an answer");
                assert_ne!(len, 0, "{answer}");
                answer.push_str(std::str::from_utf8(&buffer[..len]).expect("text"));
            }
            let (version, rest) = answer.split_once(' ').expect("a status line");
            assert!(version.starts_with("HTTP/1."), "{answer}");
            assert!(rest.starts_with(status), "{answer}");
            assert!(answer.contains(field), "{answer}");
        }
    })
    .await;
}

#[tokio::test]
async fn over_http2() {
    soon(async {
        let address = echo_server().await;
        let valid = || extended_connect(&[]);
        let mut get = valid();
        *get.method_mut() = Method::GET;
        get.extensions_mut().remove::<Protocol>();
        let mut other_protocol = valid();
        other_protocol.extensions_mut().insert(Protocol::from_static("connect-udp"));
        let mut old = valid();
        old.headers_mut().insert("sec-websocket-version", "8".parse().expect("valid"));
        let two_origins = extended_connect(&[("origin", "null"), ("origin", "null")]);
        let malformed = extended_connect(&[("sec-websocket-extensions", ";")]);
        for (request, status, field) in [
            (get, 405, Some(("allow", "CONNECT"))),
            (other_protocol, 501, None),
            (old, 426, Some(("sec-websocket-version", "13"))),
            (two_origins, 400, None),
            (malformed, 400, None),
            (extended_connect(&[("host", "a:x")]), 400, None),
        ] {
            let asked = format!("{request:?}");
            let response = refusal(address, request).await;
            assert_eq!(response.status(), status, "{asked}");
            assert!(response.headers().get("upgrade").is_none(), "{asked}");
            if let Some((name, value)) = field {
                assert_eq!(response.headers()[name], value, "{asked}");
            }
            assert!(response.body().ends_with('\n'), "{asked}");
        }
    })
    .await;
}

#[tokio::test]
async fn by_the_application() {
    soon(async {
        let address = serve(async |upgrade| {
            assert_eq!(upgrade.origin(), Some("https://other.example"));
            let rejection = upgrade.reject(403).header("X-Why", "origin").expect("valid");
            rejection.body("not from there\n")
        })
        .await;
        let asking = || request(address).header("Origin", "https://other.example");

        let outcome = server::over_http1(address, asking(), Config::default()).await;
        let Err(HandshakeError::Refused(response)) = outcome else { panic!("{outcome:?}") };
        assert_eq!((response.status(), response.header("x-why")), (403, Some("origin")));
        assert_eq!(response.body(), b"not from there\n");

        let outcome = server::over_http2(address, asking(), Config::default()).await;
        let Err(http2::Http2Error::Handshake(HandshakeError::Refused(response))) = outcome else {
            panic!("{outcome:?}")
        };
        assert_eq!((response.status(), response.header("x-why")), (403, Some("origin")));
        assert_eq!(response.body(), b"not from there\n");
    })
    .await;
}

/// An endpoint may serve requests that are no WebSocket handshakes.
#[tokio::test]
async fn or_served_otherwise() {
    soon(async {
        let (listener, address) = listen().await;
        let handler = async |upgrade: Result<WebSocketUpgrade, UpgradeRejection>| match upgrade {
            Ok(upgrade) => upgrade.on_upgrade(echo),
            Err(rejection) if rejection.kind() == RejectionKind::NotConnect => {
                "a page".into_response()
            }
            Err(rejection) => rejection.into_response(),
        };
        let app = Router::new().route("/", any(handler));
        tokio::spawn(async move { axum::serve(listener, app).await });
        let mut get = extended_connect(&[]);
        *get.method_mut() = Method::GET;
        get.extensions_mut().remove::<Protocol>();
        let response = refusal(address, get).await;
        assert_eq!((response.status().as_u16(), &**response.body()), (200, "a page"));
        let connected = server::over_http2(address, request(address), Config::default()).await;
        echoed(&mut connected.expect("granted").0, "hello").await;
    })
    .await;
}

#[tokio::test]
async fn a_long_refusal_is_kept_up_to_a_limit() {
    soon(async {
        let address = serve(async |upgrade| upgrade.reject(503).body("x".repeat(300_000))).await;
        let config = Config { max_body_size: 100_000, ..Config::default() };
        let outcome = server::over_http2(address, request(address), config).await;
        let Err(http2::Http2Error::Handshake(HandshakeError::Refused(response))) = outcome else {
            panic!("{outcome:?}")
        };
        assert_eq!((response.status(), response.body().len()), (503, 100_000));
    })
    .await;
}

/// The refusal from a server that sends these frames, and then nothing, or ends the connection.
async fn refused(frames: &[u8], ends: bool, timeout: Option<Duration>) -> Box<Response> {
    let (listener, address) = listen().await;
    let serving = async {
        let (stream, _peer) = listener.accept().await.expect("a client");
        let mut server = RawH2::server(stream).await;
        server.write(frames).await;
        if ends { drop(server) } else { server.end_of_peer().await }
    };
    let asking = async {
        let mut sender = server::http2_connection(address).await;
        let config = Config { handshake_timeout: timeout, ..Config::default() };
        http2::connect(&mut sender, request(address), config).await
    };
    match tokio::join!(serving, asking).1 {
        Err(http2::Http2Error::Handshake(HandshakeError::Refused(response))) => response,
        other => panic!("{other:?}"),
    }
}

/// The part of a refusal that has arrived is kept, however its body ends.
#[tokio::test]
async fn with_a_body_that_breaks_off() {
    soon(async {
        let head =
            raw_h2::response("401", &[("www-authenticate", "Basic"), ("content-length", "9")]);
        let short = Some(Duration::from_millis(500));
        for (name, frames, ends, timeout) in [
            ("RST_STREAM(CANCEL)", raw_h2::reset(raw_h2::CANCEL), false, None),
            ("GOAWAY(INTERNAL_ERROR)", raw_h2::go_away(0, raw_h2::INTERNAL_ERROR), false, None),
            ("an end of the connection", Vec::new(), true, None),
            ("silence", Vec::new(), false, short),
        ] {
            let frames = [&*head, &raw_h2::data(b"who", false), &frames].concat();
            let response = refused(&frames, ends, timeout).await;
            assert_eq!(response.status(), 401, "{name}");
            assert_eq!(response.header("www-authenticate"), Some("Basic"), "{name}");
            assert_eq!(response.body(), b"who", "{name}");
        }
    })
    .await;
}

#[tokio::test]
async fn with_a_redirect_whose_body_is_not_waited_for() {
    soon(async {
        let head = raw_h2::response("302", &[("location", "/x"), ("content-length", "9")]);
        let response = refused(&head, false, None).await;
        assert_eq!((response.status(), response.header("location")), (302, Some("/x")));
    })
    .await;
}

/// As in a test of a handler, or behind a server whose connections do not support upgrades.
#[tokio::test]
async fn without_a_connection_to_take() {
    let mut request = Request::get("/")
        .header("host", "localhost")
        .header("upgrade", "websocket")
        .header("connection", "upgrade")
        .header("sec-websocket-version", "13")
        .header("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==")
        .body(())
        .expect("valid");
    let outcome = ws_tokio::upgrade::upgrade::<_, ()>(&mut request, Config::default());
    assert_eq!(outcome.expect_err("refused").status(), 500);
}
