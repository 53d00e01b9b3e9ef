//! Both versions of HTTP over TLS, chosen by ALPN.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::routing::any;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::{ClientConfig, RootCertStore, ServerConfig};
use tokio_rustls::{TlsAcceptor, TlsConnector};
use ws_tokio::client::ClientRequest;
use ws_tokio::upgrade::WebSocketUpgrade;
use ws_tokio::{Config, connect_on, http2};

use crate::support::listen;
use crate::upgrade::server::{echo, echoed, soon};

#[tokio::test]
async fn a_client_speaks_what_alpn_has_chosen() {
    soon(async {
        let (address, certificate) = server().await;
        let request = || ClientRequest::new(address.to_string(), "/").secure();

        let stream = connect(address, &certificate, &["h2", "http/1.1"]).await;
        assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
        let opened = http2::handshake::<_, String>(stream, &Config::default()).await;
        let mut sender = opened.expect("HTTP/2 with extended CONNECT");
        let connected = http2::connect(&mut sender, request(), Config::default()).await;
        let mut over_http2 = connected.expect("granted").0;
        echoed(&mut over_http2, vec![7; 200_000]).await;

        let stream = connect(address, &certificate, &["http/1.1"]).await;
        assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"http/1.1"[..]));
        let connected = connect_on(stream, request(), Config::default()).await;
        let mut over_http1 = connected.expect("granted").0;
        echoed(&mut over_http1, vec![7; 200_000]).await;
    })
    .await;
}

/// A server with its own certificate, which checks that HTTP/2 requests have the scheme `https`.
async fn server() -> (SocketAddr, CertificateDer<'static>) {
    let own = rcgen::generate_simple_self_signed(["localhost".into()]).expect("a certificate");
    let key = PrivateKeyDer::Pkcs8(own.signing_key.serialize_der().into());
    let certificate = own.cert.der().clone();
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(vec![certificate.clone()], key)
        .expect("a certificate");
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let handler = async |uri: hyper::Uri, upgrade: WebSocketUpgrade| {
        assert!(matches!(uri.scheme_str(), None | Some("https")), "{uri}");
        upgrade.on_upgrade(echo)
    };
    let app = Router::new().route("/", any(handler));
    let (listener, address) = listen().await;
    tokio::spawn(async move {
        while let Ok((stream, _peer)) = listener.accept().await {
            let stream = TokioIo::new(acceptor.accept(stream).await.expect("TLS"));
            let service = TowerToHyperService::new(app.clone());
            tokio::spawn(async move {
                let mut server = auto::Builder::new(TokioExecutor::new());
                server.http2().enable_connect_protocol();
                let _ = server.serve_connection_with_upgrades(stream, service).await;
            });
        }
    });
    (address, certificate)
}

async fn connect(
    address: SocketAddr,
    certificate: &CertificateDer<'static>,
    protocols: &[&str],
) -> TlsStream<TcpStream> {
    let mut roots = RootCertStore::empty();
    roots.add(certificate.clone()).expect("a certificate");
    let mut config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = protocols.iter().map(|name| name.as_bytes().to_vec()).collect();
    let stream = TcpStream::connect(address).await.expect("a server");
    let name = "localhost".try_into().expect("a name");
    TlsConnector::from(Arc::new(config)).connect(name, stream).await.expect("TLS")
}
