//! An echo server on async-std:
//! `async_std_echo ADDRESS [--max-message BYTES] [--chunked] [--deflate] [--threads N]`.
//!
//! Text and binary messages come back on any path. It uses lent batches, the fastest way: a message
//! goes from the read buffer to the write buffer, and all replies to one read leave in one write.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use async_global_executor::GlobalExecutorConfig;
use async_std::net::{TcpListener, TcpStream};
use async_std::task;
use ws_async_std::{Config, Event, accept};
use ws_testkit::options;

fn main() -> Result<(), Box<dyn Error>> {
    let options = options::Server::parse(std::env::args().skip(1))?;
    let threads = GlobalExecutorConfig::default().with_min_threads(options.threads);
    async_global_executor::init_with_config(threads.with_max_threads(options.threads));
    task::block_on(serve(options))
}

async fn serve(options: options::Server) -> Result<(), Box<dyn Error>> {
    let listener = TcpListener::bind(&options.address).await?;
    println!("listening on ws://{}", listener.local_addr()?);
    let config = Arc::new(options.config);
    loop {
        let (stream, _peer) = match listener.accept().await {
            Ok(accepted) => accepted,
            Err(error) => {
                // Out of file descriptors, as a rule: connections must end before more can come.
                eprintln!("accept: {error}");
                task::sleep(Duration::from_millis(100)).await;
                continue;
            }
        };
        // A peer's mistake concerns only its own connection.
        task::spawn(echo(stream, Arc::clone(&config)));
    }
}

async fn echo(stream: TcpStream, config: Arc<Config>) -> Result<(), Box<dyn Error + Send + Sync>> {
    stream.set_nodelay(true)?;
    let mut socket = accept(stream, config).await?;
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
