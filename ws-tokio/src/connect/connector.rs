//! The builder of client connections.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
#[cfg(unix)]
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use ws_futures::client::{ClientRequest, Response, Uri};
use ws_futures::{Config, HandshakeError};

use super::connect_on;
use super::error::ConnectError;
use super::redirects::Redirects;
use super::route::Route;
use super::stream::ClientStream;
use crate::{Proxy, WebSocket};

/// Connects clients: the request to a server, and the route to it. It may be used many times.
///
/// All addresses of a name are tried, alternating between IPv6 and IPv4; the next one when the previous
/// one has failed or has not answered within 250 ms. The first connection is used (RFC 8305).
///
/// ```no_run
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// use ws_tokio::Connector;
///
/// let connector =
///     Connector::new().header("Authorization", "Bearer 31337").subprotocol("chat.v2").redirects(5);
/// let (mut socket, response) = connector.connect("ws://example.com/chat").await?;
/// println!("the server chose {:?}", response.subprotocol());
/// socket.send("hello").await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Default)]
#[must_use = "a connector does nothing until `connect` is called"]
pub struct Connector {
    config: Arc<Config>,
    headers: Vec<(String, Vec<u8>)>,
    subprotocols: Vec<String>,
    /// `None`: the default.
    user_agent: Option<Option<String>>,
    redirects: usize,
    route: Route,
}

impl Connector {
    /// Creates a connector with the defaults: no additional header fields, no subprotocol, no redirects.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the limits and deadlines of the connection;
    /// [`Config::handshake_timeout`] is that of the handshake (10 s by default).
    pub fn config(mut self, config: impl Into<Arc<Config>>) -> Self {
        self.config = config.into();
        self
    }

    /// Adds a header field to each request, such as `Authorization`, `Cookie` or `Origin`. An invalid one
    /// is an error of [`connect`](Self::connect).
    pub fn header(mut self, name: impl Into<String>, value: impl Into<Vec<u8>>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// Sets the `User-Agent` field of each request, or removes it. `ws-tokio/VERSION` by default. A
    /// request with a setting of its own is not changed.
    pub fn user_agent(mut self, value: Option<&str>) -> Self {
        self.user_agent = Some(value.map(str::to_owned));
        self
    }

    /// Offers a subprotocol; call it in order of preference (RFC 6455 §4.1).
    pub fn subprotocol(mut self, name: impl Into<String>) -> Self {
        self.subprotocols.push(name.into());
        self
    }

    /// Sets the time until the WebSocket handshake can begin: resolving the name, connecting,
    /// the proxy and TLS. 10 s by default; `None`: only the timeouts of the system apply.
    pub fn connect_timeout(mut self, timeout: Option<Duration>) -> Self {
        self.route.connect_timeout = timeout;
        self
    }

    /// Follows up to this number of redirects (301, 302, 303, 307, 308), 10 at most; none by default.
    /// Redirects from `wss` to `ws` are not followed. The deadlines apply to each server separately.
    ///
    /// A request to another origin (scheme, host and port) has no `Authorization`, `Cookie` and
    /// `Proxy-Authorization` fields and no user name and password of the URI; user name and
    /// password in the `Location` are dropped. Other fields are kept: do not put secrets into
    /// them if redirects are followed.
    pub fn redirects(mut self, limit: usize) -> Self {
        self.redirects = limit;
        self
    }

    /// Uses these addresses for a host instead of resolving its name. Port 0 stands for the port of
    /// the URI.
    pub fn resolve(
        mut self,
        host: impl Into<String>,
        addresses: impl IntoIterator<Item = SocketAddr>,
    ) -> Self {
        self.route.known.insert(host.into(), addresses.into_iter().collect());
        self
    }

    /// Connects from this local address. Only addresses of the same family are tried, those of the
    /// proxy if there is one; a name without any is [`ConnectError::Resolve`]. By
    /// default the system chooses.
    pub fn local_address(mut self, address: impl Into<IpAddr>) -> Self {
        self.route.local_address = Some(address.into());
        self
    }

    /// Connects to this Unix socket. Host, port and path of the URI are used only for the request, and
    /// with `wss` for the server's certificate. No name is resolved and no proxy is used; redirects use the
    /// same socket.
    ///
    /// There is no standard URI for the path of a socket: `ws+unix:` and the like are
    /// [`ConnectError::Uri`].
    ///
    /// ```no_run
    /// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
    /// use ws_tokio::Connector;
    ///
    /// let connector = Connector::new().unix_socket("/run/chat.sock");
    /// let (mut socket, _response) = connector.connect("ws://localhost/room/1").await?;
    /// # Ok(())
    /// # }
    /// ```
    #[cfg(unix)]
    pub fn unix_socket(mut self, path: impl Into<PathBuf>) -> Self {
        self.route.unix_socket = Some(path.into());
        self
    }

    /// Connects through a proxy; [`Proxy::from_env`] uses the proxies of the environment. None by
    /// default.
    pub fn proxy(mut self, proxy: Proxy) -> Self {
        self.route.proxy = proxy;
        self
    }

    /// Sets the TLS connector for `wss`. The default depends on the features of the crate: the first of
    /// `rustls-platform-verifier`, `webpki-roots` and `native-tls`.
    #[cfg(any(feature = "rustls", feature = "native-tls"))]
    pub fn tls(mut self, tls: impl Into<crate::TlsConnector>) -> Self {
        self.route.tls = Some(tls.into());
        self
    }

    /// Connects to a URI.
    ///
    /// # Errors
    ///
    /// [`ConnectError`].
    ///
    /// # Cancel safety
    ///
    /// Dropping the future ends the attempt.
    pub async fn connect(
        &self,
        uri: &str,
    ) -> Result<(WebSocket<ClientStream>, Response), ConnectError> {
        let uri = uri.parse()?;
        self.connect_with(&uri, ClientRequest::for_uri(&uri)).await
    }

    /// Connects to a URI with a request of the caller, to which the header fields and subprotocols
    /// of the connector are added.
    ///
    /// # Errors
    ///
    /// [`ConnectError`].
    ///
    /// # Cancel safety
    ///
    /// Dropping the future ends the attempt.
    pub async fn connect_with(
        &self,
        uri: &Uri,
        request: ClientRequest,
    ) -> Result<(WebSocket<ClientStream>, Response), ConnectError> {
        let mut redirects = Redirects::new(uri.clone(), self.redirects);
        let (mut uri, mut request) = (uri.clone(), self.complete(request));
        loop {
            let stream = self.route.reach(&uri).await?;
            let response = match connect_on(stream, request.clone(), Arc::clone(&self.config)).await
            {
                Ok(open) => return Ok(open),
                Err(HandshakeError::Refused(response)) => response,
                Err(error) => return Err(error.into()),
            };
            (uri, request) = match redirects.follow(&request, &response) {
                Ok(Some(next)) => next,
                Ok(None) => return Err(HandshakeError::Refused(response).into()),
                Err(error) => return Err(ConnectError::Redirect { error, response }),
            };
        }
    }

    /// Connects a stream to the server of a URI, for a protocol other than WebSocket: over the same
    /// route (addresses, proxy, Unix socket) and with the same TLS, without the WebSocket handshake.
    /// TLS offers the ALPN protocol `http/1.1`. Header fields, subprotocols and redirects are not used.
    ///
    /// [`connect_on`](crate::connect_on) opens a WebSocket over such a stream.
    ///
    /// # Errors
    ///
    /// [`ConnectError`]; never [`Handshake`](ConnectError::Handshake) or
    /// [`Redirect`](ConnectError::Redirect).
    ///
    /// # Cancel safety
    ///
    /// Dropping the future ends the attempt.
    pub async fn connect_stream(&self, uri: &Uri) -> Result<ClientStream, ConnectError> {
        self.route.reach(uri).await
    }

    fn complete(&self, request: ClientRequest) -> ClientRequest {
        let request =
            self.headers.iter().fold(request, |request, (name, value)| request.header(name, value));
        let request =
            self.subprotocols.iter().fold(request, |request, name| request.subprotocol(name));
        match &self.user_agent {
            Some(value) => request.default_user_agent(value.as_deref()),
            None => request,
        }
    }
}

/// Omits the values of header fields, which may be secrets.
impl fmt::Debug for Connector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let headers: Vec<_> = self.headers.iter().map(|(name, _)| name).collect();
        f.debug_struct("Connector")
            .field("config", &self.config)
            .field("headers", &headers)
            .field("subprotocols", &self.subprotocols)
            .field("user_agent", &self.user_agent)
            .field("redirects", &self.redirects)
            .field("route", &self.route)
            .finish()
    }
}
