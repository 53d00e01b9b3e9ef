//! An echo server on smol:
//! `smol_echo ADDRESS [--max-message BYTES] [--chunked] [--deflate] [--threads N]`.
//!
//! smol's streams implement the traits that `ws-futures` needs; in addition it needs a [`timer`], and for a
//! server a [`runtime`].

#[path = "smol/runtime.rs"]
mod runtime;
#[path = "smol/timer.rs"]
mod timer;

use std::error::Error;

use smol::net::{TcpListener, TcpStream};
use ws_futures::serve::{BoxError, Serve, ServeError};
use ws_futures::{Event, WebSocket};
use ws_testkit::options;

use runtime::{Smol, SmolListener};
use timer::SmolTimer;

fn main() -> Result<(), Box<dyn Error>> {
    let options = options::Server::parse(std::env::args().skip(1))?;
    let listener = smol::block_on(TcpListener::bind(&options.address))?;
    println!("listening on ws://{}", listener.local_addr()?);
    let runtime = Smol::default();
    // Errors of a single connection are usually caused by the peer.
    let serving = Serve::sockets(runtime.clone(), SmolListener(listener), options.config, echo)
        .on_error(|error| {
            if let ServeError::Accept { .. } = error {
                eprintln!("{error}");
            }
        });
    runtime.block_on(options.threads, serving.into_future());
    Ok(())
}

async fn echo(mut socket: WebSocket<TcpStream, SmolTimer>) -> Result<(), BoxError> {
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
