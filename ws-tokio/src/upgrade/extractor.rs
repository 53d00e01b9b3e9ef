//! The extractor for axum.

use std::fmt;
use std::future::poll_fn;
use std::ops::Deref;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;

use axum_core::extract::FromRequestParts;
use axum_core::response::{IntoResponse, Response};
use hyper::http::request::Parts;
#[cfg(feature = "deflate")]
use ws_futures::Deflate;
use ws_futures::{Config, HandshakeError, Limits, ShutdownGuard};

use super::{Upgrade, UpgradeRejection, WebSocket};

/// The axum extractor of a request for a WebSocket (feature `axum`).
///
/// Over HTTP/1.1 the request has the method GET, over HTTP/2 CONNECT: route both with
/// `axum::routing::any`. The [`UpgradeRejection`] responds to an invalid request; an endpoint that
/// serves other requests as well takes a `Result<WebSocketUpgrade, UpgradeRejection>`.
///
/// ```
/// use axum::{Router, response::Response, routing::any};
/// use ws_tokio::{Deflate, Limits, upgrade::WebSocketUpgrade};
///
/// async fn echo(upgrade: WebSocketUpgrade) -> Response {
///     upgrade
///         .deflate(Deflate::default())
///         .limits(Limits { max_message_size: 64 * 1024, ..Limits::incoming() })
///         .on_upgrade(|mut socket| async move {
///             while let Ok(Some(message)) = socket.recv().await {
///                 // Written by the next `recv` before it waits.
///                 if message.is_data() && socket.feed(message).await.is_err() {
///                     break;
///                 }
///             }
///         })
/// }
///
/// let app: Router = Router::new().route("/echo", any(echo));
/// # drop(app);
/// ```
#[must_use = "the client waits for a response: `on_upgrade` returns it"]
pub struct WebSocketUpgrade {
    upgrade: Upgrade,
    config: Arc<Config>,
    on_failed_upgrade: Option<OnFailedUpgrade>,
}

type OnFailedUpgrade = Box<dyn FnOnce(HandshakeError) + Send>;

impl WebSocketUpgrade {
    /// Sets the configuration: limits, deadlines, compression.
    pub fn config(mut self, config: impl Into<Arc<Config>>) -> Self {
        self.config = config.into();
        self
    }

    /// Sets the limits for messages of the client.
    pub fn limits(mut self, incoming: Limits) -> Self {
        Arc::make_mut(&mut self.config).incoming = incoming;
        self
    }

    /// Compresses messages (RFC 7692) if the client offers it.
    #[cfg(feature = "deflate")]
    pub fn deflate(mut self, deflate: Deflate) -> Self {
        Arc::make_mut(&mut self.config).deflate = Some(deflate);
        self
    }

    /// Selects the first of these subprotocols that the client offers; none if it offers none of
    /// them.
    pub fn protocols<P: AsRef<str>>(mut self, supported: impl IntoIterator<Item = P>) -> Self {
        self.upgrade = self.upgrade.protocols(supported);
        self
    }

    /// Sets a callback for a failed upgrade: the client has disconnected, or the response was not sent
    /// within [`Config::handshake_timeout`]. Without a callback the error is ignored.
    pub fn on_failed_upgrade(
        mut self,
        callback: impl FnOnce(HandshakeError) + Send + 'static,
    ) -> Self {
        self.on_failed_upgrade = Some(Box::new(callback));
        self
    }

    /// Accepts the request. Returns the response, to which header fields may be added. The callback
    /// receives the socket in its own task, once the response is sent.
    #[must_use = "the response must be returned"]
    pub fn on_upgrade<C, F>(self, callback: C) -> Response
    where
        C: FnOnce(WebSocket) -> F + Send + 'static,
        F: Future<Output = ()> + Send + 'static,
    {
        let Self { upgrade, config, on_failed_upgrade } = self;
        let upgrade = match upgrade.with_config(config) {
            Ok(upgrade) => upgrade,
            Err(rejection) => return rejection.into_response(),
        };
        let (response, mut socket) = upgrade.accept();
        let guard = socket.take_guard();
        let task = async move {
            match socket.await {
                Ok(socket) => callback(socket).await,
                Err(error) => {
                    if let Some(on_failed_upgrade) = on_failed_upgrade {
                        on_failed_upgrade(error);
                    }
                }
            }
        };
        match guard {
            Some(guard) => tokio::spawn(until_aborted(Box::pin(task), guard)),
            None => tokio::spawn(task),
        };
        response
    }

    /// Rejects the request with this status, such as 401, 403 or 503.
    pub fn reject(self, status: u16) -> UpgradeRejection {
        self.upgrade.reject(status)
    }
}

/// A task that a shutdown waits for, and finally aborts.
async fn until_aborted(mut task: Pin<Box<impl Future<Output = ()>>>, guard: ShutdownGuard) {
    poll_fn(|cx| match guard.poll_aborted(cx) {
        Poll::Ready(()) => Poll::Ready(()),
        Poll::Pending => task.as_mut().poll(cx),
    })
    .await;
}

impl<S: Send + Sync> FromRequestParts<S> for WebSocketUpgrade {
    type Rejection = UpgradeRejection;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, UpgradeRejection> {
        let config = Arc::new(Config::default());
        let upgrade = Upgrade::from_parts(parts, Arc::clone(&config))?;
        Ok(Self { upgrade, config, on_failed_upgrade: None })
    }
}

impl Deref for WebSocketUpgrade {
    type Target = Upgrade;

    fn deref(&self) -> &Upgrade {
        &self.upgrade
    }
}

impl fmt::Debug for WebSocketUpgrade {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebSocketUpgrade")
            .field("upgrade", &self.upgrade)
            .field("config", &self.config)
            .finish_non_exhaustive()
    }
}
