//! WebSocket clients and servers on Tokio.
//!
//! ```no_run
//! use tokio::net::{TcpListener, TcpStream};
//! use ws_tokio::{Config, Error, WebSocket, serve};
//!
//! #[tokio::main]
//! async fn main() -> std::io::Result<()> {
//!     let listener = TcpListener::bind("127.0.0.1:9001").await?;
//!     serve(listener, Config::default(), echo).await;
//!     Ok(())
//! }
//!
//! async fn echo(mut socket: WebSocket<TcpStream>) -> Result<(), Error> {
//!     while let Some(message) = socket.recv().await? {
//!         if message.is_data() {
//!             socket.feed(message).await?; // written by the next `recv` before it waits
//!         }
//!     }
//!     Ok(())
//! }
//! ```
//!
//! [`serve()`], and [`serve_incoming()`] with access to the requests, are robust servers. With your own
//! accept loop use [`accept`] and [`incoming`].
//!
//! [`connect`] opens a client connection; [`Connector`] adds header fields, subprotocols, TLS, proxies and
//! redirects; [`connect_on`] uses a connected stream; [`Reconnect`] reconnects.
//!
//! [`migrating_from_tungstenite`] compares the two APIs.
//!
//! # Features
//!
//! - `deflate` (default): permessage-deflate, enabled by [`Config`].
//! - `simdutf8` (default): validates text with SIMD instructions. The `unsafe` is that crate's own.
//! - `tracing`: logs the start and end of connections, and the kinds and sizes of messages.
//! - `rustls`: TLS with a custom [`TlsConnector`], and `TlsAcceptor`.
//! - `rustls-platform-verifier`: the same; `wss` trusts the system's root certificates.
//! - `webpki-roots`: the same; `wss` trusts Mozilla's root certificates.
//! - `native-tls`: TLS by the system's library.
//! - `hyper`: WebSockets in servers on hyper 1, over HTTP/1.1 and HTTP/2 (`upgrade`), and clients over
//!   HTTP/2 (`http2`).
//! - `axum`: `upgrade::WebSocketUpgrade`, an extractor for axum 0.8.
#![cfg_attr(docsrs, feature(doc_cfg))]

mod byte_stream;
mod connect;
#[cfg(feature = "hyper")]
pub mod http2;
mod proxy;
mod reconnect;
mod seed;
pub mod serve;
mod stream;
mod timer;
mod tls;
#[cfg(feature = "hyper")]
pub mod upgrade;

#[doc = include_str!("../docs/migrating.md")]
pub mod migrating_from_tungstenite {}

use std::sync::Arc;

use tokio::io::{AsyncRead, AsyncWrite};

pub use connect::{
    ClientStream, ConnectError, Connector, Phase, RedirectError, Unreachable, connect, connect_on,
    connect_with,
};
pub use proxy::{InvalidProxy, InvalidProxyKind, Proxy};
pub use reconnect::{Backoff, Failure, Reconnect, Verdict, retry_after};
pub use seed::seed;
pub use serve::{serve, serve_incoming};
pub use stream::TokioStream;
pub use timer::TokioTimer;
#[cfg(feature = "rustls")]
pub use tls::{TlsAcceptor, TlsListener, TlsStream};
pub use tls::{TlsConnector, TlsError, TlsErrorKind};
pub use ws_futures::{
    Batch, ByteString, Bytes, Close, CloseCode, Closed, Compression, Config, Delivery, Drained,
    Error, ErrorKind, Event, HandshakeError, Initiator, Limits, MAX_REASON, Message, Payload,
    Prepared, ReuniteError, Role, SendError, Shutdown, ShutdownGuard, State, Stats, Traffic,
    TrySendError, client, proto, server,
};
#[cfg(feature = "deflate")]
pub use ws_futures::{Deflate, EnginePool, Offers};

/// A WebSocket over a Tokio stream.
pub type WebSocket<S> = ws_futures::WebSocket<TokioStream<S>, TokioTimer>;
/// The receiving half of a [`WebSocket`].
pub type ReadHalf<S> = ws_futures::ReadHalf<TokioStream<S>, TokioTimer>;
/// The events of one read of a [`ReadHalf`].
pub type ReadHalfBatch<'a, S> = ws_futures::ReadHalfBatch<'a, TokioStream<S>, TokioTimer>;
/// The sending half of a [`WebSocket`].
pub type WriteHalf<S> = ws_futures::WriteHalf<TokioStream<S>, TokioTimer>;
/// A client whose request has been read and waits for a response.
pub type Incoming<S> = ws_futures::Incoming<TokioStream<S>, TokioTimer>;

/// Accepts a WebSocket on a stream: any valid request, without a subprotocol.
///
/// # Errors
///
/// [`HandshakeError::Rejected`]: the request was invalid; a response was sent and the stream was ended.
/// [`HandshakeError::Io`].
///
/// # Cancel safety
///
/// Dropping the future drops the stream.
pub fn accept<S>(
    stream: S,
    config: impl Into<Arc<Config>>,
) -> impl Future<Output = Result<WebSocket<S>, HandshakeError>>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    ws_futures::accept(TokioStream::new(stream), TokioTimer::default(), config.into())
}

/// Reads a request for a WebSocket, to be accepted or rejected later.
///
/// # Errors
///
/// [`HandshakeError::Io`]: the stream failed or ended.
///
/// # Cancel safety
///
/// Dropping the future drops the stream.
pub async fn incoming<S>(
    stream: S,
    config: impl Into<Arc<Config>>,
) -> Result<Incoming<S>, HandshakeError>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    ws_futures::Incoming::read(TokioStream::new(stream), TokioTimer::default(), config).await
}

/// Binds a connection, whose handshake was done elsewhere, to its stream. `read` are bytes that followed
/// the handshake and were read already.
///
/// ```
/// use ws_tokio::{Config, established, proto::Connection};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), ws_tokio::Error> {
/// # let (stream, _peer) = tokio::io::duplex(64);
/// // After a handshake of your own. The bytes read after it are a text message, masked with zeros.
/// let read = [0x81, 0x82, 0, 0, 0, 0, b'h', b'i'];
/// let mut socket = established(stream, Connection::server(Config::default()), &read);
/// assert_eq!(socket.recv().await?, Some("hi".into()));
/// # Ok(())
/// # }
/// ```
pub fn established<S>(stream: S, connection: proto::Connection, read: &[u8]) -> WebSocket<S>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    WebSocket::new(TokioStream::new(stream), TokioTimer::default(), connection, read)
}

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct WorkspaceReadme;
