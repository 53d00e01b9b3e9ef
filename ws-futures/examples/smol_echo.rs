//! An echo server on smol: `smol_echo [ADDRESS]`.
//!
//! smol's streams have the traits of `ws-futures`; the rest is a [`timer`], and for a
//! server a [`runtime`].

#[path = "smol/runtime.rs"]
mod runtime;
#[path = "smol/timer.rs"]
mod timer;

use smol::net::{TcpListener, TcpStream};
use ws_futures::serve::Serve;
use ws_futures::{Config, Error, Event, WebSocket};

use runtime::{Smol, SmolListener};
use timer::SmolTimer;

fn main() -> std::io::Result<()> {
    let address = std::env::args().nth(1).unwrap_or("127.0.0.1:9001".into());
    let listener = smol::block_on(TcpListener::bind(address))?;
    println!("listening on ws://{}", listener.local_addr()?);
    let runtime = Smol::default();
    let serving = Serve::sockets(runtime.clone(), SmolListener(listener), Config::default(), echo);
    runtime.block_on(2, serving.into_future());
    Ok(())
}

async fn echo(mut socket: WebSocket<TcpStream, SmolTimer>) -> Result<(), Error> {
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
