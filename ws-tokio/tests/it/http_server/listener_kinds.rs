//! Listeners of every kind in one server.

use axum::Router;
use axum::extract::Extension;
use axum::routing::{any, get};
use tokio::io::{AsyncRead, AsyncWrite};
use ws_tokio::serve::{AnyAddress, AnyListener, Listeners};
use ws_tokio::upgrade::{Peer, WebSocketUpgrade, serve};
use ws_tokio::{Config, connect_on};

use crate::http_server::{ask, assert_echoed, echo, request};
use crate::support::listen;

/// The peer as it is seen by a handler, and echoes.
fn peers() -> Router {
    let peer = async |Extension(Peer(peer)): Extension<Peer<AnyAddress>>| format!("{peer:?}");
    let echo = async |upgrade: WebSocketUpgrade| upgrade.on_upgrade(echo);
    Router::new().route("/", get(peer)).route("/ws", any(echo))
}

async fn assert_peer<S: AsyncRead + AsyncWrite + Unpin>(mut stream: S, peer: AnyAddress) {
    let answer = ask(&mut stream).await;
    assert!(answer.ends_with(&format!("{peer:?}")), "{answer}");
    let connected = connect_on(stream, request(), Config::default()).await;
    assert_echoed(&mut connected.expect("granted").0).await;
}

#[tokio::test]
async fn of_every_kind() {
    use std::sync::Arc;

    use tokio::net::{TcpStream, UnixListener, UnixStream};
    use tokio_rustls::rustls::pki_types::ServerName;
    use tokio_rustls::rustls::{ClientConfig, RootCertStore, crypto::ring};
    use ws_tokio::TlsAcceptor;

    let path = std::env::temp_dir().join(format!("ws-tokio-kinds-{}", std::process::id()));
    let _ = std::fs::remove_file(&path);
    let own = rcgen::generate_simple_self_signed(["localhost".into()]).expect("a certificate");
    let key = own.signing_key.serialize_pem();
    let acceptor = TlsAcceptor::from_pem(own.cert.pem(), key).expect("a pair");
    let (plain, plain_address) = listen().await;
    let (secure, secure_address) = listen().await;
    let listeners: [AnyListener; 3] = [
        plain.into(),
        UnixListener::bind(&path).expect("a socket").into(),
        acceptor.listen(secure).into(),
    ];
    let serving = tokio::spawn(serve(Listeners::from_iter(listeners), peers()).into_future());

    let stream = TcpStream::connect(plain_address).await.expect("a server");
    let ours = stream.local_addr().expect("a socket");
    assert_eq!(AnyAddress::Tcp(ours).ip(), Some(ours.ip()));
    assert_peer(stream, AnyAddress::Tcp(ours)).await;

    let stream = UnixStream::connect(&path).await.expect("a server");
    assert_eq!(AnyAddress::Unix.ip(), None);
    assert_peer(stream, AnyAddress::Unix).await;

    let mut roots = RootCertStore::empty();
    roots.add(own.cert.der().clone()).expect("a certificate");
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_root_certificates(roots)
        .with_no_client_auth();
    let connector = tokio_rustls::TlsConnector::from(Arc::new(config));
    let stream = TcpStream::connect(secure_address).await.expect("a server");
    let ours = stream.local_addr().expect("a socket");
    let name = ServerName::try_from("localhost").expect("a name");
    let stream = connector.connect(name, stream).await.expect("TLS");
    assert_peer(stream, AnyAddress::Tcp(ours)).await;

    serving.abort();
    std::fs::remove_file(&path).expect("the socket");
}
