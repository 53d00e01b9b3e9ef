//! An echo server on axum, over HTTP/1.1 and HTTP/2:
//! `axum_echo ADDRESS [--max-message BYTES] [--chunked] [--deflate] [--threads N]`.

use std::error::Error;
use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::any;
use tokio::net::TcpListener;
use tokio::runtime::Builder;
use ws_testkit::options;
use ws_tokio::serve::ServeError;
use ws_tokio::upgrade::{self, WebSocket, WebSocketUpgrade};
use ws_tokio::{Config, Event};

fn main() -> Result<(), Box<dyn Error>> {
    let options = options::Server::parse(std::env::args().skip(1))?;
    let mut runtime = match options.threads {
        1 => Builder::new_current_thread(),
        _ => Builder::new_multi_thread(),
    };
    runtime.worker_threads(options.threads).enable_all().build()?.block_on(listen(options))
}

async fn listen(options: options::Server) -> Result<(), Box<dyn Error>> {
    let listener = TcpListener::bind(options.address).await?;
    println!("listening on ws://{}", listener.local_addr()?);
    let app = Router::new().fallback(any(serve)).with_state(Arc::new(options.config));
    // What concerns a single connection is usually the peer's mistake.
    let serving = upgrade::serve(listener, app).on_error(|error| {
        if let ServeError::Accept { .. } = error {
            eprintln!("{error}");
        }
    });
    serving.await;
    Ok(())
}

async fn serve(upgrade: WebSocketUpgrade, State(config): State<Arc<Config>>) -> Response {
    upgrade.config(config).on_upgrade(async |socket| {
        // A peer's mistake concerns only its own connection.
        let _ = echo(socket).await;
    })
}

async fn echo(mut socket: WebSocket) -> Result<(), Box<dyn Error + Send + Sync>> {
    while let Some(mut batch) = socket.read().await? {
        while let Some(event) = batch.next() {
            match event {
                Event::Text(text) => batch.send(text)?,
                Event::Binary(data) => batch.send(data)?,
                Event::TextChunk { data, fin } => batch.send_fragment(data, fin)?,
                Event::BinaryChunk { data, fin } => batch.send_fragment(data, fin)?,
                Event::Ping(_) | Event::Pong(_) | Event::Close(_) => {}
            }
        }
    }
    Ok(())
}
