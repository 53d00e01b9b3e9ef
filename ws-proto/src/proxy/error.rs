//! Why a proxy gave no tunnel.

use core::fmt;

/// The proxy refused, or gave no valid answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TunnelError(TunnelErrorKind);

/// What exactly was wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TunnelErrorKind {
    /// Not an answer of this kind of proxy.
    Malformed,
    /// The head of the answer has more than 16 KiB.
    HeadTooLarge,
    /// The head of the answer has more than 100 fields.
    TooManyHeaders,
    /// The byte stream ended before the answer did.
    UnexpectedEof,
    /// The proxy wants a user name and a password, and none were given.
    AuthenticationRequired,
    /// The proxy did not accept the user name and the password.
    WrongCredentials,
    /// The proxy wants another way of authentication than user name and password.
    UnsupportedAuthentication,
    /// A user name or a password over 255 bytes, which SOCKS5 cannot carry; nothing was sent.
    CredentialsTooLong,
    /// A rule of the proxy forbids this server (SOCKS5 reply 2, HTTP status 403).
    NotAllowed,
    /// The proxy failed, and says no more (SOCKS5 reply 1).
    GeneralFailure,
    /// The proxy cannot reach the server's network (SOCKS5 reply 3).
    NetworkUnreachable,
    /// The proxy cannot reach the server, or does not find its name (SOCKS5 reply 4).
    HostUnreachable,
    /// The server refused the proxy's connection (SOCKS5 reply 5).
    ConnectionRefused,
    /// The proxy's packets did not get as far as the server (SOCKS5 reply 6).
    TtlExpired,
    /// The proxy does not make connections (SOCKS5 reply 7).
    CommandNotSupported,
    /// The proxy does not know this kind of address (SOCKS5 reply 8).
    AddressNotSupported,
    /// SOCKS5 reply with a number that RFC 1928 does not assign.
    UnknownReply(u8),
    /// HTTP status other than 2xx, 401, 403 and 407.
    Status(u16),
}

impl TunnelError {
    /// What was wrong.
    pub const fn kind(&self) -> TunnelErrorKind {
        self.0
    }
}

impl From<TunnelErrorKind> for TunnelError {
    fn from(kind: TunnelErrorKind) -> Self {
        Self(kind)
    }
}

impl fmt::Display for TunnelError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            TunnelErrorKind::Malformed => "malformed answer of the proxy",
            TunnelErrorKind::HeadTooLarge => "head of the proxy's answer too large",
            TunnelErrorKind::TooManyHeaders => "too many header fields in the proxy's answer",
            TunnelErrorKind::UnexpectedEof => "the proxy ended the connection without an answer",
            TunnelErrorKind::AuthenticationRequired => "the proxy wants a user name and a password",
            TunnelErrorKind::WrongCredentials => {
                "the proxy does not accept the user name and the password"
            }
            TunnelErrorKind::UnsupportedAuthentication => {
                "the proxy wants another authentication than user name and password"
            }
            TunnelErrorKind::CredentialsTooLong => {
                "user name or password over 255 bytes for a SOCKS5 proxy"
            }
            TunnelErrorKind::NotAllowed => "the proxy does not allow this server",
            TunnelErrorKind::GeneralFailure => "the proxy failed to reach the server",
            TunnelErrorKind::NetworkUnreachable => {
                "the server's network is unreachable for the proxy"
            }
            TunnelErrorKind::HostUnreachable => "the server is unreachable for the proxy",
            TunnelErrorKind::ConnectionRefused => "the server refused the proxy's connection",
            TunnelErrorKind::TtlExpired => "the proxy's packets expired on their way to the server",
            TunnelErrorKind::CommandNotSupported => "the proxy does not make connections",
            TunnelErrorKind::AddressNotSupported => "the proxy does not support this address",
            TunnelErrorKind::UnknownReply(reply) => {
                return write!(f, "the proxy refused with the unknown reply {reply}");
            }
            TunnelErrorKind::Status(status) => {
                return write!(f, "the proxy refused with status {status}");
            }
        })
    }
}

impl core::error::Error for TunnelError {}
