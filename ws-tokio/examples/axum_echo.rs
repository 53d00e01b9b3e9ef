//! An echo server on axum, over HTTP/1.1 and HTTP/2:
//! `axum_echo ADDRESS [--max-message BYTES] [--deflate]`.

use std::error::Error;
use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::any;
use tokio::net::TcpListener;
use ws_tokio::upgrade::{WebSocket, WebSocketUpgrade};
use ws_tokio::{Config, Event, Limits};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let (address, config) = options(std::env::args().skip(1))?;
    let listener = TcpListener::bind(address).await?;
    println!("listening on ws://{}", listener.local_addr()?);
    let app = Router::new().fallback(any(serve)).with_state(Arc::new(config));
    Ok(axum::serve(listener, app).await?)
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
                _ => {}
            }
        }
    }
    Ok(())
}

fn options(
    mut arguments: impl Iterator<Item = String>,
) -> Result<(String, Config), Box<dyn Error>> {
    let mut address = None;
    let mut config = Config::default();
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--max-message" => {
                let size = arguments.next().ok_or("--max-message takes BYTES")?.parse()?;
                config.incoming =
                    Limits { max_message_size: size, max_frame_size: size, ..Limits::incoming() };
            }
            "--deflate" => config.deflate = Some(ws_tokio::Deflate::default()),
            _ if address.is_none() && !argument.starts_with('-') => address = Some(argument),
            _ => return Err(format!("unknown argument {argument}").into()),
        }
    }
    let usage = "usage: axum_echo ADDRESS [--max-message BYTES] [--deflate]";
    Ok((address.ok_or(usage)?, config))
}
