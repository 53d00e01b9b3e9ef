//! Clients over TCP.

use std::fmt;
use std::io;
use std::sync::Arc;

use async_std::io::timeout;
use async_std::net::TcpStream;
use futures_io::{AsyncRead, AsyncWrite};
use ws_futures::client::{ClientRequest, InvalidUri, Response, Uri};
use ws_futures::{Config, Error, HandshakeError};

use crate::seed::seed;
use crate::{AsyncStdTimer, WebSocket};

/// The default `User-Agent` (RFC 9110 §10.1.5).
const USER_AGENT: &str = concat!("ws-async-std/", env!("CARGO_PKG_VERSION"));

/// Connects to a `ws://` address with the defaults.
///
/// # Errors
///
/// [`ConnectError`].
///
/// # Cancel safety
///
/// Dropping the future ends the attempt.
///
/// # Examples
///
/// ```no_run
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let mut socket = ws_async_std::connect("ws://127.0.0.1:9001/").await?;
/// socket.send("hello").await?;
/// while let Some(message) = socket.recv().await? {
///     println!("{message:?}");
/// }
/// # Ok(())
/// # }
/// ```
pub async fn connect(uri: &str) -> Result<WebSocket, ConnectError> {
    let uri: Uri = uri.parse()?;
    let request = ClientRequest::for_uri(&uri);
    Ok(connect_with(&uri, request, Config::default()).await?.0)
}

/// Connects to a URI with a request of the caller (header fields, subprotocols) and a
/// configuration. [`Config::handshake_timeout`] bounds the TCP connection and the handshake, each.
///
/// # Errors
///
/// [`ConnectError`].
///
/// # Cancel safety
///
/// Dropping the future ends the attempt.
pub async fn connect_with(
    uri: &Uri,
    request: ClientRequest,
    config: impl Into<Arc<Config>>,
) -> Result<(WebSocket, Response), ConnectError> {
    if uri.is_secure() {
        return Err(ConnectError::Secure);
    }
    let config = config.into();
    let connecting = TcpStream::connect((uri.host(), uri.port()));
    let stream = match config.handshake_timeout {
        Some(limit) => timeout(limit, connecting).await?,
        None => connecting.await?,
    };
    stream.set_nodelay(true)?;
    Ok(connect_on(stream.into(), request, config).await?)
}

/// Opens a WebSocket over a stream that is connected already: TLS over an
/// [`AsyncStdStream`](crate::AsyncStdStream), for example. The request has
/// `User-Agent: ws-async-std/VERSION` unless it was set or removed ([`ClientRequest::user_agent`]).
///
/// # Errors
///
/// [`HandshakeError`].
///
/// # Cancel safety
///
/// Dropping the future drops the stream.
pub async fn connect_on<S>(
    stream: S,
    request: ClientRequest,
    config: impl Into<Arc<Config>>,
) -> Result<(WebSocket<S>, Response), HandshakeError>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let request = request.default_user_agent(Some(USER_AGENT));
    ws_futures::connect_on(stream, AsyncStdTimer::default(), config, request, seed()?).await
}

/// An error of opening a connection.
#[derive(Debug)]
#[non_exhaustive]
pub enum ConnectError {
    /// The text is not a WebSocket URI.
    Uri(InvalidUri),
    /// The URI requires TLS; connect a TLS stream and use [`connect_on`].
    Secure,
    /// The TCP connection failed.
    Io(io::Error),
    /// The handshake failed.
    Handshake(HandshakeError),
}

impl ConnectError {
    /// Whether a deadline has passed: [`Config::handshake_timeout`]. A timeout that the operating system
    /// reports counts, too.
    pub fn is_timeout(&self) -> bool {
        match self {
            Self::Io(error) => error.kind() == io::ErrorKind::TimedOut,
            Self::Handshake(error) => error.is_timeout(),
            Self::Uri(_) | Self::Secure => false,
        }
    }
}

/// A failed handshake becomes [`Error::Handshake`], everything else [`Error::Connect`].
impl From<ConnectError> for Error {
    fn from(error: ConnectError) -> Self {
        let kind = match error {
            ConnectError::Handshake(error) => return error.into(),
            _ if error.is_timeout() => io::ErrorKind::TimedOut,
            _ => io::ErrorKind::Other,
        };
        Self::Connect(io::Error::new(kind, error))
    }
}

impl From<InvalidUri> for ConnectError {
    fn from(error: InvalidUri) -> Self {
        Self::Uri(error)
    }
}

impl From<io::Error> for ConnectError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl From<HandshakeError> for ConnectError {
    fn from(error: HandshakeError) -> Self {
        Self::Handshake(error)
    }
}

impl fmt::Display for ConnectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Uri(error) => error.fmt(f),
            Self::Secure => {
                f.write_str("wss is not supported: connect a TLS stream and use connect_on")
            }
            Self::Io(error) => error.fmt(f),
            Self::Handshake(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for ConnectError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Uri(_) | Self::Secure => None,
            Self::Io(error) => error.source(),
            Self::Handshake(error) => error.source(),
        }
    }
}
