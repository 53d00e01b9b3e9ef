//! An echo server: `tokio_echo [ADDRESS]`.
//!
//! It reads lent batches, the fastest method: a message is copied from the read buffer to the write
//! buffer, and all replies to one read are sent in one write.

use tokio::net::{TcpListener, TcpStream};
use ws_tokio::{Config, Error, Event, WebSocket, serve};

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let address = std::env::args().nth(1).unwrap_or("127.0.0.1:9001".into());
    let listener = TcpListener::bind(address).await?;
    println!("listening on ws://{}", listener.local_addr()?);
    serve(listener, Config::default(), echo).await;
    Ok(())
}

async fn echo(mut socket: WebSocket<TcpStream>) -> Result<(), Error> {
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
