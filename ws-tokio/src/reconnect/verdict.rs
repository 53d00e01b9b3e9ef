//! Which failures pass by themselves.

use std::io;
use std::time::Duration;

use ws_futures::client::Response;
use ws_futures::proto::proxy::TunnelErrorKind;
use ws_futures::proto::{ErrorKind, Initiator};
use ws_futures::{CloseCode, Closed, Error, HandshakeError};

use super::retry_after;
use crate::{ConnectError, TlsErrorKind};

/// Whether to connect again.
///
/// | what happened | by default |
/// |---|---|
/// | the name cannot be resolved, no address answers, a timeout, the stream fails | transient |
/// | the server refuses with 429 or 5xx | transient, and `Retry-After` counts |
/// | the server refuses with another status, or redirects where we do not go | final |
/// | the response to the handshake is none, or the server takes no WebSockets over HTTP/2 | final |
/// | the proxy fails, or cannot reach the server | transient |
/// | the proxy refuses, or does not accept the password | final |
/// | a certificate is refused, TLS is not agreed on or cannot be set up | final |
/// | the address or a header field is invalid | final |
/// | the peer closes with 1001, 1011, 1012, 1013 or 1014 | transient |
/// | the connection ends without a Close frame (1006), or the peer shows no life | transient |
/// | the peer closes with another code (1000, 1002, 1003, 1007 to 1010, 3000 to 4999) or none | final |
/// | the peer breaks the protocol or a limit | final |
/// | we have closed | final |
///
/// Codes from 3000 on mean what the application says: use [`Reconnect::judge`](crate::Reconnect::judge).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It may go better next time.
    Transient {
        /// What the server asks to wait for at least.
        retry_after: Option<Duration>,
    },
    /// It would go the same way again, or was meant.
    Final,
}

/// What happened.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Failure<'f> {
    /// An error of opening a connection.
    Connect(&'f ConnectError),
    /// A connection has ended.
    Ended {
        /// The facts, if there are any: see [`WebSocket::closed`](ws_futures::WebSocket::closed).
        closed: Option<&'f Closed>,
        /// What the call reported that found out.
        error: Option<&'f Error>,
    },
}

impl Verdict {
    /// It may go better next time.
    pub const TRANSIENT: Self = Self::Transient { retry_after: None };

    /// Whether it would go the same way again, or was meant.
    pub fn is_final(self) -> bool {
        self == Self::Final
    }
}

impl Failure<'_> {
    /// The verdict of the table at [`Verdict`].
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

/// The peer's Close frame says most; without one it is how the stream ended.
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
            // The code that a peer without a sign of life is given.
            Some(sent) if sent.code == CloseCode::INTERNAL_ERROR => Verdict::TRANSIENT,
            _ => Verdict::Final,
        },
        _ => Verdict::TRANSIENT,
    }
}

/// The verdict on an error of connecting that became an [`Error`] by `?`.
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
