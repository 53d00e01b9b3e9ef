//! Clients over HTTP/2 (RFC 8441), on hyper 1 (feature `hyper`).
//!
//! [`handshake`] opens an HTTP/2 connection over a stream, [`connect`] opens a WebSocket in
//! it, next to others and to plain requests. A server announces whether it supports WebSockets over
//! HTTP/2; if it does not, [`handshake`] returns [`Http2Error::Unsupported`]: use HTTP/1.1 then.
//!
//! ```no_run
//! use tokio::net::TcpStream;
//! use ws_tokio::client::ClientRequest;
//! use ws_tokio::{Config, connect_on, http2};
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
//! let request = ClientRequest::new("127.0.0.1:9001", "/");
//! let config = Config::default();
//! let stream = TcpStream::connect("127.0.0.1:9001").await?;
//! match http2::handshake::<_, String>(stream, &config).await {
//!     Ok(mut sender) => {
//!         let (mut socket, _response) = http2::connect(&mut sender, request, config).await?;
//!         socket.send("over HTTP/2").await?;
//!     }
//!     Err(http2::Http2Error::Unsupported(_)) => {
//!         let stream = TcpStream::connect("127.0.0.1:9001").await?;
//!         let (mut socket, _response) = connect_on(stream, request, config).await?;
//!         socket.send("over HTTP/1.1").await?;
//!     }
//!     Err(error) => return Err(error.into()),
//! }
//! # Ok(())
//! # }
//! ```
//!
//! TLS is up to the caller: offer `h2` by ALPN, and call [`handshake`] if the server has chosen it.

mod connect;
mod error;
mod handshake;
mod in_time;

pub use connect::connect;
pub use error::Http2Error;
pub use handshake::handshake;
