//! An echo server over TLS: `tls_echo ADDRESS CHAIN KEY`, with the certificates and the private key
//! in files of PEM.

use std::error::Error;

use tokio::net::{TcpListener, TcpStream};
use ws_tokio::{Config, TlsAcceptor, accept};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [address, chain, key] = &arguments[..] else {
        return Err("usage: tls_echo ADDRESS CHAIN KEY".into());
    };
    let acceptor = TlsAcceptor::from_pem(std::fs::read(chain)?, std::fs::read(key)?)?;
    let listener = TcpListener::bind(address).await?;
    println!("listening on wss://{}", listener.local_addr()?);
    loop {
        let (stream, peer) = listener.accept().await?;
        let acceptor = acceptor.clone();
        tokio::spawn(async move {
            if let Err(error) = echo(stream, acceptor).await {
                println!("{peer}: {error}");
            }
        });
    }
}

async fn echo(stream: TcpStream, acceptor: TlsAcceptor) -> Result<(), Box<dyn Error>> {
    stream.set_nodelay(true)?;
    let stream = acceptor.accept(stream).await?;
    let mut socket = accept(stream, Config::default()).await?;
    while let Some(message) = socket.recv().await? {
        if message.is_data() {
            // Written by the next `recv` before it waits.
            socket.feed(message).await?;
        }
    }
    Ok(())
}
