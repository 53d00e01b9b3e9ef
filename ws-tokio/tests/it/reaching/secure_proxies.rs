//! Through HTTPS proxies.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use ws_tokio::proto::ErrorKind;
use ws_tokio::proto::proxy::TunnelErrorKind;
use ws_tokio::{
    CloseCode, ConnectError, Connector, Error, Message, Phase, Proxy, TlsConnector, TlsErrorKind,
};

use crate::reaching::certificates::{Authority, NAME, Valid};
use crate::reaching::fake_proxy::{FakeProxy, Kind, Rules, USER};
use crate::reaching::server::Server;
use crate::reaching::tls;
use crate::support::{listen, on_both_runtimes};

const PROXY: &str = "proxy.example";

fn rules(server: SocketAddr) -> Rules {
    Rules { kind: Kind::Http, authenticates: false, server: Some(server) }
}

/// A proxy and a server, each with an authority of its own.
struct Path {
    proxy: FakeProxy,
    proxy_authority: Authority,
    server: SocketAddr,
    authority: Authority,
}

impl Path {
    async fn start() -> Self {
        let (authority, proxy_authority) = (Authority::new(), Authority::new());
        let server = tls::serve(authority.server(NAME, Valid::Now)).await;
        let acceptor = proxy_authority.server(PROXY, Valid::Now);
        let proxy = FakeProxy::start_secure(rules(server), acceptor).await;
        Self { proxy, proxy_authority, server, authority }
    }

    fn connector(&self, server: TlsConnector, proxy: TlsConnector) -> Connector {
        let port = self.proxy.address.port();
        let through = Proxy::all(&format!("https://{PROXY}:{port}")).expect("an address");
        Connector::new().resolve(PROXY, [self.proxy.address]).proxy(through.tls(proxy)).tls(server)
    }
}

/// Messages for which TLS in TLS has more to write than its buffers hold.
async fn converse(connector: &Connector, uri: &str) {
    let (mut socket, _) = connector.connect(uri).await.expect(uri);
    assert_eq!(socket.get_ref().get_ref().is_secure(), uri.starts_with("wss"));
    for message in [Message::text("hello"), Message::binary(vec![7; 300_000])] {
        socket.send(message.clone()).await.expect("sent");
        assert!(socket.recv().await.expect("no error") == Some(message), "{uri}");
    }
    socket.close_and_discard(CloseCode::NORMAL).await.expect("closed");
    assert!(socket.closed().expect("closed").is_clean());
}

#[test]
fn to_a_server_with_tls_and_without() {
    on_both_runtimes(async || {
        let path = Path::start().await;
        let connector = path.connector(path.authority.trusted(), path.proxy_authority.trusted());
        converse(&connector, &format!("wss://{NAME}/")).await;
        assert_eq!(path.proxy.destinations(), [format!("{NAME}:443")]);

        let server = Server::start(&[]).await;
        let acceptor = path.proxy_authority.server(PROXY, Valid::Now);
        let proxy = FakeProxy::start_secure(rules(server.address), acceptor).await;
        let connector = connector.resolve(PROXY, [proxy.address]);
        let connector = connector.proxy(
            Proxy::all(&format!("https://{PROXY}:{}", proxy.address.port()))
                .expect("an address")
                .tls(path.proxy_authority.trusted()),
        );
        converse(&connector, "ws://nobody..invalid/x").await;
        assert_eq!(proxy.destinations(), ["nobody..invalid:80"]);
        let (socket, _) = connector.connect("ws://nobody..invalid/").await.expect("open");
        let tcp = socket.get_ref().get_ref().tcp().expect("TCP");
        assert_eq!(tcp.peer_addr().expect("open"), proxy.address);
        assert!(tcp.nodelay().expect("open"));
    });
}

/// As the environment variables name it, with the connector's own trust and a password.
#[test]
fn by_the_environment() {
    on_both_runtimes(async || {
        let authority = Authority::new();
        let server = tls::serve(authority.server(NAME, Valid::Now)).await;
        let rules = Rules { authenticates: true, ..rules(server) };
        let proxy = FakeProxy::start_secure(rules, authority.server("127.0.0.1", Valid::Now)).await;
        let value = proxy.uri("https", USER);
        let variables = |name: &str| (name == "HTTPS_PROXY").then(|| value.clone());
        let connector = Connector::new()
            .proxy(Proxy::from_variables(variables).expect("an address"))
            .tls(authority.trusted());
        converse(&connector, &format!("wss://{NAME}/")).await;
        assert_eq!(proxy.destinations(), [format!("{NAME}:443")]);
    });
}

#[test]
fn the_error_names_the_server_whose_certificate_is_refused() {
    on_both_runtimes(async || {
        let path = Path::start().await;
        let (right, proxys) = (path.authority.trusted(), path.proxy_authority.trusted());
        let uri = format!("wss://{NAME}/");

        // Each certificate is trusted for its own connection only.
        let connected = path.connector(right.clone(), right.clone()).connect(&uri).await;
        let error = connected.expect_err("an unknown proxy");
        assert!(error.to_string().starts_with("TLS with the proxy: "), "{error}");
        let ConnectError::ProxyTls(error) = error else { panic!("{error}") };
        assert_eq!(error.kind(), TlsErrorKind::UnknownIssuer, "{error}");
        assert_eq!(path.proxy.destinations(), [""; 0]);

        let connected = path.connector(proxys.clone(), proxys.clone()).connect(&uri).await;
        let Err(ConnectError::Tls(error)) = connected else { panic!("{connected:?}") };
        assert_eq!(error.kind(), TlsErrorKind::UnknownIssuer, "{error}");

        let acceptor = path.proxy_authority.server("other.example", Valid::Now);
        let proxy = FakeProxy::start_secure(rules(path.server), acceptor).await;
        let through = Proxy::all(&proxy.uri("https", "")).expect("an address").tls(proxys);
        let connected = Connector::new().tls(right).proxy(through).connect(&uri).await;
        let Err(ConnectError::ProxyTls(error)) = connected else { panic!("{connected:?}") };
        assert_eq!(error.kind(), TlsErrorKind::WrongName, "{error}");
    });
}

#[test]
fn a_proxy_that_refuses() {
    on_both_runtimes(async || {
        let authority = Authority::new();
        let acceptor = authority.server("127.0.0.1", Valid::Now);
        let rules = Rules { kind: Kind::Http, authenticates: false, server: None };
        let proxy = FakeProxy::start_secure(rules, acceptor).await;
        let through = Proxy::all(&proxy.uri("https", "")).expect("an address");
        let connector = Connector::new().tls(authority.trusted()).proxy(through);
        let connected = connector.connect("ws://example.com/").await;
        let Err(ConnectError::Proxy(error)) = connected else { panic!("{connected:?}") };
        assert_eq!(error.kind(), TunnelErrorKind::NotAllowed);
    });
}

#[test]
fn a_proxy_that_does_not_answer_or_speaks_no_tls() {
    on_both_runtimes(async || {
        let authority = Authority::new();
        let (listener, address) = listen().await;
        let through = Proxy::all(&format!("https://{address}")).expect("an address");
        let connector = Connector::new().tls(authority.trusted()).proxy(through);
        let hasty = connector.clone().connect_timeout(Some(Duration::from_millis(500)));
        let uri = format!("wss://{NAME}/");

        let silent = async { listener.accept().await.expect("a client") };
        let ((held, _), connected) = tokio::join!(silent, hasty.connect(&uri));
        let error = connected.expect_err("silence");
        assert!(matches!(error, ConnectError::Timeout(Phase::ProxyTls)), "{error}");
        assert!(error.is_timeout());
        drop(held);

        let acceptor = authority.server("127.0.0.1", Valid::Now);
        let silent = async {
            let (stream, _) = listener.accept().await.expect("a client");
            acceptor.accept(stream).await.expect("TLS")
        };
        let (held, connected) = tokio::join!(silent, hasty.connect(&uri));
        let error = connected.expect_err("silence");
        assert!(matches!(error, ConnectError::Timeout(Phase::Proxy)), "{error}");
        drop(held);

        let plain = async {
            let (mut stream, _) = listener.accept().await.expect("a client");
            stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await.expect("sent");
            let _ = stream.read_to_end(&mut Vec::new()).await;
        };
        let ((), connected) = tokio::join!(plain, connector.connect(&uri));
        let Err(ConnectError::ProxyTls(error)) = connected else { panic!("{connected:?}") };
        assert_eq!(error.kind(), TlsErrorKind::NotTls, "{error}");
    });
}

/// A proxy that ends its stream without a TLS close_notify: the WebSocket ends as it would over
/// TCP.
#[test]
fn a_proxy_that_goes_away() {
    on_both_runtimes(async || {
        let authority = Authority::new();
        let (listener, address) = listen().await;
        let acceptor = authority.server("127.0.0.1", Valid::Now);
        let leaves = async {
            let (stream, _) = listener.accept().await.expect("a client");
            let mut stream = acceptor.accept(stream).await.expect("TLS");
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                head.push(stream.read_u8().await.expect("a request"));
            }
            stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.expect("open");
            stream.flush().await.expect("open");
            drop(ws_tokio::accept(stream, ws_tokio::Config::default()).await.expect("a request"));
        };
        let through = Proxy::all(&format!("https://{address}")).expect("an address");
        let connector = Connector::new().tls(authority.trusted()).proxy(through);
        let ((), connected) = tokio::join!(leaves, connector.connect("ws://example.com/"));
        let (mut socket, _) = connected.expect("open");
        let Err(Error::Protocol(error)) = socket.recv().await else { panic!("an end") };
        assert_eq!(error.kind(), ErrorKind::UnexpectedEof);
    });
}

/// Both TLS libraries, each within the other.
#[cfg(all(feature = "native-tls", not(target_vendor = "apple")))]
#[test]
fn by_native_tls() {
    on_both_runtimes(async || {
        let path = Path::start().await;
        let native = |authority: &Authority| {
            let root = native_tls::Certificate::from_pem(authority.pem().as_bytes());
            let mut builder = native_tls::TlsConnector::builder();
            builder.add_root_certificate(root.expect("a certificate"));
            TlsConnector::from(builder.build().expect("a connector"))
        };
        let uri = format!("wss://{NAME}/");
        for (server, proxy) in [
            (native(&path.authority), native(&path.proxy_authority)),
            (native(&path.authority), path.proxy_authority.trusted()),
            (path.authority.trusted(), native(&path.proxy_authority)),
        ] {
            converse(&path.connector(server, proxy), &uri).await;
        }
        let connector = path.connector(native(&path.authority), native(&path.authority));
        let connected = connector.connect(&uri).await;
        assert!(matches!(connected, Err(ConnectError::ProxyTls(_))), "{connected:?}");
    });
}
