//! Resolves names.

use std::io;
use std::net::SocketAddr;

use tokio::net::lookup_host;

use super::error::ConnectError;

/// Names whose addresses the application has set.
#[derive(Clone, Debug, Default)]
pub(super) struct Known(Vec<(String, Vec<SocketAddr>)>);

impl Known {
    pub(super) fn insert(&mut self, host: String, addresses: Vec<SocketAddr>) {
        self.0.retain(|(known, _)| !known.eq_ignore_ascii_case(&host));
        self.0.push((host, addresses));
    }

    /// Returns all addresses, in the order of the system's preference (RFC 6724).
    pub(super) async fn resolve(
        &self,
        host: &str,
        port: u16,
    ) -> Result<Vec<SocketAddr>, ConnectError> {
        if let Some((_, known)) = self.0.iter().find(|(known, _)| known.eq_ignore_ascii_case(host))
        {
            return Ok(known.iter().map(|address| with_port(*address, port)).collect());
        }
        let resolve = async || {
            let addresses: Vec<_> = lookup_host((host, port)).await?.collect();
            match addresses.is_empty() {
                true => Err(io::Error::from(io::ErrorKind::NotFound)),
                false => Ok(addresses),
            }
        };
        resolve().await.map_err(|error| ConnectError::Resolve { host: host.into(), error })
    }
}

fn with_port(mut address: SocketAddr, port: u16) -> SocketAddr {
    if address.port() == 0 {
        address.set_port(port);
    }
    address
}
