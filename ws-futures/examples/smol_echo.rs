//! An echo server on smol:
//! `smol_echo ADDRESS [--max-message BYTES] [--chunked] [--deflate] [--threads N]`.
//!
//! smol's streams are what `ws-futures` wants; all that it takes besides is a [`timer`].

#[path = "smol/timer.rs"]
mod timer;

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use smol::net::{TcpListener, TcpStream};
use ws_futures::{Config, Event, accept};
use ws_testkit::options;

use timer::SmolTimer;

fn main() -> Result<(), Box<dyn Error>> {
    let options = options::Server::parse(std::env::args().skip(1))?;
    let listener = smol::block_on(TcpListener::bind(&options.address))?;
    println!("listening on ws://{}", listener.local_addr()?);
    let executor = smol::Executor::new();
    std::thread::scope(|scope| {
        for _ in 1..options.threads {
            scope.spawn(|| smol::block_on(executor.run(std::future::pending::<()>())));
        }
        smol::block_on(executor.run(serve(&executor, listener, Arc::new(options.config))))
    })
}

async fn serve(executor: &smol::Executor<'_>, listener: TcpListener, config: Arc<Config>) -> ! {
    loop {
        let (stream, _peer) = match listener.accept().await {
            Ok(accepted) => accepted,
            Err(error) => {
                // Out of file descriptors, as a rule: connections must end before more can come.
                eprintln!("accept: {error}");
                smol::Timer::after(Duration::from_millis(100)).await;
                continue;
            }
        };
        // A peer's mistake concerns only its own connection.
        executor.spawn(echo(stream, Arc::clone(&config))).detach();
    }
}

async fn echo(stream: TcpStream, config: Arc<Config>) -> Result<(), Box<dyn Error + Send + Sync>> {
    stream.set_nodelay(true)?;
    let mut socket = accept(stream, SmolTimer::default(), config).await?;
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
