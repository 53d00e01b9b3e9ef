//! TLS for servers.

use std::fmt;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::{Arc, PoisonError, RwLock};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::timeout;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::{self, PemObject};
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::{Error, ServerConfig};

use super::error::{TlsError, TlsErrorKind};
use super::{ALPN, truncated};

const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);

/// Accepts `wss` clients, with rustls.
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
    /// Shared with clones, and with their listeners.
    config: Arc<RwLock<Arc<ServerConfig>>>,
    handshake_timeout: Option<Duration>,
}

impl TlsAcceptor {
    /// Creates an acceptor from the server's certificate chain, its own certificate first, and its private
    /// key: both in PEM.
    ///
    /// # Errors
    ///
    /// [`TlsErrorKind::Setup`]: not PEM, no certificate in the chain, or the key does not match the
    /// certificate.
    pub fn from_pem(chain: impl AsRef<[u8]>, key: impl AsRef<[u8]>) -> Result<Self, TlsError> {
        let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(chain.as_ref()).collect();
        let chain = chain.map_err(TlsError::setup)?;
        if chain.is_empty() {
            return Err(TlsError::setup("no certificate in the chain"));
        }
        let key = PrivateKeyDer::from_pem_slice(key.as_ref()).map_err(|error| match error {
            pem::Error::NoItemsFound => {
                TlsError::setup("no private key in PEM, or an encrypted one")
            }
            error => TlsError::setup(error),
        })?;
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(TlsError::setup)?
            .with_no_client_auth()
            .with_single_cert(chain, key)
            .map_err(|error| match error {
                Error::InconsistentKeys(_) => {
                    TlsError::setup("private key does not belong to the certificate")
                }
                error => TlsError::setup(error),
            })?;
        Ok(Arc::new(config).into())
    }

    /// Sets the time for the TLS handshake. 10 s by default; `None`: no deadline.
    pub fn handshake_timeout(mut self, timeout: Option<Duration>) -> Self {
        self.handshake_timeout = timeout;
        self
    }

    /// Offers HTTP/2 before HTTP/1.1 (ALPN, RFC 7301): for servers that support both, such as
    /// `upgrade::serve`.
    ///
    /// This acceptor no longer shares its configuration with earlier clones.
    pub fn http2(mut self) -> Self {
        let mut config = self.config();
        Arc::make_mut(&mut config).alpn_protocols = vec![b"h2".to_vec(), ALPN.to_vec()];
        self.config = Arc::new(RwLock::new(config));
        self
    }

    /// Replaces the certificate and the rest of the configuration by that of another acceptor, for
    /// subsequent handshakes: in this acceptor, in its clones, and in their listeners. The protocols of
    /// [`http2`](Self::http2) and the timeout do not change. Open connections are not affected.
    ///
    /// ```no_run
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use ws_tokio::TlsAcceptor;
    ///
    /// let acceptor = TlsAcceptor::from_pem(std::fs::read("chain.pem")?, std::fs::read("key.pem")?)?;
    /// let reload = {
    ///     let acceptor = acceptor.clone();
    ///     move || -> Result<(), Box<dyn std::error::Error>> {
    ///         let chain = std::fs::read("chain.pem")?;
    ///         acceptor.replace(TlsAcceptor::from_pem(chain, std::fs::read("key.pem")?)?);
    ///         Ok(())
    ///     }
    /// };
    /// // Serve with `acceptor.listen(listener)`, and reload at each SIGHUP.
    /// # reload()
    /// # }
    /// ```
    pub fn replace(&self, with: Self) {
        let mut config = with.config();
        let mut current = self.config.write().unwrap_or_else(PoisonError::into_inner);
        Arc::make_mut(&mut config).alpn_protocols.clone_from(&current.alpn_protocols);
        *current = config;
    }

    fn config(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.config.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Performs the TLS handshake with a client; pass the stream to [`accept`](crate::accept).
    ///
    /// # Errors
    ///
    /// [`TlsError`]; a client that does not use TLS is dropped at once.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future drops the stream.
    pub async fn accept<S>(&self, stream: S) -> Result<TlsStream<S>, TlsError>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let accepting = tokio_rustls::TlsAcceptor::from(self.config()).accept(stream);
        let accepted = match self.handshake_timeout {
            Some(limit) => timeout(limit, accepting)
                .await
                .map_err(|_elapsed| TlsError::from(TlsErrorKind::Timeout))?,
            None => accepting.await,
        };
        Ok(TlsStream(Box::new(accepted?)))
    }
}

/// Uses a custom configuration, for example for client certificates or several names. Its ALPN protocols
/// (RFC 7301) are replaced by `http/1.1`, or by both with [`http2`](TlsAcceptor::http2).
impl From<Arc<ServerConfig>> for TlsAcceptor {
    fn from(mut config: Arc<ServerConfig>) -> Self {
        Arc::make_mut(&mut config).alpn_protocols = vec![ALPN.to_vec()];
        Self { config: Arc::new(RwLock::new(config)), handshake_timeout: Some(HANDSHAKE_TIMEOUT) }
    }
}

impl fmt::Debug for TlsAcceptor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TlsAcceptor")
            .field("handshake_timeout", &self.handshake_timeout)
            .finish_non_exhaustive()
    }
}

/// The TLS stream of a client.
#[derive(Debug)]
pub struct TlsStream<S>(Box<tokio_rustls::server::TlsStream<S>>);

impl<S> TlsStream<S> {
    /// Returns the stream below TLS.
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
