//! A server's side of TLS.

use std::fmt;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::timeout;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

use super::error::{TlsError, TlsErrorKind};
use super::{ALPN, truncated};

const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);

/// Accepts clients of `wss`, by rustls.
///
/// ```no_run
/// use tokio::net::{TcpListener, TcpStream};
/// use ws_tokio::{Config, Error, TlsAcceptor, TlsStream, WebSocket, serve};
///
/// #[tokio::main]
/// async fn main() -> Result<(), Box<dyn std::error::Error>> {
///     let chain = std::fs::read("chain.pem")?;
///     let acceptor = TlsAcceptor::from_pem(chain, std::fs::read("key.pem")?)?;
///     let listener = TcpListener::bind("127.0.0.1:9443").await?;
///     serve(acceptor.listen(listener), Config::default(), greet).await;
///     Ok(())
/// }
///
/// async fn greet(mut socket: WebSocket<TlsStream<TcpStream>>) -> Result<(), Error> {
///     socket.send("hello").await
/// }
/// ```
#[derive(Clone)]
pub struct TlsAcceptor {
    acceptor: tokio_rustls::TlsAcceptor,
    handshake_timeout: Option<Duration>,
}

impl TlsAcceptor {
    /// The server's certificate, followed by those that lead to its root, and its private key: both
    /// in PEM.
    ///
    /// # Errors
    ///
    /// [`TlsErrorKind::Setup`]: not PEM, or the key is not that of the certificate.
    pub fn from_pem(chain: impl AsRef<[u8]>, key: impl AsRef<[u8]>) -> Result<Self, TlsError> {
        let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(chain.as_ref()).collect();
        let key = PrivateKeyDer::from_pem_slice(key.as_ref()).map_err(TlsError::setup)?;
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(TlsError::setup)?
            .with_no_client_auth()
            .with_single_cert(chain.map_err(TlsError::setup)?, key)
            .map_err(TlsError::setup)?;
        Ok(Arc::new(config).into())
    }

    /// How long the TLS handshake may take. 10 s by default; `None`: no deadline.
    pub fn handshake_timeout(mut self, timeout: Option<Duration>) -> Self {
        self.handshake_timeout = timeout;
        self
    }

    /// Offers HTTP/2 before HTTP/1.1 (RFC 7301): for servers that speak both, such as
    /// `upgrade::serve`.
    pub fn http2(mut self) -> Self {
        let mut config = Arc::clone(self.acceptor.config());
        Arc::make_mut(&mut config).alpn_protocols = vec![b"h2".to_vec(), ALPN.to_vec()];
        self.acceptor = config.into();
        self
    }

    /// Does the TLS handshake with a client; the stream is for [`accept`](crate::accept) then.
    ///
    /// # Errors
    ///
    /// [`TlsError`]; a client that does not speak TLS is dropped at once.
    ///
    /// # Cancel safety
    ///
    /// Dropped before it is ready it drops the stream.
    pub async fn accept<S>(&self, stream: S) -> Result<TlsStream<S>, TlsError>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let accepting = self.acceptor.accept(stream);
        let accepted = match self.handshake_timeout {
            Some(limit) => timeout(limit, accepting)
                .await
                .map_err(|_elapsed| TlsError::from(TlsErrorKind::Timeout))?,
            None => accepting.await,
        };
        Ok(TlsStream(Box::new(accepted?)))
    }
}

/// A configuration of one's own, such as for client certificates or several names. The protocol
/// `http/1.1` is offered and no other (RFC 7301), whatever the configuration says, unless
/// [`http2`](TlsAcceptor::http2) offers both.
impl From<Arc<ServerConfig>> for TlsAcceptor {
    fn from(mut config: Arc<ServerConfig>) -> Self {
        Arc::make_mut(&mut config).alpn_protocols = vec![ALPN.to_vec()];
        Self { acceptor: config.into(), handshake_timeout: Some(HANDSHAKE_TIMEOUT) }
    }
}

impl fmt::Debug for TlsAcceptor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TlsAcceptor")
            .field("handshake_timeout", &self.handshake_timeout)
            .finish_non_exhaustive()
    }
}

/// A client's stream over TLS.
#[derive(Debug)]
pub struct TlsStream<S>(Box<tokio_rustls::server::TlsStream<S>>);

impl<S> TlsStream<S> {
    /// The stream below TLS.
    pub fn get_ref(&self) -> &S {
        self.0.get_ref().0
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for TlsStream<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        truncated(Pin::new(&mut self.0).poll_read(cx, buffer))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for TlsStream<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write_vectored(cx, pieces)
    }

    fn is_write_vectored(&self) -> bool {
        self.0.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}
