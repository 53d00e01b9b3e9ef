//! Opens a tunnel through a proxy.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use ws_futures::client::{InvalidUri, Uri};
use ws_futures::proto::proxy::{Destination, TunnelProgress};

use super::error::ConnectError;
use super::transport::Transport;
use crate::proxy::ProxyServer;

/// Requests a tunnel to the server from the proxy at the other end of the connection.
pub(super) async fn through(
    mut transport: Transport,
    proxy: &ProxyServer,
    uri: &Uri,
) -> Result<Transport, ConnectError> {
    let destination = Destination::try_from(uri).map_err(|_invalid| InvalidUri::Host)?;
    let mut output = Vec::new();
    let mut tunnel = proxy.ask(destination, &mut output)?;
    let mut buffer = vec![0; 1024];
    loop {
        transport.write_all(&output).await?;
        transport.flush().await?;
        output.clear();
        let len = transport.read(&mut buffer).await?;
        if len == 0 {
            return Err(tunnel.receive_eof().into());
        }
        let mut input = &mut buffer[..len];
        if tunnel.receive(&mut input, &mut output)? == TunnelProgress::Open {
            transport.put_back(input);
            return Ok(transport);
        }
    }
}
