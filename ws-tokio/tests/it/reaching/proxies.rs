//! Through proxies.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use ws_tokio::proto::proxy::TunnelErrorKind;
use ws_tokio::{ConnectError, Connector, HandshakeError, Message, Phase, Proxy};

use crate::reaching::fake_proxy::{FakeProxy, Kind, Rules, USER};
use crate::reaching::server::Server;
use crate::support::{listen, on_both_runtimes};

const KINDS: [(Kind, &str); 3] =
    [(Kind::Http, "http"), (Kind::Socks5, "socks5"), (Kind::Socks5, "socks5h")];

fn through(proxy: &str) -> Connector {
    Connector::new().proxy(Proxy::all(proxy).expect(proxy))
}

#[test]
fn names_go_to_the_proxy() {
    on_both_runtimes(async || {
        let server = Server::start(&[]).await;
        for (kind, scheme) in KINDS {
            let rules = Rules { kind, authenticates: false, server: Some(server.address) };
            let proxy = FakeProxy::start(rules).await;
            // Only the proxy can resolve this name.
            let connected = through(&proxy.uri(scheme, "")).connect("ws://nobody..invalid/x").await;
            let (mut socket, _) = connected.expect(scheme);
            socket.send("hello").await.expect("sent");
            assert_eq!(socket.recv().await.expect("no error"), Some(Message::text("hello")));
            assert_eq!(proxy.destinations(), ["nobody..invalid:80"]);
            assert_eq!(server.asked()[0].host, "nobody..invalid");
            let tcp = socket.get_ref().get_ref().tcp().expect("TCP");
            assert_eq!(tcp.peer_addr().expect("open"), proxy.address);
        }
    });
}

#[test]
fn with_a_password() {
    on_both_runtimes(async || {
        let server = Server::start(&[]).await;
        for (kind, scheme) in KINDS {
            let rules = Rules { kind, authenticates: true, server: Some(server.address) };
            let proxy = FakeProxy::start(rules).await;
            let uri = format!("ws://{}/", server.address);
            through(&proxy.uri(scheme, USER)).connect(&uri).await.expect(scheme);
            assert_eq!(proxy.destinations(), [server.address.to_string()]);
            // The proxy's password is not sent to the server.
            let [asked] = &server.asked()[..] else { panic!("one request") };
            assert_eq!(asked.field("proxy-authorization"), None);
            assert_eq!(asked.field("authorization"), None);
        }
    });
}

async fn refusal(proxy: &FakeProxy, scheme: &str, user: &str) -> TunnelErrorKind {
    match through(&proxy.uri(scheme, user)).connect("ws://example.com/").await {
        Err(ConnectError::Proxy(error)) => error.kind(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn refusals() {
    on_both_runtimes(async || {
        for (kind, scheme) in KINDS {
            let proxy = FakeProxy::start(Rules { kind, authenticates: true, server: None }).await;
            let wrong = refusal(&proxy, scheme, "user:wrong").await;
            assert_eq!(wrong, TunnelErrorKind::WrongCredentials, "{scheme}");
            let missing = refusal(&proxy, scheme, "").await;
            assert_eq!(missing, TunnelErrorKind::AuthenticationRequired, "{scheme}");
            let forbidden = refusal(&proxy, scheme, USER).await;
            assert_eq!(forbidden, TunnelErrorKind::NotAllowed, "{scheme}");
        }
    });
}

#[test]
fn an_exception_is_reached_directly() {
    on_both_runtimes(async || {
        let server = Server::start(&[]).await;
        let (closed, nobody) = listen().await;
        drop(closed);
        let proxy = Proxy::all(&nobody.to_string()).expect("an address").except("127.0.0.0/8");
        let connector = Connector::new().proxy(proxy);
        connector.connect(&server.uri("/")).await.expect("a connection");
        let error = connector.connect("ws://example.com/").await.expect_err("no proxy");
        let ConnectError::Unreachable(failures) = error else { panic!("{error}") };
        assert_eq!(failures.attempts()[0].0, nobody);
    });
}

#[test]
fn a_proxy_that_says_nothing_or_leaves() {
    on_both_runtimes(async || {
        for (_, scheme) in KINDS {
            let (listener, address) = listen().await;
            let connector = through(&format!("{scheme}://{address}"))
                .connect_timeout(Some(Duration::from_millis(500)));
            let silent = async { listener.accept().await.expect("a client") };
            let connecting = connector.connect("ws://example.com/");
            let ((held, _), connected) = tokio::join!(silent, connecting);
            let error = connected.expect_err("no answer");
            assert!(matches!(error, ConnectError::Timeout(Phase::Proxy)), "{scheme}: {error}");
            assert!(error.is_timeout());
            drop(held);

            let connector = through(&format!("{scheme}://{address}"));
            let leaves = async {
                let (mut stream, _) = listener.accept().await.expect("a client");
                stream.read_u8().await.expect("a request");
                stream.shutdown().await.expect("an end");
                stream
            };
            let (_held, connected) = tokio::join!(leaves, connector.connect("ws://example.com/"));
            let Err(ConnectError::Proxy(error)) = connected else { panic!("{connected:?}") };
            assert_eq!(error.kind(), TunnelErrorKind::UnexpectedEof, "{scheme}");
        }
    });
}

/// The proxy's response and the server's in one packet.
#[test]
fn what_comes_behind_the_answer_is_kept() {
    on_both_runtimes(async || {
        let (listener, address) = listen().await;
        let hasty = async {
            let (mut stream, _) = listener.accept().await.expect("a client");
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                head.push(stream.read_u8().await.expect("a request"));
            }
            stream.write_all(b"HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 403 Forbidden\r\n\r\nno!").await
        };
        let connector = through(&format!("http://{address}"));
        let (sent, connected) = tokio::join!(hasty, connector.connect("ws://example.com/"));
        sent.expect("sent");
        let Err(ConnectError::Handshake(HandshakeError::Refused(response))) = connected else {
            panic!("{connected:?}")
        };
        assert_eq!((response.status(), response.body()), (403, &b"no!"[..]));
    });
}
