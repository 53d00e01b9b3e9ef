//! WebSockets in HTTP servers built on hyper 1, over HTTP/1.1 and HTTP/2 (feature `hyper`).
//!
//! [`upgrade()`] accepts a request and returns the response and the socket:
//!
//! ```
//! use http_body_util::Full;
//! use hyper::{Request, Response, body::{Bytes, Incoming}};
//! use ws_tokio::{Config, upgrade::upgrade};
//!
//! async fn serve(mut request: Request<Incoming>) -> Response<Full<Bytes>> {
//!     let (response, socket) = match upgrade(&mut request, Config::default()) {
//!         Ok(upgrade) => upgrade,
//!         Err(rejection) => return rejection.into(),
//!     };
//!     tokio::spawn(async move {
//!         let mut socket = socket.await?;
//!         socket.send("welcome").await?;
//!         while let Some(message) = socket.recv().await? {
//!             println!("{message:?}");
//!         }
//!         Ok::<(), Box<dyn std::error::Error + Send + Sync>>(())
//!     });
//!     response
//! }
//! # let _ = serve;
//! ```
//!
//! [`Upgrade`] does the same in two steps, with access to the request in between: subprotocols,
//! header fields, rejection. For axum there is an extractor (feature `axum`).
//!
//! [`serve()`] is a robust server of such services. Another server must support upgrades:
//! `serve_connection_with_upgrades` of hyper-util, or `with_upgrades` of hyper. For HTTP/2 it must
//! announce extended CONNECT (RFC 8441): `enable_connect_protocol` of the builder.
//! `axum::serve` does both, but has no deadline for a request.
//!
//! A [`Shutdown`](crate::Shutdown) in the extensions of a request closes its WebSocket: [`serve()`]
//! inserts it; for another server insert it with a layer (`axum::Extension`).

mod accept;
#[cfg(feature = "axum")]
mod extractor;
mod future;
mod http;
mod lingering;
mod rejection;
mod serve;
mod service;
mod stream;

pub use accept::{Upgrade, upgrade};
#[cfg(feature = "axum")]
pub use extractor::WebSocketUpgrade;
pub(crate) use future::Registration;
pub use future::UpgradeFuture;
pub use rejection::UpgradeRejection;
pub use serve::{ServeHttp, serve};
pub use service::{Hyper, IntoService, Peer, Service, Tower};
pub use stream::Upgraded;

/// A WebSocket that was opened by a request to an HTTP server, or over HTTP/2.
pub type WebSocket = crate::WebSocket<Upgraded>;
