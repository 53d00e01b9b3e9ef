//! Why a handshake failed at the client.

use core::fmt;

/// The server's response is not a valid one, or did not arrive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ClientHandshakeError(ClientHandshakeErrorKind);

/// What is wrong with the response.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ClientHandshakeErrorKind {
    /// Not a response of HTTP/1.1.
    Malformed,
    /// A TLS alert instead of a response: the server expects TLS.
    TlsAlert,
    /// The head is over [`Config::max_head_size`](crate::Config::max_head_size).
    HeadTooLarge,
    /// More fields than [`Config::max_headers`](crate::Config::max_headers).
    TooManyHeaders,
    /// Status 101 without `Upgrade: websocket` and `Connection: upgrade`.
    MissingUpgrade,
    /// `Sec-WebSocket-Accept` is missing, or does not match the key.
    InvalidAccept,
    /// A subprotocol that was not offered, or more than one.
    InvalidSubprotocol,
    /// An extension, or a parameter of one, that was not offered (RFC 7692 §7.1).
    InvalidExtension,
    /// More than one of the offers of one extension was accepted (RFC 7692 §5).
    RepeatedExtension,
    /// The byte stream ended before the response did.
    UnexpectedEof,
    /// The response did not arrive within
    /// [`Config::handshake_timeout`](crate::Config::handshake_timeout).
    Timeout,
}

impl ClientHandshakeError {
    /// Returns what is wrong.
    pub const fn kind(&self) -> ClientHandshakeErrorKind {
        self.0
    }
}

impl From<ClientHandshakeErrorKind> for ClientHandshakeError {
    fn from(kind: ClientHandshakeErrorKind) -> Self {
        Self(kind)
    }
}

impl fmt::Display for ClientHandshakeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            ClientHandshakeErrorKind::Malformed => "malformed HTTP response",
            ClientHandshakeErrorKind::TlsAlert => "TLS alert instead of an HTTP response",
            ClientHandshakeErrorKind::HeadTooLarge => "response head too large",
            ClientHandshakeErrorKind::TooManyHeaders => "too many header fields in the response",
            ClientHandshakeErrorKind::MissingUpgrade => "response without upgrade to websocket",
            ClientHandshakeErrorKind::InvalidAccept => "missing or wrong Sec-WebSocket-Accept",
            ClientHandshakeErrorKind::InvalidSubprotocol => "subprotocol that was not offered",
            ClientHandshakeErrorKind::InvalidExtension => "extension that was not offered",
            ClientHandshakeErrorKind::RepeatedExtension => {
                "server accepted more than one offer of the same extension"
            }
            ClientHandshakeErrorKind::UnexpectedEof => "stream ended before the response",
            ClientHandshakeErrorKind::Timeout => "handshake timed out",
        })
    }
}

impl core::error::Error for ClientHandshakeError {}
