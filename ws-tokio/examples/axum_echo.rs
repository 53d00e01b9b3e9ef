//! An echo server on axum, over HTTP/1.1 and HTTP/2: `axum_echo [ADDRESS]`.

use axum::Router;
use axum::response::Response;
use axum::routing::any;
use tokio::net::TcpListener;
use ws_tokio::upgrade::{WebSocket, WebSocketUpgrade, serve};
use ws_tokio::{Error, Event};

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let address = std::env::args().nth(1).unwrap_or("127.0.0.1:9001".into());
    let listener = TcpListener::bind(address).await?;
    println!("listening on ws://{}", listener.local_addr()?);
    serve(listener, Router::new().route("/", any(upgrade))).await;
    Ok(())
}

async fn upgrade(upgrade: WebSocketUpgrade) -> Response {
    upgrade.on_upgrade(async |socket| {
        if let Err(error) = echo(socket).await {
            eprintln!("{error}");
        }
    })
}

async fn echo(mut socket: WebSocket) -> Result<(), Error> {
    while let Some(mut batch) = socket.read().await? {
        while let Some(event) = batch.next() {
            match event {
                Event::Text(text) => batch.send(text)?,
                Event::Binary(data) => batch.send(data)?,
                _ => {}
            }
        }
    }
    Ok(())
}
