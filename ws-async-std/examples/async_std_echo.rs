//! An echo server on async-std:
//! `async_std_echo ADDRESS [--max-message BYTES] [--chunked] [--deflate] [--threads N]`.
//!
//! Text and binary messages come back on any path. It uses lent batches, the fastest way: a message
//! goes from the read buffer to the write buffer, and all replies to one read leave in one write.

use std::error::Error;

use async_global_executor::GlobalExecutorConfig;
use async_std::net::TcpListener;
use async_std::task;
use ws_async_std::serve::{BoxError, ServeError};
use ws_async_std::{Event, WebSocket, serve};
use ws_testkit::options;

fn main() -> Result<(), Box<dyn Error>> {
    let options = options::Server::parse(std::env::args().skip(1))?;
    let threads = GlobalExecutorConfig::default().with_min_threads(options.threads);
    async_global_executor::init_with_config(threads.with_max_threads(options.threads));
    task::block_on(run(options))
}

async fn run(options: options::Server) -> Result<(), Box<dyn Error>> {
    let listener = TcpListener::bind(&options.address).await?;
    println!("listening on ws://{}", listener.local_addr()?);
    // What concerns a single connection is usually the peer's mistake.
    let serving = serve(listener, options.config, echo).on_error(|error| {
        if let ServeError::Accept { .. } = error {
            eprintln!("{error}");
        }
    });
    serving.await;
    Ok(())
}

async fn echo(mut socket: WebSocket) -> Result<(), BoxError> {
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
