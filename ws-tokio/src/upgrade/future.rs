//! The future of an upgraded socket.

use std::fmt;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use hyper::Version;
use hyper::upgrade::OnUpgrade;
use tokio::time::timeout;
use ws_futures::proto::Connection;
use ws_futures::{HandshakeError, ShutdownGuard};

use super::WebSocket;
use super::service::Activity;
use super::stream::Upgraded;
use crate::established;

/// Resolves to the socket once the HTTP server has sent the response and released the connection.
///
/// Await it outside the handler, in its own task: the server sends the
/// response only after the handler has returned it.
///
/// # Errors
///
/// [`HandshakeError::Io`]: the connection ended earlier, the server does not support upgrades,
/// or the response was not sent within
/// [`Config::handshake_timeout`](ws_futures::Config::handshake_timeout) (kind
/// [`TimedOut`](io::ErrorKind::TimedOut)), counted from the first poll.
///
/// # Cancel safety
///
/// Dropping the future ends the WebSocket, once the server releases the connection.
#[must_use = "await it to get the socket"]
pub struct UpgradeFuture {
    socket: Pin<Box<dyn Future<Output = Result<WebSocket, HandshakeError>> + Send>>,
    #[cfg(feature = "axum")]
    guard: Option<ShutdownGuard>,
}

/// The registrations of a WebSocket, from the extensions of its request.
#[derive(Default)]
pub(crate) struct Registration {
    /// With a shutdown, from the response on.
    pub(super) guard: Option<ShutdownGuard>,
    /// As an activity on a connection of [`serve`](super::serve).
    pub(super) activity: Option<Activity>,
}

impl UpgradeFuture {
    pub(crate) fn new(
        on_upgrade: OnUpgrade,
        version: Version,
        connection: Connection,
        within: Option<Duration>,
        registration: Registration,
    ) -> Self {
        let Registration { guard, activity } = registration;
        #[cfg(feature = "axum")]
        let guard_of_task = guard.clone();
        let socket = async move {
            let upgraded = match within {
                Some(within) => timeout(within, on_upgrade)
                    .await
                    .map_err(|_elapsed| io::Error::from(io::ErrorKind::TimedOut))?,
                None => on_upgrade.await,
            };
            let upgraded = upgraded.map_err(io::Error::other)?;
            // The upgraded stream returns the bytes that were read after the handshake.
            let upgraded = Upgraded::new(upgraded, version, activity);
            let mut socket = established(upgraded, connection, b"");
            if let Some(guard) = guard {
                socket.close_on(guard);
            }
            Ok(socket)
        };
        Self {
            socket: Box::pin(socket),
            #[cfg(feature = "axum")]
            guard: guard_of_task,
        }
    }

    /// Returns the WebSocket's guard of the shutdown.
    #[cfg(feature = "axum")]
    pub(super) fn take_guard(&mut self) -> Option<ShutdownGuard> {
        self.guard.take()
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
