//! TLS, by the features `rustls` and `native-tls`.

#[cfg(feature = "rustls")]
mod acceptor;
#[cfg(any(feature = "rustls", feature = "native-tls"))]
mod connector;
mod default_connector;
#[cfg(not(any(feature = "rustls", feature = "native-tls")))]
mod disabled;
mod error;
#[cfg(feature = "rustls")]
mod listener;
mod secured;
mod truncated;
#[cfg(feature = "rustls")]
mod verifier;

#[cfg(not(any(feature = "rustls", feature = "native-tls")))]
use disabled as connector;

#[cfg(feature = "rustls")]
pub use acceptor::{TlsAcceptor, TlsStream};
pub use connector::TlsConnector;
pub(crate) use default_connector::default_connector;
pub use error::{TlsError, TlsErrorKind};
#[cfg(feature = "rustls")]
pub use listener::TlsListener;
pub(crate) use secured::Secured;
use truncated::truncated;

/// The ALPN protocol of a WebSocket handshake over HTTP/1.1 (RFC 7301).
#[cfg(feature = "rustls")]
const ALPN: &[u8] = b"http/1.1";
