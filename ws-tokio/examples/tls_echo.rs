//! An echo server over TLS: `tls_echo ADDRESS CHAIN KEY`, with the certificates and the private key
//! in PEM files.

use std::error::Error;

use tokio::net::{TcpListener, TcpStream};
use ws_tokio::{Config, TlsAcceptor, TlsStream, WebSocket, serve};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [address, chain, key] = &arguments[..] else {
        return Err("usage: tls_echo ADDRESS CHAIN KEY".into());
    };
    let acceptor = TlsAcceptor::from_pem(std::fs::read(chain)?, std::fs::read(key)?)?;
    let listener = TcpListener::bind(address).await?;
    println!("listening on wss://{}", listener.local_addr()?);
    let serving = serve(acceptor.listen(listener), Config::default(), echo);
    serving.on_error(|error| println!("{error}")).await;
    Ok(())
}

async fn echo(mut socket: WebSocket<TlsStream<TcpStream>>) -> Result<(), ws_tokio::Error> {
    while let Some(message) = socket.recv().await? {
        if message.is_data() {
            // Written by the next `recv` before it waits.
            socket.feed(message).await?;
        }
    }
    Ok(())
}
