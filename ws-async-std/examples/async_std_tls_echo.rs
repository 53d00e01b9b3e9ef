//! An echo server over TLS: `async_std_tls_echo ADDRESS CHAIN KEY`, with the certificates and the
//! private key in files of PEM. Any TLS library will do whose streams have the traits of
//! `futures-io`; here it is futures-rustls.

use std::error::Error;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use async_std::net::TcpListener;
use futures_rustls::pki_types::pem::PemObject;
use futures_rustls::pki_types::{CertificateDer, PrivateKeyDer};
use futures_rustls::rustls::ServerConfig;
use futures_rustls::rustls::crypto::ring;
use futures_rustls::server::TlsStream;
use futures_rustls::{Accept, TlsAcceptor};
use ws_async_std::serve::Listener;
use ws_async_std::{AsyncStdStream, Config, WebSocket, serve};

#[async_std::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [address, chain, key] = &arguments[..] else {
        return Err("usage: async_std_tls_echo ADDRESS CHAIN KEY".into());
    };
    let chain = CertificateDer::pem_file_iter(chain)?.collect::<Result<_, _>>()?;
    let mut tls = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(chain, PrivateKeyDer::from_pem_file(key)?)?;
    // The upgrade is one of HTTP/1.1.
    tls.alpn_protocols = vec![b"http/1.1".to_vec()];
    let acceptor = TlsAcceptor::from(Arc::new(tls));

    let listener = TcpListener::bind(address).await?;
    println!("listening on wss://{}", listener.local_addr()?);
    let serving = serve(TlsListener { listener, acceptor }, Config::default(), echo);
    serving.on_error(|error| println!("{error}")).await;
    Ok(())
}

/// Each connection performs its TLS handshake in its own task, within the deadline of the request.
struct TlsListener {
    listener: TcpListener,
    acceptor: TlsAcceptor,
}

impl Listener for TlsListener {
    type Stream = TlsStream<AsyncStdStream>;
    type Address = SocketAddr;
    type Opening = Accept<AsyncStdStream>;

    async fn accept(&mut self) -> io::Result<(Self::Opening, SocketAddr)> {
        let (stream, peer) = self.listener.accept().await?;
        // Fails if the peer has reset the connection.
        let _ = stream.set_nodelay(true);
        Ok((self.acceptor.accept(stream.into()), peer))
    }
}

async fn echo(mut socket: WebSocket<TlsStream<AsyncStdStream>>) -> Result<(), ws_async_std::Error> {
    while let Some(message) = socket.recv().await? {
        if message.is_data() {
            // Written by the next `recv` before it waits.
            socket.feed(message).await?;
        }
    }
    Ok(())
}
