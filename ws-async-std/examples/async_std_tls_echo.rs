//! An echo server over TLS: `async_std_tls_echo ADDRESS CHAIN KEY`, with the certificates and the
//! private key in files of PEM. Any TLS library will do whose streams have the traits of
//! `futures-io`; here it is futures-rustls.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use async_std::future::timeout;
use async_std::net::{TcpListener, TcpStream};
use async_std::task;
use futures_rustls::TlsAcceptor;
use futures_rustls::pki_types::pem::PemObject;
use futures_rustls::pki_types::{CertificateDer, PrivateKeyDer};
use futures_rustls::rustls::ServerConfig;
use futures_rustls::rustls::crypto::ring;
use ws_async_std::{AsyncStdStream, AsyncStdTimer, Config};

/// A client that does not speak TLS may say nothing at all.
const HANDSHAKE: Duration = Duration::from_secs(10);

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
    loop {
        let (stream, peer) = listener.accept().await?;
        let acceptor = acceptor.clone();
        task::spawn(async move {
            if let Err(error) = echo(stream, acceptor).await {
                println!("{peer}: {error}");
            }
        });
    }
}

async fn echo(
    stream: TcpStream,
    acceptor: TlsAcceptor,
) -> Result<(), Box<dyn Error + Send + Sync>> {
    stream.set_nodelay(true)?;
    let stream = timeout(HANDSHAKE, acceptor.accept(AsyncStdStream::from(stream))).await??;
    let timer = AsyncStdTimer::default();
    let mut socket = ws_futures::accept(stream, timer, Config::default()).await?;
    while let Some(message) = socket.recv().await? {
        if message.is_data() {
            // Written by the next `recv` before it waits.
            socket.feed(message).await?;
        }
    }
    Ok(())
}
