//! The choice of a proxy for a server.

mod environment;
mod exceptions;
mod server;

use std::env;
use std::str::FromStr;

use ws_futures::client::Uri;

use crate::TlsConnector;
use exceptions::Exceptions;

pub(crate) use server::ProxyServer;
pub use server::{InvalidProxy, InvalidProxyKind};

/// The proxies to connect through: HTTP proxies, with the method CONNECT, and SOCKS5 proxies (RFC 1928).
/// None by default.
///
/// An address is `http://host:port`, `https://host:port`, `socks5://host:port` or
/// `socks5h://host:port`, with `user:password@` before the host if the proxy requires it; each
/// percent-encoded. Without a scheme it is `http`; without a port, 80, 443 or 1080. The name of the
/// server is resolved by the proxy, also with `socks5`.
///
/// The connection to an `https` proxy uses TLS; with `wss` there is a second TLS session to the server
/// within the tunnel. `Proxy::tls` sets the TLS connector for the proxy.
///
/// ```
/// use ws_tokio::{Connector, Proxy};
///
/// let proxy = Proxy::all("socks5://127.0.0.1:1080")?.except("localhost, .example.com, 10.0.0.0/8");
/// let connector = Connector::new().proxy(proxy);
/// # let _ = connector;
/// # Ok::<(), ws_tokio::InvalidProxy>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Proxy {
    plain: Option<ProxyServer>,
    secure: Option<ProxyServer>,
    exceptions: Exceptions,
    /// The TLS connector for an `https` proxy; `None`: that of the connector.
    tls: Option<TlsConnector>,
}

impl Proxy {
    /// Uses one proxy for all servers.
    ///
    /// # Errors
    ///
    /// [`InvalidProxy`]: not a proxy URI.
    pub fn all(address: &str) -> Result<Self, InvalidProxy> {
        let server: ProxyServer = address.parse()?;
        Ok(Self { plain: Some(server.clone()), secure: Some(server), ..Self::default() })
    }

    /// Reads the environment: `HTTPS_PROXY` is for `wss`, `HTTP_PROXY` for `ws`, `ALL_PROXY` for
    /// both if these are not set, `NO_PROXY` is passed to [`except`](Self::except). Lower-case names take
    /// precedence; an empty variable counts as unset.
    ///
    /// If `REQUEST_METHOD` is set, `HTTP_PROXY` is ignored: in a CGI program it is a header field of the
    /// client (CVE-2016-5385).
    ///
    /// # Errors
    ///
    /// [`InvalidProxy`], with the name of the variable.
    pub fn from_env() -> Result<Self, InvalidProxy> {
        Self::from_variables(|name| env::var(name).ok())
    }

    /// Like [`from_env`](Self::from_env), with the variables of another source.
    ///
    /// # Errors
    ///
    /// [`InvalidProxy`], with the name of the variable.
    pub fn from_variables(variable: impl Fn(&str) -> Option<String>) -> Result<Self, InvalidProxy> {
        environment::read(variable)
    }

    /// Connects to these servers directly: a comma-separated list of host names (which include their
    /// subdomains, with or without a leading dot), addresses, networks such as `10.0.0.0/8`,
    /// and `*` for all. A port after a host or an address restricts the entry to that port.
    pub fn except(mut self, list: &str) -> Self {
        self.exceptions.add(list);
        self
    }

    /// Sets the TLS connector for an `https` proxy. By default the one for servers:
    /// [`Connector::tls`](crate::Connector::tls), or the default of the features.
    #[cfg(any(feature = "rustls", feature = "native-tls"))]
    pub fn tls(mut self, tls: impl Into<TlsConnector>) -> Self {
        self.tls = Some(tls.into());
        self
    }

    /// Returns whether a connection to this URI goes through a proxy, rather than directly.
    ///
    /// ```
    /// use ws_tokio::Proxy;
    ///
    /// let proxy = Proxy::all("http://127.0.0.1:3128")?.except("localhost");
    /// assert!(proxy.applies_to(&"wss://example.com/".parse()?));
    /// assert!(!proxy.applies_to(&"wss://localhost/".parse()?));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn applies_to(&self, uri: &Uri) -> bool {
        self.server_for(uri).is_some()
    }

    pub(crate) fn tls_connector(&self) -> Option<&TlsConnector> {
        self.tls.as_ref()
    }

    pub(crate) fn server_for(&self, uri: &Uri) -> Option<&ProxyServer> {
        let server = if uri.is_secure() { &self.secure } else { &self.plain };
        server.as_ref().filter(|_| !self.exceptions.contain(uri.host(), uri.port()))
    }
}

impl FromStr for Proxy {
    type Err = InvalidProxy;

    fn from_str(address: &str) -> Result<Self, InvalidProxy> {
        Self::all(address)
    }
}
