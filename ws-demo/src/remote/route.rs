//! The way to one server.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::ServerName;
use tokio::net::{TcpSocket, TcpStream, lookup_host};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use ws_tokio::proto::client::Uri;

use super::dial::DialError;
use super::stream::Stream;
use super::tls::Trust;

/// Where a server is, and whom to trust there.
#[derive(Clone)]
pub(crate) struct Route {
    addresses: Arc<[SocketAddr]>,
    tls: Option<(TlsConnector, ServerName<'static>)>,
    timeout: Duration,
}

impl Route {
    /// Resolves the name of the server, once.
    ///
    /// # Errors
    ///
    /// [`DialError`] if it has no address, or nobody could be trusted.
    pub(crate) async fn find(url: &Uri, trust: &Trust, limit: Duration) -> Result<Self, DialError> {
        let host = url.host();
        let tls = match url.is_secure() {
            true => {
                let name = ServerName::try_from(host.to_owned())
                    .map_err(|error| DialError::Tls(io::Error::other(error)))?;
                Some((trust.connector()?, name))
            }
            false => None,
        };
        let found = timeout(limit, lookup_host((host, url.port()))).await?;
        let addresses: Arc<[SocketAddr]> = found.map_err(DialError::Resolve)?.collect();
        if addresses.is_empty() {
            return Err(DialError::Resolve(io::ErrorKind::NotFound.into()));
        }
        Ok(Self { addresses, tls, timeout: limit })
    }

    /// Where the server may be.
    pub(super) fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// Connects, from any address of this machine or from `source`.
    ///
    /// # Errors
    ///
    /// [`DialError`] says what failed.
    pub(crate) async fn open(&self, source: Option<IpAddr>) -> Result<Stream, DialError> {
        timeout(self.timeout, self.connect(source)).await?
    }

    async fn connect(&self, source: Option<IpAddr>) -> Result<Stream, DialError> {
        let stream = match source {
            Some(source) => self.connect_from(source).await?,
            None => TcpStream::connect(&*self.addresses).await?,
        };
        // Only an optimisation: small messages leave at once.
        let _ = stream.set_nodelay(true);
        let Some((connector, name)) = &self.tls else { return Ok(Stream::Plain(stream)) };
        let stream = connector.connect(name.clone(), stream).await.map_err(DialError::Tls)?;
        Ok(Stream::Tls(Box::new(stream)))
    }

    async fn connect_from(&self, source: IpAddr) -> io::Result<TcpStream> {
        let mut failure = None;
        for address in self.addresses.iter().filter(|to| to.is_ipv4() == source.is_ipv4()) {
            let socket = if source.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
            socket.bind(SocketAddr::new(source, 0))?;
            match socket.connect(*address).await {
                Ok(stream) => return Ok(stream),
                Err(error) => failure = Some(error),
            }
        }
        Err(failure.unwrap_or_else(|| {
            io::Error::other(format!("the server has no address that {source} can reach"))
        }))
    }
}
