//! Clients: from a URI to an open connection.

mod connector;
mod error;
mod happy_eyeballs;
mod location;
mod redirects;
mod resolve;
mod route;
mod stream;
mod transport;
mod tunnel;

use std::sync::Arc;

use tokio::io::{AsyncRead, AsyncWrite};
use ws_futures::client::{ClientRequest, Response, Uri};
use ws_futures::{Config, HandshakeError};

use crate::seed::seed;
use crate::{TokioStream, TokioTimer, WebSocket};

pub use connector::Connector;
pub use error::{ConnectError, Phase};
pub use happy_eyeballs::Unreachable;
pub use redirects::RedirectError;
pub use stream::ClientStream;

/// The default `User-Agent` (RFC 9110 §10.1.5).
pub(crate) const USER_AGENT: &str = concat!("ws-tokio/", env!("CARGO_PKG_VERSION"));

/// Connects to a URI with the defaults; a [`Connector`] has options.
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
/// let mut socket = ws_tokio::connect("ws://127.0.0.1:9001/").await?;
/// socket.send("hello").await?;
/// while let Some(message) = socket.recv().await? {
///     println!("{message:?}");
/// }
/// # Ok(())
/// # }
/// ```
pub async fn connect(uri: &str) -> Result<WebSocket<ClientStream>, ConnectError> {
    Ok(Connector::new().connect(uri).await?.0)
}

/// Connects to a URI with a request of the caller (header fields, subprotocols) and a
/// configuration; otherwise with the defaults of a [`Connector`].
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
) -> Result<(WebSocket<ClientStream>, Response), ConnectError> {
    Connector::new().config(config).connect_with(uri, request).await
}

/// Opens a WebSocket over a stream that is connected already. The request has
/// `User-Agent: ws-tokio/VERSION` unless it was set or removed ([`ClientRequest::user_agent`]).
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
    let stream = TokioStream::new(stream);
    let request = request.default_user_agent(Some(USER_AGENT));
    ws_futures::connect_on(stream, TokioTimer::default(), config, request, seed()?).await
}
