//! Why a tunnel was not opened.

use core::fmt;

/// The proxy refused, or sent no valid response.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TunnelError(TunnelErrorKind);

/// What was wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TunnelErrorKind {
    /// Not a response of this kind of proxy.
    Malformed,
    /// The head of the response is over 16 KiB.
    HeadTooLarge,
    /// The head of the response has more than 100 fields.
    TooManyHeaders,
    /// The byte stream ended before the response did.
    UnexpectedEof,
    /// The proxy requires a user name and a password, and none were given.
    AuthenticationRequired,
    /// The proxy did not accept the user name and the password.
    WrongCredentials,
    /// The proxy requires another authentication method than user name and password.
    UnsupportedAuthentication,
    /// A user name or a password over 255 bytes, which SOCKS5 cannot carry; nothing was sent.
    CredentialsTooLong,
    /// A rule of the proxy forbids this server (SOCKS5 reply 2, HTTP status 403).
    NotAllowed,
    /// The proxy failed for an unspecified reason (SOCKS5 reply 1).
    GeneralFailure,
    /// The proxy cannot reach the server's network (SOCKS5 reply 3).
    NetworkUnreachable,
    /// The proxy cannot reach the server, or does not find its name (SOCKS5 reply 4).
    HostUnreachable,
    /// The server refused the proxy's connection (SOCKS5 reply 5).
    ConnectionRefused,
    /// The TTL of the proxy's packets expired (SOCKS5 reply 6).
    TtlExpired,
    /// The proxy does not support CONNECT (SOCKS5 reply 7).
    CommandNotSupported,
    /// The proxy does not support this type of address (SOCKS5 reply 8).
    AddressNotSupported,
    /// SOCKS5 reply with a number that RFC 1928 does not assign.
    UnknownReply(u8),
    /// HTTP status other than 2xx, 401, 403 and 407.
    Status(u16),
}

impl TunnelError {
    /// Returns what was wrong.
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
            TunnelErrorKind::Malformed => "malformed response of the proxy",
            TunnelErrorKind::HeadTooLarge => "head of the proxy's response too large",
            TunnelErrorKind::TooManyHeaders => "too many header fields in the proxy's response",
            TunnelErrorKind::UnexpectedEof => "the proxy ended the connection without a response",
            TunnelErrorKind::AuthenticationRequired => "proxy authentication required",
            TunnelErrorKind::WrongCredentials => {
                "the proxy rejected the user name and the password"
            }
            TunnelErrorKind::UnsupportedAuthentication => {
                "the proxy requires an unsupported authentication method"
            }
            TunnelErrorKind::CredentialsTooLong => {
                "user name or password over 255 bytes, the limit of SOCKS5"
            }
            TunnelErrorKind::NotAllowed => "the proxy does not allow this server",
            TunnelErrorKind::GeneralFailure => "the proxy failed to reach the server",
            TunnelErrorKind::NetworkUnreachable => {
                "the server's network is unreachable for the proxy"
            }
            TunnelErrorKind::HostUnreachable => "the server is unreachable for the proxy",
            TunnelErrorKind::ConnectionRefused => "the server refused the proxy's connection",
            TunnelErrorKind::TtlExpired => "the proxy's packets expired on their way to the server",
            TunnelErrorKind::CommandNotSupported => "the proxy does not support CONNECT",
            TunnelErrorKind::AddressNotSupported => {
                "the proxy does not support this type of address"
            }
            TunnelErrorKind::UnknownReply(reply) => {
                return write!(f, "the proxy refused with unknown reply {reply}");
            }
            TunnelErrorKind::Status(status) => {
                return write!(f, "the proxy refused with status {status}");
            }
        })
    }
}

impl core::error::Error for TunnelError {}
