//! An echo server on axum over TLS, with a self-signed certificate: `axum_tls_echo ADDRESS`.
//!
//! A client may choose HTTP/1.1 or HTTP/2 by ALPN. The first message on `/ws` has the HTTP version. A
//! browser opens WebSockets over HTTP/2 once it has an HTTP/2 connection, as from the page on `/`.

use axum::Router;
use axum::response::{Html, Response};
use axum::routing::{any, get};
use tokio::net::TcpListener;
use ws_tokio::serve::BoxError;
use ws_tokio::upgrade::{self, WebSocket, WebSocketUpgrade};
use ws_tokio::{Deflate, TlsAcceptor};

#[tokio::main]
async fn main() -> Result<(), BoxError> {
    let address = std::env::args().nth(1).ok_or("usage: axum_tls_echo ADDRESS")?;
    let own = rcgen::generate_simple_self_signed(["localhost", "127.0.0.1"].map(String::from))?;
    let acceptor = TlsAcceptor::from_pem(own.cert.pem(), own.signing_key.serialize_pem())?.http2();
    let page = get(async || Html("<!doctype html><title>Echo</title>"));
    let app = Router::new().route("/", page).route("/ws", any(serve));
    let listener = TcpListener::bind(address).await?;
    println!("listening on wss://{}", listener.local_addr()?);
    let serving = upgrade::serve(acceptor.listen(listener), app);
    serving.on_error(|error| eprintln!("{error}")).await;
    Ok(())
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
