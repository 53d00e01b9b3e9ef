//! WebSocket clients and servers on async-std.
//!
//! **async-std is no longer maintained** (RUSTSEC-2025-0052); its authors point to smol. This crate is
//! for existing programs. With smol use [`ws_futures`] itself: smol's streams implement its
//! traits, and its examples `smol_echo` and `smol_client` show the rest.
//!
//! ```no_run
//! use async_std::net::TcpListener;
//! use ws_async_std::{Config, Error, WebSocket, serve};
//!
//! #[async_std::main]
//! async fn main() -> std::io::Result<()> {
//!     let listener = TcpListener::bind("127.0.0.1:9001").await?;
//!     serve(listener, Config::default(), echo).await;
//!     Ok(())
//! }
//!
//! async fn echo(mut socket: WebSocket) -> Result<(), Error> {
//!     while let Some(message) = socket.recv().await? {
//!         if message.is_data() {
//!             socket.feed(message).await?; // written by the next `recv` before it waits
//!         }
//!     }
//!     Ok(())
//! }
//! ```
//!
//! # Features
//!
//! - `deflate` (default): permessage-deflate, enabled per connection by [`Config`].
//! - `simdutf8` (default): validates text with SIMD instructions. The `unsafe` is that crate's own.
//! - `tracing`: logs the start and end of connections, and kinds and sizes of messages.
#![cfg_attr(docsrs, feature(doc_cfg))]

mod connect;
mod seed;
pub mod serve;
mod stream;
mod timer;

use std::sync::Arc;

use async_std::net::TcpStream;

pub use connect::{ConnectError, connect, connect_on, connect_with};
pub use seed::seed;
pub use serve::{serve, serve_incoming};
pub use stream::AsyncStdStream;
pub use timer::AsyncStdTimer;
pub use ws_futures::{
    Batch, ByteString, Bytes, Close, CloseCode, Closed, Compression, Config, Delivery, Drained,
    Error, ErrorKind, Event, HandshakeError, Initiator, Limits, MAX_REASON, Message, Payload,
    Prepared, ReuniteError, Role, SendError, Shutdown, ShutdownGuard, State, Stats, Traffic,
    TrySendError, client, proto, server,
};
#[cfg(feature = "deflate")]
pub use ws_futures::{Deflate, EnginePool, Offers};

/// A WebSocket over TCP, or over another stream.
pub type WebSocket<S = AsyncStdStream> = ws_futures::WebSocket<S, AsyncStdTimer>;
/// The receiving half of a [`WebSocket`].
pub type ReadHalf<S = AsyncStdStream> = ws_futures::ReadHalf<S, AsyncStdTimer>;
/// The events of one read of a [`ReadHalf`].
pub type ReadHalfBatch<'a, S = AsyncStdStream> = ws_futures::ReadHalfBatch<'a, S, AsyncStdTimer>;
/// The sending half of a [`WebSocket`].
pub type WriteHalf<S = AsyncStdStream> = ws_futures::WriteHalf<S, AsyncStdTimer>;
/// A client whose request has been read and waits for a response.
pub type Incoming<S = AsyncStdStream> = ws_futures::Incoming<S, AsyncStdTimer>;

/// Accepts a WebSocket on a TCP stream: any valid request, without a subprotocol.
///
/// On other streams, such as TLS over an [`AsyncStdStream`], [`ws_futures::accept`] does the same with
/// an [`AsyncStdTimer`].
///
/// # Errors
///
/// [`HandshakeError::Rejected`]: the request was invalid; a response was sent and the stream was ended.
/// [`HandshakeError::Io`].
///
/// # Cancel safety
///
/// Dropping the future drops the stream.
pub fn accept(
    stream: TcpStream,
    config: impl Into<Arc<Config>>,
) -> impl Future<Output = Result<WebSocket, HandshakeError>> {
    ws_futures::accept(stream.into(), AsyncStdTimer::default(), config.into())
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
pub async fn incoming(
    stream: TcpStream,
    config: impl Into<Arc<Config>>,
) -> Result<Incoming, HandshakeError> {
    ws_futures::Incoming::read(stream.into(), AsyncStdTimer::default(), config).await
}

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
