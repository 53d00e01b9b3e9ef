//! The errors that a running server reports.

use std::error::Error;
use std::{fmt, io};

use crate::error::HandshakeError;

/// The error of an application's handler.
pub type BoxError = Box<dyn Error + Send + Sync>;

/// An error of accepting, or of one connection; other connections are not affected.
#[derive(Debug)]
#[non_exhaustive]
pub enum ServeError<A> {
    /// No connection could be accepted, as when the process has no file descriptor left. Accepting
    /// continues after a pause.
    Accept {
        /// The latest error.
        error: io::Error,
        /// The number of such errors since the last report. The first one is reported at once,
        /// further ones at most every 10 s.
        unreported: usize,
    },
    /// A connection failed.
    Connection {
        /// The address of the peer.
        peer: A,
        /// The error.
        error: ConnectionError,
    },
    /// A connection was dropped at once, because
    /// [`max_handshakes`](super::Server::max_handshakes) others had not sent a request; only with
    /// [`drop_excess_handshakes`](super::Server::drop_excess_handshakes).
    Excess {
        /// The address of the peer.
        peer: A,
    },
}

/// The error of one connection.
#[derive(Debug)]
#[non_exhaustive]
pub enum ConnectionError {
    /// The stream was not ready in time, or failed before it was: a TLS handshake failed.
    Open(io::Error),
    /// The opening handshake of the WebSocket failed, or the request was rejected.
    Handshake(HandshakeError),
    /// The HTTP connection of an HTTP server failed.
    Http(BoxError),
    /// No request arrived in time on a connection of an HTTP server.
    NoRequest,
    /// The application's handler returned an error.
    Handler(BoxError),
    /// The application's handler panicked.
    Panicked,
}

impl From<HandshakeError> for ConnectionError {
    fn from(error: HandshakeError) -> Self {
        Self::Handshake(error)
    }
}

impl<A: fmt::Debug> fmt::Display for ServeError<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Accept { error, unreported: 0 } => write!(f, "accept: {error}"),
            Self::Accept { error, unreported } => {
                write!(f, "accept: {error} (and {unreported} errors since the last report)")
            }
            Self::Connection { peer, error } => write!(f, "{peer:?}: {error}"),
            Self::Excess { peer } => {
                write!(f, "{peer:?}: dropped, too many connections without a request")
            }
        }
    }
}

impl fmt::Display for ConnectionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Open(error) => write!(f, "opening the stream: {error}"),
            Self::Handshake(error) => write!(f, "handshake: {error}"),
            Self::Http(error) => write!(f, "http: {error}"),
            Self::NoRequest => f.write_str("no request in time"),
            Self::Handler(error) => error.fmt(f),
            Self::Panicked => f.write_str("handler panicked"),
        }
    }
}

impl<A: fmt::Debug> Error for ServeError<A> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Accept { error, .. } => error.source(),
            Self::Connection { error, .. } => error.source(),
            Self::Excess { .. } => None,
        }
    }
}

impl Error for ConnectionError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Open(error) => error.source(),
            Self::Handshake(error) => error.source(),
            Self::Http(error) | Self::Handler(error) => error.source(),
            Self::NoRequest | Self::Panicked => None,
        }
    }
}
