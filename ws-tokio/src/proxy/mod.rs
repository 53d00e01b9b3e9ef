//! Which proxy to go through, and when.

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

/// The proxies to go through: HTTP proxies, by the method CONNECT, and SOCKS5 proxies (RFC 1928). None
/// by default.
///
/// An address is `http://host:port`, `https://host:port`, `socks5://host:port` or
/// `socks5h://host:port`, with `user:password@` before the host where the proxy asks for it; each
/// percent-encoded. Without a scheme it is `http`; without a port, 80, 443 or 1080. The name of the
/// server is resolved by the proxy, with `socks5` too.
///
/// With an `https` proxy TLS is spoken on the way to the proxy, and within its tunnel once more if the
/// server's address is `wss`; `Proxy::tls` says whom to trust there.
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
    /// For the connection to an `https` proxy; that of the connector if it is `None`.
    tls: Option<TlsConnector>,
}

impl Proxy {
    /// One proxy for all addresses.
    ///
    /// # Errors
    ///
    /// [`InvalidProxy`]: not an address of a proxy.
    pub fn all(address: &str) -> Result<Self, InvalidProxy> {
        let server: ProxyServer = address.parse()?;
        Ok(Self { plain: Some(server.clone()), secure: Some(server), ..Self::default() })
    }

    /// What the environment says: `HTTPS_PROXY` is for `wss`, `HTTP_PROXY` for `ws`, `ALL_PROXY` for
    /// both where these are not set, `NO_PROXY` has what [`except`](Self::except) takes. Each may be
    /// in lower case, which goes first; an empty one is none.
    ///
    /// Where `REQUEST_METHOD` is set, `HTTP_PROXY` is not looked at: to a CGI program it is a header
    /// field of a client's (CVE-2016-5385).
    ///
    /// # Errors
    ///
    /// [`InvalidProxy`] names the variable.
    pub fn from_env() -> Result<Self, InvalidProxy> {
        Self::from_variables(|name| env::var(name).ok())
    }

    /// [`from_env`](Self::from_env) for variables from elsewhere.
    ///
    /// # Errors
    ///
    /// [`InvalidProxy`] names the variable.
    pub fn from_variables(variable: impl Fn(&str) -> Option<String>) -> Result<Self, InvalidProxy> {
        environment::read(variable)
    }

    /// Goes to these servers directly: a list with commas of host names (which stand for their
    /// subdomains too, with or without a dot before them), addresses, networks such as `10.0.0.0/8`,
    /// and `*` for all. A port after a host or an address holds it to that port.
    pub fn except(mut self, list: &str) -> Self {
        self.exceptions.add(list);
        self
    }

    /// Speaks TLS by this with an `https` proxy. By default what is used with servers:
    /// [`Connector::tls`](crate::Connector::tls), or what the features of the crate bring.
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
