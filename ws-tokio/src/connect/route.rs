//! The route to a server.

use std::io;
use std::net::{IpAddr, SocketAddr};
#[cfg(unix)]
use std::path::{Path, PathBuf};
use std::time::Duration;

#[cfg(unix)]
use tokio::net::UnixStream;
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::{Instant, timeout_at};
use ws_futures::client::Uri;

use super::error::{ConnectError, Phase};
use super::happy_eyeballs::race;
use super::resolve::Known;
use super::stream::ClientStream;
use super::transport::Transport;
use super::tunnel;
use crate::proxy::ProxyServer;
use crate::tls::default_connector;
use crate::{Proxy, TlsConnector, TlsError};

/// The delay between connection attempts (RFC 8305 §8).
const ATTEMPT_DELAY: Duration = Duration::from_millis(250);

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// The settings of the route to a server.
#[derive(Clone, Debug)]
pub(super) struct Route {
    /// The time for all phases before the WebSocket handshake.
    pub(super) connect_timeout: Option<Duration>,
    pub(super) known: Known,
    pub(super) proxy: Proxy,
    /// `None`: the default connector of the features.
    pub(super) tls: Option<TlsConnector>,
    /// The local address of TCP connections; `None`: the system chooses.
    pub(super) local_address: Option<IpAddr>,
    /// The Unix socket of all servers.
    #[cfg(unix)]
    pub(super) unix_socket: Option<PathBuf>,
}

impl Default for Route {
    fn default() -> Self {
        Self {
            connect_timeout: Some(CONNECT_TIMEOUT),
            known: Known::default(),
            proxy: Proxy::default(),
            tls: None,
            local_address: None,
            #[cfg(unix)]
            unix_socket: None,
        }
    }
}

impl Route {
    /// Connects a stream to the server, ready for the WebSocket handshake.
    pub(super) async fn reach(&self, uri: &Uri) -> Result<ClientStream, ConnectError> {
        let tls = uri.is_secure().then(|| self.tls_connector()).transpose()?;
        // A deadline beyond the range of the clock is no deadline.
        let deadline = self.connect_timeout.and_then(|timeout| Instant::now().checked_add(timeout));
        let transport = self.connect_transport(uri, deadline).await?;
        let Some(tls) = tls else { return Ok(ClientStream::plain(transport)) };
        let securing = async { Ok(tls.connect(uri.host(), transport).await?) };
        Ok(ClientStream::secured(within(deadline, Phase::Tls, securing).await?))
    }

    async fn connect_transport(
        &self,
        uri: &Uri,
        deadline: Option<Instant>,
    ) -> Result<Transport, ConnectError> {
        #[cfg(unix)]
        if let Some(path) = &self.unix_socket {
            return within(deadline, Phase::Tcp, connect_unix(path)).await;
        }
        let Some(proxy) = self.proxy.server_for(uri) else {
            return Ok(self.connect_tcp(uri.host(), uri.port(), deadline).await?.into());
        };
        let to_proxy = self.connect_proxy(proxy, deadline).await?;
        within(deadline, Phase::Proxy, tunnel::through(to_proxy, proxy, uri)).await
    }

    async fn connect_proxy(
        &self,
        proxy: &ProxyServer,
        deadline: Option<Instant>,
    ) -> Result<Transport, ConnectError> {
        let own = self.proxy.tls_connector().cloned();
        let tls = proxy.is_secure().then(|| own.map_or_else(|| self.tls_connector(), Ok));
        let tls = tls.transpose().map_err(ConnectError::ProxyTls)?;
        let tcp = self.connect_tcp(&proxy.host, proxy.port, deadline).await?.into();
        let Some(tls) = tls else { return Ok(tcp) };
        let securing =
            async { tls.connect(&proxy.host, tcp).await.map_err(ConnectError::ProxyTls) };
        Ok(within(deadline, Phase::ProxyTls, securing).await?.into())
    }

    fn tls_connector(&self) -> Result<TlsConnector, TlsError> {
        self.tls.clone().map_or_else(default_connector, Ok)
    }

    async fn connect_tcp(
        &self,
        host: &str,
        port: u16,
        deadline: Option<Instant>,
    ) -> Result<TcpStream, ConnectError> {
        let resolving = self.addresses(host, port);
        let addresses = within(deadline, Phase::Resolve, resolving).await?;
        let connecting =
            race(addresses, ATTEMPT_DELAY, |address| connect_from(self.local_address, address));
        let tcp = within(deadline, Phase::Tcp, async { Ok(connecting.await?) }).await?;
        // Sends small messages at once; errors are ignored, as this is only an optimization.
        let _ = tcp.set_nodelay(true);
        Ok(tcp)
    }

    /// Returns the addresses of a name that are reachable from the local address.
    async fn addresses(&self, host: &str, port: u16) -> Result<Vec<SocketAddr>, ConnectError> {
        let mut addresses = self.known.resolve(host, port).await?;
        let Some(local) = self.local_address else { return Ok(addresses) };
        addresses.retain(|address| address.is_ipv4() == local.is_ipv4());
        if addresses.is_empty() {
            let family = if local.is_ipv4() { "IPv4" } else { "IPv6" };
            let text = format!("no {family} address for the local address {local}");
            let error = io::Error::new(io::ErrorKind::AddrNotAvailable, text);
            return Err(ConnectError::Resolve { host: host.into(), error });
        }
        Ok(addresses)
    }
}

async fn connect_from(local: Option<IpAddr>, address: SocketAddr) -> io::Result<TcpStream> {
    let Some(local) = local else { return TcpStream::connect(address).await };
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    socket.bind(SocketAddr::new(local, 0))?;
    socket.connect(address).await
}

#[cfg(unix)]
async fn connect_unix(path: &Path) -> Result<Transport, ConnectError> {
    match UnixStream::connect(path).await {
        Ok(stream) => Ok(stream.into()),
        Err(error) => Err(ConnectError::UnixSocket { path: path.into(), error }),
    }
}

async fn within<R>(
    deadline: Option<Instant>,
    phase: Phase,
    step: impl Future<Output = Result<R, ConnectError>>,
) -> Result<R, ConnectError> {
    match deadline {
        Some(deadline) => {
            timeout_at(deadline, step).await.map_err(|_elapsed| ConnectError::Timeout(phase))?
        }
        None => step.await,
    }
}
