//! Requests, responses and refusals are forwarded.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::join;
use ws_tokio::client::ClientRequest;
use ws_tokio::proto::Headers;
use ws_tokio::server::Rejection;
use ws_tokio::{Config, HandshakeError, connect_on, incoming};

use crate::gateway::{KINDS, accept_stream, connect, gateway_to};
use crate::support::{listen, on_both_runtimes};

fn fields(headers: &Headers, name: &str) -> Vec<String> {
    headers.get_all(name).map(|value| String::from_utf8_lossy(value).into_owned()).collect()
}

#[test]
fn a_request_and_its_answer() {
    on_both_runtimes(async || {
        for kind in KINDS {
            let (listener, upstream) = listen().await;
            let gateway = gateway_to(kind, upstream).await;
            let request = ClientRequest::new("example.com:8080", "/chat?room=tea")
                .subprotocol("v2")
                .subprotocol("v1")
                .header("Origin", "https://example.com")
                .header("Cookie", "a=1")
                .header("Cookie", "b=2")
                .header("Authorization", "Bearer 31337")
                .header("User-Agent", "a client of its own")
                .header("X-Forwarded-For", "192.0.2.1");
            let serving = async {
                let incoming = incoming(accept_stream(&listener).await, Config::default()).await;
                let incoming = incoming.expect("a request");
                let asked = incoming.request().expect("a valid request");
                assert_eq!((asked.host(), asked.target()), ("example.com:8080", "/chat?room=tea"));
                assert_eq!(asked.subprotocols().collect::<Vec<_>>(), ["v2", "v1"], "{kind:?}");
                for (name, values) in [
                    ("origin", &["https://example.com"][..]),
                    ("cookie", &["a=1", "b=2"]),
                    ("authorization", &["Bearer 31337"]),
                    ("user-agent", &["a client of its own"]),
                    ("x-forwarded-for", &["192.0.2.1", "127.0.0.1"]),
                ] {
                    assert_eq!(fields(asked.headers(), name), values, "{kind:?}: {name}");
                }
                let accepted = incoming.accept_with(|answer| {
                    let answer = answer.subprotocol("v1")?.header("Set-Cookie", "c=3")?;
                    answer.header("Set-Cookie", "d=4")?.header("X-Server", "upstream")
                });
                accepted.await.expect("open")
            };
            let asking = async {
                connect_on(connect(gateway).await, request, Config::default())
                    .await
                    .expect("granted")
            };
            let ((_client, answer), _server) = join!(asking, serving);
            assert_eq!(answer.subprotocol(), Some("v1"), "{kind:?}");
            assert_eq!(fields(answer.headers(), "set-cookie"), ["c=3", "d=4"], "{kind:?}");
            assert_eq!(answer.header("x-server"), Some("upstream"), "{kind:?}");
        }
    });
}

/// RFC 9110 §7.6.1.
#[test]
fn fields_of_one_hop_do_not_pass() {
    on_both_runtimes(async || {
        for kind in KINDS {
            let (listener, upstream) = listen().await;
            let gateway = gateway_to(kind, upstream).await;
            let mut stream = connect(gateway).await;
            let request = "GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n\
                Connection: Upgrade, X-Hop\r\nX-Hop: 1\r\nTE: trailers\r\nX-End: 2\r\n\
                Sec-WebSocket-Extensions: permessage-deflate\r\n\
                Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";
            stream.write_all(request.as_bytes()).await.expect("open");
            let incoming = incoming(accept_stream(&listener).await, Config::default()).await;
            let incoming = incoming.expect("a request");
            let headers = incoming.request().expect("a valid request").headers();
            for name in ["x-hop", "te", "sec-websocket-extensions"] {
                assert_eq!(headers.get(name), None, "{kind:?}: {name}");
            }
            assert_eq!(fields(headers, "x-end"), ["2"], "{kind:?}");
            assert_eq!(fields(headers, "sec-websocket-key").len(), 1, "{kind:?}");
            assert_ne!(headers.get("sec-websocket-key"), Some("dGhlIHNhbXBsZSBub25jZQ=="));
        }
    });
}

#[test]
fn a_refusal_with_its_fields_and_its_body() {
    on_both_runtimes(async || {
        for kind in KINDS {
            for status in [401, 403, 404, 302, 503] {
                let (listener, upstream) = listen().await;
                let gateway = gateway_to(kind, upstream).await;
                let refusing = async {
                    let incoming =
                        incoming(accept_stream(&listener).await, Config::default()).await;
                    let refusal = |it: Rejection| {
                        it.body(b"who are you?\xFF".as_slice())
                            .header("WWW-Authenticate", "Bearer")?
                            .header("WWW-Authenticate", "Basic")?
                            .header("Retry-After", "120")?
                            .header("Location", "/elsewhere")
                    };
                    incoming.expect("a request").reject(status, refusal).await.expect("open");
                };
                let request = ClientRequest::new("localhost", "/");
                let asking =
                    async { connect_on(connect(gateway).await, request, Config::default()).await };
                let (answer, ()) = join!(asking, refusing);
                let Err(HandshakeError::Refused(answer)) = answer else { panic!("{answer:?}") };
                assert_eq!(answer.status(), status, "{kind:?}");
                assert_eq!(answer.body(), b"who are you?\xFF", "{kind:?}, {status}");
                let challenges = fields(answer.headers(), "www-authenticate");
                assert_eq!(challenges, ["Bearer", "Basic"], "{kind:?}, {status}");
                assert_eq!(answer.header("retry-after"), Some("120"), "{kind:?}, {status}");
                assert_eq!(answer.header("location"), Some("/elsewhere"), "{kind:?}, {status}");
            }
        }
    });
}

#[test]
fn without_a_server_it_is_a_bad_gateway() {
    on_both_runtimes(async || {
        for kind in KINDS {
            let (listener, upstream) = listen().await;
            drop(listener);
            let gateway = gateway_to(kind, upstream).await;
            let request = ClientRequest::new("localhost", "/");
            let answer = connect_on(connect(gateway).await, request, Config::default()).await;
            let Err(HandshakeError::Refused(answer)) = answer else { panic!("{answer:?}") };
            assert_eq!(answer.status(), 502, "{kind:?}");
        }
    });
}

#[test]
fn what_asks_for_no_web_socket_is_answered() {
    on_both_runtimes(async || {
        for kind in KINDS {
            let (_listener, upstream) = listen().await;
            let gateway = gateway_to(kind, upstream).await;
            let mut stream = connect(gateway).await;
            let request = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";
            stream.write_all(request).await.expect("open");
            let mut answer = Vec::new();
            stream.read_to_end(&mut answer).await.expect("an answer");
            assert!(answer.starts_with(b"HTTP/1.1 426 "), "{kind:?}");
        }
    });
}
