//! A client of `wss`.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use ws_tokio::{
    CloseCode, Config, ConnectError, Connector, Message, Phase, Proxy, TlsAcceptor, TlsConnector,
    TlsError, TlsErrorKind, accept,
};

use crate::reaching::certificates::{Authority, NAME, Valid, self_signed};
use crate::reaching::fake_proxy::{FakeProxy, Kind, Rules};
use crate::support::{listen, on_both_runtimes};

/// Echoes over TLS.
pub(crate) async fn serve(acceptor: TlsAcceptor) -> SocketAddr {
    let (listener, address) = listen().await;
    tokio::spawn(async move {
        while let Ok((stream, _peer)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                let Ok(stream) = acceptor.accept(stream).await else { return };
                let Ok(mut socket) = accept(stream, Config::default()).await else { return };
                while let Ok(Some(message)) = socket.recv().await {
                    if message.is_data() && socket.send(message).await.is_err() {
                        return;
                    }
                }
            });
        }
    });
    address
}

/// A connector that resolves the name in the certificate to the server.
pub(crate) fn connector(address: SocketAddr, tls: TlsConnector) -> Connector {
    Connector::new().resolve(NAME, [address]).tls(tls)
}

pub(crate) fn uri() -> String {
    format!("wss://{NAME}/")
}

pub(crate) async fn refused(acceptor: TlsAcceptor, tls: TlsConnector) -> TlsError {
    let address = serve(acceptor).await;
    match connector(address, tls).connect(&uri()).await {
        Err(ConnectError::Tls(error)) => error,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_trusted_authority() {
    on_both_runtimes(async || {
        let authority = Authority::new();
        let address = serve(authority.server(NAME, Valid::Now)).await;
        for uri in [uri(), format!("wss://{NAME}.:443/")] {
            let connector =
                connector(address, authority.trusted()).resolve(format!("{NAME}."), [address]);
            let (mut socket, _) = connector.connect(&uri).await.expect("a connection");
            assert!(socket.get_ref().get_ref().is_secure());
            let large = Message::binary(vec![7; 300_000]);
            for message in [Message::text("hello"), large] {
                socket.send(message.clone()).await.expect("sent");
                assert_eq!(socket.recv().await.expect("no error"), Some(message));
            }
            socket.close_and_discard(CloseCode::NORMAL).await.expect("closed");
            assert!(socket.closed().expect("closed").is_clean());
        }
    });
}

#[test]
fn an_address_in_the_certificate() {
    on_both_runtimes(async || {
        let authority = Authority::new();
        let address = serve(authority.server("127.0.0.1", Valid::Now)).await;
        let connector = Connector::new().tls(authority.trusted());
        connector.connect(&format!("wss://{address}/")).await.expect("a connection");
    });
}

/// The first message of a handshake with this server (RFC 6455 §4.1: it names the server).
async fn client_hello(tls: TlsConnector, uri: &str) -> Vec<u8> {
    let (listener, address) = listen().await;
    let connector = connector(address, tls);
    let uri = uri.replace("PORT", &address.port().to_string());
    let reading = async {
        let (mut stream, _peer) = listener.accept().await.expect("a client");
        let mut hello = vec![0; 4096];
        let len = stream.read(&mut hello).await.expect("a handshake");
        hello.truncate(len);
        hello
    };
    let (hello, connected) = tokio::join!(reading, connector.connect(&uri));
    connected.expect_err("the server has left");
    hello
}

#[test]
fn the_server_is_named() {
    on_both_runtimes(async || {
        let names = |hello: &[u8], name: &str| {
            hello.windows(name.len()).any(|window| window == name.as_bytes())
        };
        let trusted = || Authority::new().trusted();
        let hello = client_hello(trusted(), &uri()).await;
        assert!(names(&hello, NAME), "{}", hello.escape_ascii());
        // An address is not sent (RFC 6066 §3).
        let hello = client_hello(trusted(), "wss://127.0.0.1:PORT/").await;
        assert!(!names(&hello, "127.0.0.1"), "{}", hello.escape_ascii());
    });
}

#[test]
fn certificates_that_are_refused() {
    on_both_runtimes(async || {
        let authority = Authority::new();
        let trusted = authority.trusted();
        for (acceptor, kind, text) in [
            (
                authority.server("other.example", Valid::Now),
                TlsErrorKind::WrongName,
                "server certificate is for another name",
            ),
            (
                authority.server(NAME, Valid::Earlier),
                TlsErrorKind::Expired,
                "server certificate has expired",
            ),
            (
                authority.server(NAME, Valid::Later),
                TlsErrorKind::NotYetValid,
                "server certificate is not valid yet",
            ),
            (
                self_signed(),
                TlsErrorKind::UnknownIssuer,
                "unknown issuer of the server certificate, or self-signed",
            ),
            (
                Authority::new().server(NAME, Valid::Now),
                TlsErrorKind::UnknownIssuer,
                "unknown issuer of the server certificate, or self-signed",
            ),
        ] {
            let error = refused(acceptor, trusted.clone()).await;
            assert_eq!(error.kind(), kind, "{error}");
            assert!(error.to_string().starts_with(text), "{error}");
        }
        let error = refused(authority.server("other.example", Valid::Now), trusted).await;
        assert!(error.to_string().contains("other.example"), "{error}");
    });
}

#[test]
fn a_server_that_speaks_no_tls() {
    on_both_runtimes(async || {
        let (listener, address) = listen().await;
        let answering = async {
            let (mut stream, _peer) = listener.accept().await.expect("a client");
            stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await.expect("sent");
            stream
        };
        let connector = connector(address, Authority::new().trusted());
        let uri = uri();
        let (_held, connected) = tokio::join!(answering, connector.connect(&uri));
        let Err(ConnectError::Tls(error)) = connected else { panic!("{connected:?}") };
        assert_eq!(error.kind(), TlsErrorKind::NotTls, "{error}");
    });
}

#[test]
fn a_server_that_says_nothing() {
    on_both_runtimes(async || {
        let (_listener, address) = listen().await;
        let connector = connector(address, Authority::new().trusted())
            .connect_timeout(Some(Duration::from_millis(500)));
        let error = connector.connect(&uri()).await.expect_err("silence");
        assert!(matches!(error, ConnectError::Timeout(Phase::Tls)), "{error}");
        assert!(error.is_timeout());
    });
}

#[test]
fn a_server_that_leaves() {
    on_both_runtimes(async || {
        let (listener, address) = listen().await;
        let leaves = async { drop(listener.accept().await.expect("a client")) };
        let connector = connector(address, Authority::new().trusted());
        let uri = uri();
        let ((), connected) = tokio::join!(leaves, connector.connect(&uri));
        let Err(ConnectError::Tls(error)) = connected else { panic!("{connected:?}") };
        assert_eq!(error.kind(), TlsErrorKind::Io, "{error}");
    });
}

#[test]
fn through_proxies() {
    on_both_runtimes(async || {
        let authority = Authority::new();
        let server = serve(authority.server(NAME, Valid::Now)).await;
        for (kind, scheme) in [(Kind::Http, "http"), (Kind::Socks5, "socks5")] {
            let rules = Rules { kind, authenticates: false, server: Some(server) };
            let proxy = FakeProxy::start(rules).await;
            let connector = Connector::new()
                .tls(authority.trusted())
                .proxy(Proxy::all(&proxy.uri(scheme, "")).expect("an address"));
            let (mut socket, _) = connector.connect(&uri()).await.expect(scheme);
            socket.send("hello").await.expect("sent");
            assert_eq!(socket.recv().await.expect("no error"), Some(Message::text("hello")));
            assert_eq!(proxy.destinations(), [format!("{NAME}:443")]);
        }
    });
}

/// `connect_stream` goes through the proxy and TLS, and leaves the protocol to the caller.
#[test]
fn a_stream_for_another_protocol() {
    on_both_runtimes(async || {
        let authority = Authority::new();
        let acceptor = authority.server(NAME, Valid::Now);
        let (listener, address) = listen().await;
        let serving = async {
            let (stream, _peer) = listener.accept().await.expect("a client");
            let mut stream = acceptor.accept(stream).await.expect("TLS");
            let mut question = [0; 4];
            stream.read_exact(&mut question).await.expect("a question");
            assert_eq!(&question, b"who?");
            stream.write_all(b"me").await.expect("a client");
            stream.shutdown().await.expect("a client");
        };
        let rules = Rules { kind: Kind::Http, authenticates: false, server: Some(address) };
        let proxy = FakeProxy::start(rules).await;
        let connector = Connector::new()
            .tls(authority.trusted())
            .proxy(Proxy::all(&proxy.uri("http", "")).expect("an address"));
        let asking = async {
            let uri = uri().parse().expect("an address");
            let mut stream = connector.connect_stream(&uri).await.expect("a connection");
            assert!(stream.is_secure());
            stream.write_all(b"who?").await.expect("a server");
            let mut answer = Vec::new();
            stream.read_to_end(&mut answer).await.expect("an answer");
            assert_eq!(answer, b"me");
        };
        tokio::join!(serving, asking);
        assert_eq!(proxy.destinations(), [format!("{NAME}:443")]);
    });
}

#[test]
fn roots_that_are_none() {
    for pem in ["", "no PEM", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"] {
        let error = TlsConnector::trusting(pem).expect_err(pem);
        assert_eq!(error.kind(), TlsErrorKind::Setup, "{pem}");
    }
}

/// The roots of the enabled features do not contain an authority that a test has created.
#[cfg(any(feature = "webpki-roots", feature = "rustls-platform-verifier"))]
#[test]
fn the_roots_of_the_features() {
    on_both_runtimes(async || {
        let address = serve(Authority::new().server(NAME, Valid::Now)).await;
        let connector = Connector::new().resolve(NAME, [address]);
        let error = connector.connect(&uri()).await.expect_err("an unknown authority");
        let ConnectError::Tls(error) = error else { panic!("{error}") };
        // A system may have no roots at all.
        let kinds = [TlsErrorKind::UnknownIssuer, TlsErrorKind::Setup];
        assert!(kinds.contains(&error.kind()), "{error}");
    });
}

/// OpenSSL accepts certificates of an authority as well.
#[cfg(all(feature = "native-tls", not(target_vendor = "apple")))]
#[test]
fn by_native_tls() {
    on_both_runtimes(async || {
        let authority = Authority::new();
        let native = || {
            let root = native_tls::Certificate::from_pem(authority.pem().as_bytes());
            let mut builder = native_tls::TlsConnector::builder();
            builder.add_root_certificate(root.expect("a certificate"));
            TlsConnector::from(builder.build().expect("a connector"))
        };
        let address = serve(authority.server(NAME, Valid::Now)).await;
        let (mut socket, _) =
            connector(address, native()).connect(&uri()).await.expect("a connection");
        let message = Message::binary(vec![7; 300_000]);
        socket.send(message.clone()).await.expect("sent");
        assert_eq!(socket.recv().await.expect("no error"), Some(message));
        socket.close_and_discard(CloseCode::NORMAL).await.expect("closed");
        assert!(socket.closed().expect("closed").is_clean());

        for acceptor in [
            authority.server("other.example", Valid::Now),
            authority.server(NAME, Valid::Earlier),
            self_signed(),
        ] {
            let error = refused(acceptor, native()).await;
            assert_eq!(error.kind(), TlsErrorKind::Handshake, "{error}");
        }
        let (listener, address) = listen().await;
        let leaves = async { drop(listener.accept().await.expect("a client")) };
        let (connector, uri) = (connector(address, native()), uri());
        let ((), connected) = tokio::join!(leaves, connector.connect(&uri));
        let Err(ConnectError::Tls(error)) = connected else { panic!("{connected:?}") };
        assert_eq!(error.kind(), TlsErrorKind::Io, "{error}");
    });
}
