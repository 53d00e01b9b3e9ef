//! The classification of failures as transient or final.

use std::io;
use std::time::Duration;

use ws_futures::client::Response;
use ws_futures::proto::proxy::TunnelErrorKind;
use ws_futures::proto::{ErrorKind, Initiator};
use ws_futures::{CloseCode, Closed, Error, HandshakeError};

use super::retry_after;
use crate::{ConnectError, TlsErrorKind};

/// Whether to reconnect.
///
/// | failure | by default |
/// |---|---|
/// | the name cannot be resolved, no address answers, a timeout, the stream fails | transient |
/// | the server refuses with 429 or 5xx | transient, and `Retry-After` applies |
/// | the server refuses with another status, or a redirect is not followed | final |
/// | the response to the handshake is invalid, or the server does not support WebSockets over HTTP/2 | final |
/// | the proxy fails, or cannot reach the server | transient |
/// | the proxy refuses, or rejects the credentials | final |
/// | a certificate is rejected, the TLS handshake fails or TLS cannot be set up | final |
/// | the URI or a header field is invalid | final |
/// | the peer closes with 1001, 1011, 1012, 1013 or 1014 | transient |
/// | the connection ends without a Close frame (1006), or the peer is unresponsive | transient |
/// | the peer closes with another code (1000, 1002, 1003, 1007 to 1010, 3000 to 4999) or none | final |
/// | the peer violates the protocol or exceeds a limit | final |
/// | the application has closed | final |
///
/// The application defines the codes from 3000 on: use [`Reconnect::judge`](crate::Reconnect::judge).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Another attempt may succeed.
    Transient {
        /// The minimum delay that the server requests.
        retry_after: Option<Duration>,
    },
    /// Another attempt would fail again, or the end was intended.
    Final,
}

/// The failure to decide on.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Failure<'f> {
    /// An error of opening a connection.
    Connect(&'f ConnectError),
    /// A connection has ended.
    Ended {
        /// How the connection ended, if known: see [`WebSocket::closed`](ws_futures::WebSocket::closed).
        closed: Option<&'f Closed>,
        /// The error of the call that reported the end.
        error: Option<&'f Error>,
    },
}

impl Verdict {
    /// Another attempt may succeed.
    pub const TRANSIENT: Self = Self::Transient { retry_after: None };

    /// Whether another attempt would fail again, or the end was intended.
    pub fn is_final(self) -> bool {
        self == Self::Final
    }
}

impl Failure<'_> {
    /// Returns the verdict of the table at [`Verdict`].
    pub fn verdict(&self) -> Verdict {
        match *self {
            Self::Connect(error) => connect(error),
            Self::Ended { closed, error } => ended(closed, error),
        }
    }
}

fn connect(error: &ConnectError) -> Verdict {
    match error {
        ConnectError::Resolve { .. }
        | ConnectError::Unreachable(_)
        | ConnectError::UnixSocket { .. }
        | ConnectError::Timeout(_)
        | ConnectError::Io(_) => Verdict::TRANSIENT,
        ConnectError::Proxy(error) => proxy(error.kind()),
        ConnectError::ProxyTls(error) | ConnectError::Tls(error) => match error.kind() {
            TlsErrorKind::Io => Verdict::TRANSIENT,
            _ => Verdict::Final,
        },
        ConnectError::Handshake(error) => handshake(error),
        ConnectError::Uri(_) | ConnectError::Redirect { .. } => Verdict::Final,
    }
}

fn proxy(kind: TunnelErrorKind) -> Verdict {
    match kind {
        TunnelErrorKind::UnexpectedEof
        | TunnelErrorKind::GeneralFailure
        | TunnelErrorKind::NetworkUnreachable
        | TunnelErrorKind::HostUnreachable
        | TunnelErrorKind::ConnectionRefused
        | TunnelErrorKind::TtlExpired
        | TunnelErrorKind::Status(429 | 500..600) => Verdict::TRANSIENT,
        _ => Verdict::Final,
    }
}

fn handshake(error: &HandshakeError) -> Verdict {
    match error {
        HandshakeError::Io(_) => Verdict::TRANSIENT,
        HandshakeError::Refused(response) => refused(response),
        error if error.is_timeout() => Verdict::TRANSIENT,
        _ => Verdict::Final,
    }
}

fn refused(response: &Response) -> Verdict {
    match response.status() {
        429 | 500..600 => Verdict::Transient { retry_after: retry_after(response) },
        _ => Verdict::Final,
    }
}

/// The peer's Close frame decides; without one, how the stream ended.
fn ended(closed: Option<&Closed>, error: Option<&Error>) -> Verdict {
    if let Some(received) = closed.and_then(|closed| closed.received.as_ref()) {
        let was_peer = closed.is_some_and(|closed| closed.initiator == Initiator::Peer);
        return if was_peer { code(received.code) } else { Verdict::Final };
    }
    match (error, closed.map(|closed| closed.initiator)) {
        (_, Some(Initiator::Local)) => Verdict::Final,
        (Some(Error::Protocol(error)), _) => match error.kind() {
            ErrorKind::UnexpectedEof | ErrorKind::PingTimeout => Verdict::TRANSIENT,
            _ => Verdict::Final,
        },
        (Some(Error::Send(_)), _) => Verdict::Final,
        (Some(Error::Handshake(error)), _) => handshake(error),
        (Some(Error::Connect(error)), _) => converted(error),
        (None, Some(Initiator::Library)) => match closed.and_then(|closed| closed.sent.as_ref()) {
            // The code that is sent to an unresponsive peer.
            Some(sent) if sent.code == CloseCode::INTERNAL_ERROR => Verdict::TRANSIENT,
            _ => Verdict::Final,
        },
        _ => Verdict::TRANSIENT,
    }
}

/// The verdict on an error of connecting that `?` has converted into an [`Error`].
fn converted(error: &io::Error) -> Verdict {
    let Some(inner) = error.get_ref() else { return Verdict::TRANSIENT };
    if let Some(error) = inner.downcast_ref() {
        return connect(error);
    }
    #[cfg(feature = "hyper")]
    if let Some(crate::http2::Http2Error::Unsupported(_)) = inner.downcast_ref() {
        return Verdict::Final;
    }
    Verdict::TRANSIENT
}

fn code(code: CloseCode) -> Verdict {
    match code {
        CloseCode::GOING_AWAY
        | CloseCode::INTERNAL_ERROR
        | CloseCode::SERVICE_RESTART
        | CloseCode::TRY_AGAIN_LATER
        | CloseCode::BAD_GATEWAY => Verdict::TRANSIENT,
        _ => Verdict::Final,
    }
}
