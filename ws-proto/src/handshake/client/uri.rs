//! `ws://` and `wss://` addresses (RFC 6455 §3).

use alloc::string::String;
use core::fmt;
use core::str::FromStr;

/// The address of a WebSocket.
///
/// ```
/// use ws_proto::client::Uri;
///
/// let uri: Uri = "ws://[::1]:9001/chat?room=1".parse()?;
/// assert_eq!((uri.host(), uri.port(), uri.target()), ("::1", 9001, "/chat?room=1"));
/// assert_eq!(uri.authority(), "[::1]:9001");
/// assert!(!uri.is_secure());
/// # Ok::<(), ws_proto::client::InvalidUri>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Uri {
    secure: bool,
    authority: String,
    host: String,
    port: u16,
    target: String,
}

/// Why a text is no address of a WebSocket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum InvalidUri {
    /// The scheme is neither `ws` nor `wss`.
    Scheme,
    /// There is a user name or a password; send an `Authorization` header instead.
    UserInfo,
    /// The host is missing or malformed.
    Host,
    /// The port is not a number from 1 to 65535.
    Port,
    /// The path or query has a character that must be percent-encoded.
    Target,
    /// There is a fragment (RFC 6455 §3).
    Fragment,
}

impl Uri {
    /// Whether the scheme is `wss`: over TLS.
    pub fn is_secure(&self) -> bool {
        self.secure
    }

    /// The host without brackets.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port: 80 or 443 where none was given.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// What belongs into the `Host` field: host and port, the latter unless it is the scheme's
    /// default.
    pub fn authority(&self) -> &str {
        &self.authority
    }

    /// The request target: path and query.
    pub fn target(&self) -> &str {
        &self.target
    }
}

impl FromStr for Uri {
    type Err = InvalidUri;

    fn from_str(text: &str) -> Result<Self, InvalidUri> {
        let (scheme, rest) = text.split_once("://").ok_or(InvalidUri::Scheme)?;
        let secure = match scheme {
            _ if scheme.eq_ignore_ascii_case("ws") => false,
            _ if scheme.eq_ignore_ascii_case("wss") => true,
            _ => return Err(InvalidUri::Scheme),
        };
        if rest.contains('#') {
            return Err(InvalidUri::Fragment);
        }
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(end);
        if authority.contains('@') {
            return Err(InvalidUri::UserInfo);
        }
        let (host, port) = split_port(authority)?;
        let default = if secure { 443 } else { 80 };
        let port = port.unwrap_or(default);
        let bracketed = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
        let bare = bracketed.unwrap_or(host);
        let valid = match bracketed {
            Some(address) => address.parse::<core::net::Ipv6Addr>().is_ok(),
            None => is_reg_name(host),
        };
        if !valid {
            return Err(InvalidUri::Host);
        }
        if !path.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(InvalidUri::Target);
        }
        Ok(Self {
            secure,
            authority: match port == default {
                true => host.into(),
                false => alloc::format!("{host}:{port}"),
            },
            host: bare.into(),
            port,
            target: match path.starts_with('/') {
                true => path.into(),
                false => alloc::format!("/{path}"),
            },
        })
    }
}

fn split_port(authority: &str) -> Result<(&str, Option<u16>), InvalidUri> {
    let colon = match authority.rfind(']') {
        Some(bracket) => authority[bracket..].find(':').map(|at| bracket + at),
        None => authority.find(':'),
    };
    let Some(colon) = colon else { return Ok((authority, None)) };
    let (host, port) = (&authority[..colon], &authority[colon + 1..]);
    match port {
        "" => Ok((host, None)),
        _ if !port.bytes().all(|byte| byte.is_ascii_digit()) => Err(InvalidUri::Port),
        _ => match port.parse() {
            Ok(0) | Err(_) => Err(InvalidUri::Port),
            Ok(port) => Ok((host, Some(port))),
        },
    }
}

/// RFC 3986 §3.2.2, without percent-encoding, which no resolver understands.
fn is_reg_name(host: &str) -> bool {
    !host.is_empty()
        && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte))
}

impl fmt::Display for InvalidUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Scheme => "the scheme must be ws or wss",
            Self::UserInfo => "user name and password are not supported in the address",
            Self::Host => "missing or malformed host",
            Self::Port => "the port must be a number from 1 to 65535",
            Self::Target => "the path has characters that must be percent-encoded",
            Self::Fragment => "an address of a WebSocket has no fragment",
        })
    }
}

impl core::error::Error for InvalidUri {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts() {
        for (text, authority, host, port, target) in [
            ("ws://example.com", "example.com", "example.com", 80, "/"),
            ("WSS://example.com/", "example.com", "example.com", 443, "/"),
            ("wss://example.com:443?x=1", "example.com", "example.com", 443, "/?x=1"),
            (
                "ws://example.com:8080/a/b?c=d&e",
                "example.com:8080",
                "example.com",
                8080,
                "/a/b?c=d&e",
            ),
            ("ws://127.0.0.1:/x", "127.0.0.1", "127.0.0.1", 80, "/x"),
            ("ws://[2001:db8::1]:81/x", "[2001:db8::1]:81", "2001:db8::1", 81, "/x"),
        ] {
            let uri: Uri = text.parse().expect(text);
            assert_eq!(
                (uri.authority(), uri.host(), uri.port(), uri.target()),
                (authority, host, port, target)
            );
        }
    }

    #[test]
    fn faults() {
        for (text, fault) in [
            ("http://example.com/", InvalidUri::Scheme),
            ("example.com", InvalidUri::Scheme),
            ("ws://", InvalidUri::Host),
            ("ws://:80/", InvalidUri::Host),
            ("ws://[::g]/", InvalidUri::Host),
            ("ws://exa mple.com/", InvalidUri::Host),
            ("ws://a:0/", InvalidUri::Port),
            ("ws://a:65536/", InvalidUri::Port),
            ("ws://a:+80/", InvalidUri::Port),
            ("ws://a:b@c/", InvalidUri::UserInfo),
            ("ws://a/\r\nX: y", InvalidUri::Target),
            ("ws://a/ü", InvalidUri::Target),
            ("ws://a/#b", InvalidUri::Fragment),
        ] {
            assert_eq!(text.parse::<Uri>(), Err(fault), "{text}");
        }
    }
}
