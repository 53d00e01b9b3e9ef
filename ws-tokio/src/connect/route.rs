//! The way to a server.

use std::time::Duration;

use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};
use ws_futures::client::Uri;

use super::error::{ConnectError, Phase};
use super::happy_eyeballs::race;
use super::resolve::Known;
use super::stream::ClientStream;
use super::transport::Transport;
use super::tunnel;
use crate::proxy::ProxyServer;
use crate::tls::of_features;
use crate::{Proxy, TlsConnector, TlsError};

/// RFC 8305 §8.
const ATTEMPT_DELAY: Duration = Duration::from_millis(250);

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// How servers are reached.
#[derive(Clone, Debug)]
pub(super) struct Route {
    /// For all that comes before the handshake.
    pub(super) connect_timeout: Option<Duration>,
    pub(super) known: Known,
    pub(super) proxy: Proxy,
    /// What the features bring if it is `None`.
    pub(super) tls: Option<TlsConnector>,
}

impl Default for Route {
    fn default() -> Self {
        Self {
            connect_timeout: Some(CONNECT_TIMEOUT),
            known: Known::default(),
            proxy: Proxy::default(),
            tls: None,
        }
    }
}

impl Route {
    /// A stream to the server, ready for the handshake.
    pub(super) async fn reach(&self, uri: &Uri) -> Result<ClientStream, ConnectError> {
        let tls = uri.is_secure().then(|| self.tls_connector()).transpose()?;
        // A deadline that the clock cannot express is none.
        let deadline = self.connect_timeout.and_then(|timeout| Instant::now().checked_add(timeout));
        let transport = match self.proxy.server_for(uri) {
            None => self.connect_tcp(uri.host(), uri.port(), deadline).await?.into(),
            Some(proxy) => {
                let to_proxy = self.connect_proxy(proxy, deadline).await?;
                within(deadline, Phase::Proxy, tunnel::through(to_proxy, proxy, uri)).await?
            }
        };
        let Some(tls) = tls else { return Ok(ClientStream::plain(transport)) };
        let securing = async { Ok(tls.connect(uri.host(), transport).await?) };
        Ok(ClientStream::secured(within(deadline, Phase::Tls, securing).await?))
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
        self.tls.clone().map_or_else(of_features, Ok)
    }

    async fn connect_tcp(
        &self,
        host: &str,
        port: u16,
        deadline: Option<Instant>,
    ) -> Result<TcpStream, ConnectError> {
        let resolving = self.known.resolve(host, port);
        let addresses = within(deadline, Phase::Resolve, resolving).await?;
        let connecting = race(addresses, ATTEMPT_DELAY, TcpStream::connect);
        let tcp = within(deadline, Phase::Tcp, async { Ok(connecting.await?) }).await?;
        tcp.set_nodelay(true)?;
        Ok(tcp)
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
