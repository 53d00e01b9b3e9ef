//! The server under load.

use std::error::Error;
use std::net::{IpAddr, SocketAddr};

use tokio::net::lookup_host;
use tokio::time::timeout;
use ws_tokio::client::{ClientRequest, Uri};
use ws_tokio::{ClientStream, Config, ConnectError, Connector, WebSocket};

use ws_cli::Target;

/// A server, and how its clients are connected.
pub(crate) struct Server {
    url: Uri,
    request: ClientRequest,
    connector: Connector,
    /// Its addresses; empty behind a proxy and at a Unix socket.
    addresses: Vec<SocketAddr>,
}

impl Server {
    /// Resolves the name of the server once, unless a proxy does it: the latency of a connection does
    /// not include that of the name service.
    ///
    /// # Errors
    ///
    /// The name has no address, or the options of the target cannot be used.
    pub(crate) async fn resolve(target: &Target, config: Config) -> Result<Self, Box<dyn Error>> {
        let url = target.url().clone();
        let mut connector = target.connector(config)?;
        let mut addresses = Vec::new();
        if target.is_direct()? {
            let host = url.host();
            let resolving = timeout(target.timeout(), lookup_host((host, url.port())));
            match resolving.await {
                Ok(Ok(resolved)) => addresses.extend(resolved),
                Ok(Err(error)) => return Err(format!("{host} cannot be resolved: {error}").into()),
                Err(_elapsed) => return Err(format!("timeout while resolving {host}").into()),
            }
            if addresses.is_empty() {
                return Err(format!("{host} has no address").into());
            }
            connector = connector.resolve(host, addresses.iter().copied());
        }
        Ok(Self { request: ClientRequest::for_uri(&url), url, connector, addresses })
    }

    /// Returns whether it has an address of this family, or its addresses are not known.
    pub(crate) fn may_have(&self, ipv4: bool) -> bool {
        let of_family = |address: &SocketAddr| address.is_ipv4() == ipv4;
        self.addresses.is_empty() || self.addresses.iter().any(of_family)
    }

    /// Connects a client, from `source` or from the address that the system chooses.
    ///
    /// # Errors
    ///
    /// [`ConnectError`]
    pub(crate) async fn connect(
        &self,
        source: Option<IpAddr>,
    ) -> Result<WebSocket<ClientStream>, ConnectError> {
        let from_source = source.map(|source| self.connector.clone().local_address(source));
        let connector = from_source.as_ref().unwrap_or(&self.connector);
        Ok(connector.connect_with(&self.url, self.request.clone()).await?.0)
    }
}
