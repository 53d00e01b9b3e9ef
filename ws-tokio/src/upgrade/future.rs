//! The way from an answered request to its socket.

use std::fmt;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use hyper::Version;
use hyper::upgrade::OnUpgrade;
use tokio::time::timeout;
use ws_futures::HandshakeError;
use ws_futures::proto::Connection;

use super::WebSocket;
use super::stream::Upgraded;
use crate::established;

/// Becomes the socket once the HTTP server has sent the response and let go of the connection.
///
/// It must be waited for outside of the handler, in a task of its own: the server sends the
/// response only after the handler has returned it.
///
/// # Errors
///
/// [`HandshakeError::Io`]: the connection ended before, the server does not let go of connections,
/// or the response was not sent within
/// [`Config::handshake_timeout`](ws_futures::Config::handshake_timeout) (kind
/// [`TimedOut`](io::ErrorKind::TimedOut)), counted from the first poll.
///
/// # Cancel safety
///
/// Dropped before it is ready it ends the WebSocket, once the server lets go of it.
#[must_use = "the socket is inside"]
pub struct UpgradeFuture {
    socket: Pin<Box<dyn Future<Output = Result<WebSocket, HandshakeError>> + Send>>,
}

impl UpgradeFuture {
    pub(crate) fn new(
        on_upgrade: OnUpgrade,
        version: Version,
        connection: Connection,
        within: Option<Duration>,
    ) -> Self {
        let socket = async move {
            let upgraded = match within {
                Some(within) => timeout(within, on_upgrade)
                    .await
                    .map_err(|_elapsed| io::Error::from(io::ErrorKind::TimedOut))?,
                None => on_upgrade.await,
            };
            let upgraded = upgraded.map_err(io::Error::other)?;
            // What was read behind the handshake is read again from the stream.
            Ok(established(Upgraded::new(upgraded, version), connection, b""))
        };
        Self { socket: Box::pin(socket) }
    }
}

impl Future for UpgradeFuture {
    type Output = Result<WebSocket, HandshakeError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.socket.as_mut().poll(cx)
    }
}

impl fmt::Debug for UpgradeFuture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UpgradeFuture").finish_non_exhaustive()
    }
}
