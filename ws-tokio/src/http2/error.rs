//! The errors of HTTP/2 clients.

use std::{fmt, io};

use ws_futures::HandshakeError;

/// An error of opening a WebSocket over HTTP/2.
#[derive(Debug)]
#[non_exhaustive]
pub enum Http2Error {
    /// The server has not announced support for WebSockets over HTTP/2
    /// (`SETTINGS_ENABLE_CONNECT_PROTOCOL`, RFC 8441 §3), or the connection ended before its SETTINGS
    /// arrived, as it does if the server does not support HTTP/2; with the error if it failed. The server
    /// may support them over HTTP/1.1.
    Unsupported(Option<hyper::Error>),
    /// The HTTP/2 connection or the stream failed.
    Http(hyper::Error),
    /// The server refused, or its response was invalid or did not arrive in time.
    Handshake(HandshakeError),
}

impl Http2Error {
    /// Whether a deadline has passed: [`Config::handshake_timeout`](crate::Config::handshake_timeout), or
    /// one of the HTTP/2 connection such as that of its keep-alive.
    pub fn is_timeout(&self) -> bool {
        match self {
            Self::Unsupported(cause) => cause.as_ref().is_some_and(hyper::Error::is_timeout),
            Self::Http(error) => error.is_timeout(),
            Self::Handshake(error) => error.is_timeout(),
        }
    }
}

/// A failed handshake becomes [`Error::Handshake`](ws_futures::Error::Handshake), everything else
/// [`Error::Connect`](ws_futures::Error::Connect).
impl From<Http2Error> for ws_futures::Error {
    fn from(error: Http2Error) -> Self {
        let kind = match error {
            Http2Error::Handshake(error) => return error.into(),
            _ if error.is_timeout() => io::ErrorKind::TimedOut,
            _ => io::ErrorKind::Other,
        };
        Self::Connect(io::Error::new(kind, error))
    }
}

impl From<hyper::Error> for Http2Error {
    fn from(error: hyper::Error) -> Self {
        Self::Http(error)
    }
}

impl From<HandshakeError> for Http2Error {
    fn from(error: HandshakeError) -> Self {
        Self::Handshake(error)
    }
}

impl From<io::Error> for Http2Error {
    fn from(error: io::Error) -> Self {
        Self::Handshake(error.into())
    }
}

impl fmt::Display for Http2Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unsupported(_) => f.write_str("server does not support WebSockets over HTTP/2"),
            Self::Http(error) => error.fmt(f),
            Self::Handshake(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for Http2Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Unsupported(cause) => cause.as_ref().map(|cause| cause as _),
            Self::Http(error) => error.source(),
            Self::Handshake(error) => error.source(),
        }
    }
}
