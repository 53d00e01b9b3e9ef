//! The URI of one proxy.

use std::fmt;
use std::str::FromStr;

use ws_futures::client::{InvalidUri, Uri};
use ws_futures::proto::Credentials;
use ws_futures::proto::proxy::{Destination, Tunnel, TunnelError};

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ProxyServer {
    protocol: Protocol,
    pub(crate) host: String,
    pub(crate) port: u16,
    credentials: Option<Credentials>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Protocol {
    Http,
    /// HTTP over TLS.
    Https,
    Socks5,
}

/// A text that is not a proxy URI.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidProxy {
    kind: InvalidProxyKind,
    /// The environment variable it was read from.
    variable: Option<&'static str>,
}

/// The reason why a proxy URI is invalid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum InvalidProxyKind {
    /// The scheme is not `http`, `https`, `socks5` or `socks5h`.
    Scheme,
    /// The user name or the password is malformed.
    UserInfo,
    /// The host is missing or malformed.
    Host,
    /// The port is not a number from 1 to 65535.
    Port,
    /// There is a path after the port.
    Path,
}

impl ProxyServer {
    /// Whether the connection to the proxy uses TLS.
    pub(crate) fn is_secure(&self) -> bool {
        self.protocol == Protocol::Https
    }

    /// Requests a tunnel from the proxy.
    pub(crate) fn ask(
        &self,
        destination: Destination,
        out: &mut Vec<u8>,
    ) -> Result<Tunnel, TunnelError> {
        let credentials = self.credentials.clone();
        match self.protocol {
            Protocol::Http | Protocol::Https => Ok(Tunnel::http(destination, credentials, out)),
            Protocol::Socks5 => Tunnel::socks5(destination, credentials, out),
        }
    }
}

impl FromStr for ProxyServer {
    type Err = InvalidProxy;

    fn from_str(address: &str) -> Result<Self, InvalidProxy> {
        parse(address).map_err(|kind| InvalidProxy { kind, variable: None })
    }
}

fn parse(address: &str) -> Result<ProxyServer, InvalidProxyKind> {
    let (scheme, rest) = address.split_once("://").unwrap_or(("http", address));
    let (protocol, default) = match &*scheme.to_ascii_lowercase() {
        "http" => (Protocol::Http, 80),
        "https" => (Protocol::Https, 443),
        "socks5" | "socks5h" => (Protocol::Socks5, 1080),
        _ => return Err(InvalidProxyKind::Scheme),
    };
    let rest = rest.strip_suffix('/').unwrap_or(rest);
    // The authority is parsed as that of a WebSocket URI. Parsing with both schemes shows whether a port is
    // given, since their default ports differ.
    let uri: Uri = format!("ws://{rest}").parse().map_err(kind_of)?;
    let secure: Uri = format!("wss://{rest}").parse().map_err(kind_of)?;
    if uri.target() != "/" || rest.ends_with('/') {
        return Err(InvalidProxyKind::Path);
    }
    Ok(ProxyServer {
        protocol,
        host: uri.host().to_owned(),
        port: if uri.port() == secure.port() { uri.port() } else { default },
        credentials: uri.credentials().cloned(),
    })
}

fn kind_of(invalid: InvalidUri) -> InvalidProxyKind {
    match invalid {
        InvalidUri::UserInfo => InvalidProxyKind::UserInfo,
        InvalidUri::Port => InvalidProxyKind::Port,
        InvalidUri::Target | InvalidUri::Fragment => InvalidProxyKind::Path,
        _ => InvalidProxyKind::Host,
    }
}

impl InvalidProxy {
    /// Returns the reason.
    pub fn kind(&self) -> InvalidProxyKind {
        self.kind
    }

    /// Returns the environment variable it was read from, if any.
    pub fn variable(&self) -> Option<&str> {
        self.variable
    }

    pub(super) fn of(self, variable: &'static str) -> Self {
        Self { variable: Some(variable), ..self }
    }
}

impl fmt::Display for InvalidProxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(variable) = self.variable {
            write!(f, "{variable}: ")?;
        }
        f.write_str(match self.kind {
            InvalidProxyKind::Scheme => {
                "invalid proxy scheme: must be http, https, socks5 or socks5h"
            }
            InvalidProxyKind::UserInfo => "malformed proxy user name or password",
            InvalidProxyKind::Host => "missing or malformed proxy host",
            InvalidProxyKind::Port => "invalid proxy port: must be from 1 to 65535",
            InvalidProxyKind::Path => "proxy URI must not have a path",
        })
    }
}

impl std::error::Error for InvalidProxy {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        for (address, protocol, host, port, user) in [
            ("proxy", Protocol::Http, "proxy", 80, None),
            ("proxy:3128", Protocol::Http, "proxy", 3128, None),
            ("http://proxy/", Protocol::Http, "proxy", 80, None),
            ("HTTP://proxy:443", Protocol::Http, "proxy", 443, None),
            ("http://me:p%40ss@proxy:80", Protocol::Http, "proxy", 80, Some(("me", "p@ss"))),
            ("https://proxy", Protocol::Https, "proxy", 443, None),
            ("HTTPS://proxy:80/", Protocol::Https, "proxy", 80, None),
            ("https://me@[::1]:8443", Protocol::Https, "::1", 8443, Some(("me", ""))),
            ("me:pass@proxy", Protocol::Http, "proxy", 80, Some(("me", "pass"))),
            ("socks5://127.0.0.1", Protocol::Socks5, "127.0.0.1", 1080, None),
            ("socks5h://me@[::1]:9", Protocol::Socks5, "::1", 9, Some(("me", ""))),
        ] {
            let server: ProxyServer = address.parse().expect(address);
            let (username, password) = user.unzip();
            assert_eq!((server.protocol, &*server.host, server.port), (protocol, host, port));
            let credentials = server.credentials.as_ref();
            assert_eq!(credentials.map(Credentials::username), username, "{address}");
            assert_eq!(credentials.map(Credentials::password), password, "{address}");
        }
    }

    #[test]
    fn faults() {
        for (address, kind) in [
            ("ftp://proxy", InvalidProxyKind::Scheme),
            ("socks4://proxy", InvalidProxyKind::Scheme),
            ("", InvalidProxyKind::Host),
            ("http://", InvalidProxyKind::Host),
            ("a b", InvalidProxyKind::Host),
            ("proxy:0", InvalidProxyKind::Port),
            ("proxy:80:80", InvalidProxyKind::Port),
            ("me:%zz@proxy", InvalidProxyKind::UserInfo),
            ("http://proxy/path", InvalidProxyKind::Path),
            ("http://proxy//", InvalidProxyKind::Path),
            ("http://proxy?x", InvalidProxyKind::Path),
        ] {
            let error = address.parse::<ProxyServer>().expect_err(address);
            assert_eq!(error.kind(), kind, "{address}");
        }
    }
}
