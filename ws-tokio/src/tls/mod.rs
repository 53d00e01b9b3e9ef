//! TLS, by the features `rustls` and `native-tls`.

#[cfg(feature = "rustls")]
mod acceptor;
#[cfg(any(feature = "rustls", feature = "native-tls"))]
mod connector;
#[cfg(not(any(feature = "rustls", feature = "native-tls")))]
mod disabled;
mod error;
#[cfg(feature = "rustls")]
mod listener;
mod of_features;
mod secured;
mod truncated;
#[cfg(feature = "rustls")]
mod verifier;

#[cfg(not(any(feature = "rustls", feature = "native-tls")))]
use disabled as connector;

#[cfg(feature = "rustls")]
pub use acceptor::{TlsAcceptor, TlsStream};
pub use connector::TlsConnector;
pub use error::{TlsError, TlsErrorKind};
#[cfg(feature = "rustls")]
pub use listener::TlsListener;
pub(crate) use of_features::of_features;
pub(crate) use secured::Secured;
use truncated::truncated;

/// The one protocol that a WebSocket handshake of HTTP/1.1 may be spoken over (RFC 7301).
#[cfg(feature = "rustls")]
const ALPN: &[u8] = b"http/1.1";
