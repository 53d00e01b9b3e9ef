//! An echo server on axum over TLS, with a certificate of its own: `axum_tls_echo ADDRESS`.
//!
//! A client may choose HTTP/1.1 or HTTP/2 by ALPN. The first message on `/ws` says which it was. A
//! browser opens WebSockets over HTTP/2 once it has an HTTP/2 connection, as from the page on `/`.

use std::error::Error;
use std::sync::Arc;

use axum::Router;
use axum::response::{Html, Response};
use axum::routing::{any, get};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;
use ws_tokio::Deflate;
use ws_tokio::upgrade::{WebSocket, WebSocketUpgrade};

type BoxError = Box<dyn Error + Send + Sync>;

#[tokio::main]
async fn main() -> Result<(), BoxError> {
    let address = std::env::args().nth(1).ok_or("usage: axum_tls_echo ADDRESS")?;
    let acceptor = TlsAcceptor::from(Arc::new(tls()?));
    let page = get(async || Html("<!doctype html><title>Echo</title>"));
    let app = Router::new().route("/", page).route("/ws", any(serve));
    let listener = TcpListener::bind(address).await?;
    println!("listening on wss://{}", listener.local_addr()?);
    loop {
        let (stream, _peer) = listener.accept().await?;
        tokio::spawn(connection(stream, acceptor.clone(), app.clone()));
    }
}

/// The server's certificate, and both versions of HTTP.
fn tls() -> Result<ServerConfig, BoxError> {
    let names = ["localhost", "127.0.0.1"].map(String::from);
    let own = rcgen::generate_simple_self_signed(names)?;
    let key = PrivateKeyDer::Pkcs8(own.signing_key.serialize_der().into());
    let provider = Arc::new(ring::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(vec![own.cert.der().clone()], key)?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}

async fn connection(stream: TcpStream, acceptor: TlsAcceptor, app: Router) -> Result<(), BoxError> {
    stream.set_nodelay(true)?;
    let stream = TokioIo::new(acceptor.accept(stream).await?);
    let mut server = auto::Builder::new(TokioExecutor::new());
    server.http2().enable_connect_protocol();
    server.serve_connection_with_upgrades(stream, TowerToHyperService::new(app)).await
}

async fn serve(upgrade: WebSocketUpgrade) -> Response {
    upgrade.deflate(Deflate::default()).on_upgrade(async |socket| drop(echo(socket).await))
}

async fn echo(mut socket: WebSocket) -> Result<(), BoxError> {
    let version = socket.get_ref().get_ref().version();
    socket.send(format!("{version:?}")).await?;
    while let Some(message) = socket.recv().await? {
        if message.is_data() {
            // Written by the next `recv` before it waits.
            socket.feed(message).await?;
        }
    }
    Ok(())
}
