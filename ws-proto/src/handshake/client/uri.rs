//! WebSocket URIs (RFC 6455 §3).

use alloc::string::String;
use core::fmt;
use core::str::FromStr;

use crate::credentials::Credentials;

/// A WebSocket URI: `ws` or `wss`. An `http` URI is read as `ws` and an `https` URI as `wss`, as browsers
/// do (WHATWG WebSockets §3.1).
///
/// ```
/// use ws_proto::client::Uri;
///
/// let uri: Uri = "ws://[::1]:9001/chat?room=1".parse()?;
/// assert_eq!((uri.host(), uri.port(), uri.target()), ("::1", 9001, "/chat?room=1"));
/// assert_eq!(uri.authority(), "[::1]:9001");
/// assert!(!uri.is_secure());
/// assert_eq!("https://example.com/".parse(), Ok::<Uri, _>("wss://example.com/".parse()?));
/// # Ok::<(), ws_proto::client::InvalidUri>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Uri {
    secure: bool,
    authority: String,
    host: String,
    port: u16,
    target: String,
    credentials: Option<Credentials>,
}

/// Why a text is not a WebSocket URI.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum InvalidUri {
    /// The scheme is none of `ws`, `wss`, `http` and `https`.
    Scheme,
    /// The user name or the password is malformed.
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
    /// Returns whether the scheme is `wss`: over TLS.
    pub fn is_secure(&self) -> bool {
        self.secure
    }

    /// Returns the host without brackets.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Returns the port: 80 or 443 where none was given.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Returns the value of the `Host` field: the host, and the port unless it is the scheme's default.
    pub fn authority(&self) -> &str {
        &self.authority
    }

    /// Returns the request target: path and query.
    pub fn target(&self) -> &str {
        &self.target
    }

    /// Returns the user name and the password before the host, if there are any.
    pub fn credentials(&self) -> Option<&Credentials> {
        self.credentials.as_ref()
    }

    /// Returns whether scheme, host and port are the same (RFC 6454 §5).
    pub fn is_same_origin(&self, other: &Self) -> bool {
        self.secure == other.secure
            && self.port == other.port
            && self.host.eq_ignore_ascii_case(&other.host)
    }
}

/// The URI without user name and password, which must not appear in logs (RFC 3986 §7.5).
impl fmt::Display for Uri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.secure { "wss" } else { "ws" };
        write!(f, "{scheme}://{}{}", self.authority, self.target)
    }
}

impl FromStr for Uri {
    type Err = InvalidUri;

    fn from_str(text: &str) -> Result<Self, InvalidUri> {
        let (scheme, rest) = text.split_once("://").ok_or(InvalidUri::Scheme)?;
        let is_any = |schemes: [&str; 2]| schemes.iter().any(|it| it.eq_ignore_ascii_case(scheme));
        let secure = match scheme {
            _ if is_any(["ws", "http"]) => false,
            _ if is_any(["wss", "https"]) => true,
            _ => return Err(InvalidUri::Scheme),
        };
        if rest.contains('#') {
            return Err(InvalidUri::Fragment);
        }
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(end);
        let (credentials, authority) = match authority.split_once('@') {
            // Parsers disagree on which of two `@` ends the user information.
            Some((_, host)) if host.contains('@') => return Err(InvalidUri::UserInfo),
            Some(("", host)) => (None, host),
            Some((user_info, host)) => {
                let credentials = Credentials::from_user_info(user_info);
                (Some(credentials.map_err(|_invalid| InvalidUri::UserInfo)?), host)
            }
            None => (None, authority),
        };
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
            credentials,
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
pub(crate) fn is_reg_name(host: &str) -> bool {
    !host.is_empty()
        && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte))
}

impl fmt::Display for InvalidUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Scheme => "the scheme must be ws, wss, http or https",
            Self::UserInfo => "malformed user name or password",
            Self::Host => "missing or malformed host",
            Self::Port => "the port must be a number from 1 to 65535",
            Self::Target => "the path has characters that must be percent-encoded",
            Self::Fragment => "a WebSocket URI must not have a fragment",
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
            ("http://example.com:80/x", "example.com", "example.com", 80, "/x"),
            ("HTTPS://example.com/x", "example.com", "example.com", 443, "/x"),
            ("https://example.com:80/", "example.com:80", "example.com", 80, "/"),
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
            ("ftp://example.com/", InvalidUri::Scheme),
            ("httpss://example.com/", InvalidUri::Scheme),
            ("ws:example.com", InvalidUri::Scheme),
            ("example.com", InvalidUri::Scheme),
            ("ws://", InvalidUri::Host),
            ("ws://:80/", InvalidUri::Host),
            ("ws://[::g]/", InvalidUri::Host),
            ("ws://exa mple.com/", InvalidUri::Host),
            ("ws://a:0/", InvalidUri::Port),
            ("ws://a:65536/", InvalidUri::Port),
            ("ws://a:+80/", InvalidUri::Port),
            ("ws://a:%@c/", InvalidUri::UserInfo),
            ("ws://a@b@c/", InvalidUri::UserInfo),
            ("ws://a%3Ab@c/", InvalidUri::UserInfo),
            ("ws://a@/", InvalidUri::Host),
            ("ws://a/\r\nX: y", InvalidUri::Target),
            ("ws://a/ü", InvalidUri::Target),
            ("ws://a/#b", InvalidUri::Fragment),
        ] {
            assert_eq!(text.parse::<Uri>(), Err(fault), "{text}");
        }
    }

    #[test]
    fn schemes() {
        let uri = |text: &str| text.parse::<Uri>().expect("valid");
        for (http, ws) in [("http://a:81/b?c", "ws://a:81/b?c"), ("https://me@a/", "wss://me@a/")] {
            assert_eq!(uri(http), uri(ws));
        }
        assert_eq!(alloc::format!("{}", uri("HTTP://a/b")), "ws://a/b");
        assert_eq!(alloc::format!("{}", uri("https://a/b")), "wss://a/b");
    }

    #[test]
    fn credentials() {
        let uri: Uri = "wss://me:p%40ss@example.com:8443/x".parse().expect("valid");
        let credentials = uri.credentials().expect("some");
        assert_eq!((credentials.username(), credentials.password()), ("me", "p@ss"));
        assert_eq!((uri.authority(), uri.target()), ("example.com:8443", "/x"));
        assert_eq!(alloc::format!("{uri}"), "wss://example.com:8443/x");
        assert!(!alloc::format!("{uri:?}").contains("p@ss"));
    }

    #[test]
    fn origins() {
        let uri = |text: &str| text.parse::<Uri>().expect("valid");
        let here = uri("ws://example.com/a");
        for (other, same) in [
            ("ws://EXAMPLE.com:80/b", true),
            ("wss://example.com/a", false),
            ("ws://example.com:81/a", false),
            ("ws://www.example.com/a", false),
        ] {
            assert_eq!(here.is_same_origin(&uri(other)), same, "{other}");
        }
    }
}
