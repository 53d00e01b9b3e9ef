//! The errors of connecting.

use std::fmt;
use std::io;
use std::path::PathBuf;

use ws_futures::client::{InvalidUri, Response};
use ws_futures::proto::proxy::TunnelError;
use ws_futures::{Error, HandshakeError};

use super::{RedirectError, Unreachable};
use crate::TlsError;

/// An error of opening a connection.
#[derive(Debug)]
#[non_exhaustive]
pub enum ConnectError {
    /// The text is not a WebSocket URI.
    Uri(InvalidUri),
    /// The name of the server, or of the proxy, has no address, or none of the family of
    /// [`Connector::local_address`](crate::Connector::local_address).
    Resolve {
        /// The name.
        host: String,
        /// The error of the system.
        error: io::Error,
    },
    /// No address of the server, or of the proxy, accepted the connection.
    Unreachable(Unreachable),
    /// The Unix socket did not accept the connection.
    UnixSocket {
        /// Its path.
        path: PathBuf,
        /// The error of the system.
        error: io::Error,
    },
    /// TLS with an `https` proxy failed.
    ProxyTls(TlsError),
    /// The proxy did not open a tunnel to the server.
    Proxy(TunnelError),
    /// TLS with the server failed, which `wss` requires.
    Tls(TlsError),
    /// [`Connector::connect_timeout`](crate::Connector::connect_timeout) has passed in this phase.
    Timeout(Phase),
    /// The byte stream failed before the handshake.
    Io(io::Error),
    /// The handshake failed, or the server refused it.
    Handshake(HandshakeError),
    /// A redirect was not followed.
    Redirect {
        /// The reason.
        error: RedirectError,
        /// The server's response.
        response: Box<Response>,
    },
}

/// A phase of connecting, before the WebSocket handshake.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Phase {
    /// Resolving the name.
    Resolve,
    /// Connecting by TCP, or to a Unix socket.
    Tcp,
    /// The TLS handshake with the proxy.
    ProxyTls,
    /// Requesting a tunnel from the proxy.
    Proxy,
    /// The TLS handshake with the server.
    Tls,
}

impl ConnectError {
    /// Whether a deadline has passed:
    /// [`Connector::connect_timeout`](crate::Connector::connect_timeout) or
    /// [`Config::handshake_timeout`](crate::Config::handshake_timeout). A timeout that the operating
    /// system reports counts too; for several addresses, if it reports one for each.
    pub fn is_timeout(&self) -> bool {
        match self {
            Self::Timeout(_) => true,
            Self::Resolve { error, .. } | Self::UnixSocket { error, .. } | Self::Io(error) => {
                error.kind() == io::ErrorKind::TimedOut
            }
            Self::Unreachable(error) => error.is_timeout(),
            Self::ProxyTls(error) | Self::Tls(error) => error.is_timeout(),
            Self::Handshake(error) => error.is_timeout(),
            Self::Uri(_) | Self::Proxy(_) | Self::Redirect { .. } => false,
        }
    }
}

impl From<InvalidUri> for ConnectError {
    fn from(error: InvalidUri) -> Self {
        Self::Uri(error)
    }
}

impl From<Unreachable> for ConnectError {
    fn from(error: Unreachable) -> Self {
        Self::Unreachable(error)
    }
}

impl From<TunnelError> for ConnectError {
    fn from(error: TunnelError) -> Self {
        Self::Proxy(error)
    }
}

impl From<TlsError> for ConnectError {
    fn from(error: TlsError) -> Self {
        Self::Tls(error)
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

impl fmt::Display for ConnectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Uri(error) => error.fmt(f),
            Self::Resolve { host, error } => write!(f, "cannot resolve {host}: {error}"),
            Self::Unreachable(error) => error.fmt(f),
            Self::UnixSocket { path, error } => {
                write!(f, "cannot connect: {}: {error}", path.display())
            }
            Self::ProxyTls(error) => write!(f, "TLS with the proxy: {error}"),
            Self::Proxy(error) => error.fmt(f),
            Self::Tls(error) => error.fmt(f),
            Self::Timeout(phase) => write!(f, "timeout while {phase}"),
            Self::Io(error) => error.fmt(f),
            Self::Handshake(error) => error.fmt(f),
            Self::Redirect { error, .. } => error.fmt(f),
        }
    }
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Resolve => "resolving the name",
            Self::Tcp => "connecting",
            Self::ProxyTls => "waiting for the TLS handshake with the proxy",
            Self::Proxy => "waiting for the proxy",
            Self::Tls => "waiting for the TLS handshake",
        })
    }
}

impl std::error::Error for ConnectError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Uri(_) | Self::Proxy(_) | Self::Timeout(_) | Self::Redirect { .. } => None,
            Self::Resolve { error, .. } | Self::UnixSocket { error, .. } | Self::Io(error) => {
                error.source()
            }
            Self::Unreachable(error) => error.source(),
            Self::ProxyTls(error) | Self::Tls(error) => error.source(),
            Self::Handshake(error) => error.source(),
        }
    }
}
