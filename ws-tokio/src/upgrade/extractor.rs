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

/// A request for a WebSocket, as an axum handler takes it (feature `axum`).
///
/// Over HTTP/1.1 a WebSocket is asked for with GET, over HTTP/2 with CONNECT: route both with
/// `axum::routing::any`. What is no valid request is answered by the [`UpgradeRejection`]; an endpoint that
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
#[must_use = "the client waits for an answer: `on_upgrade` gives it"]
pub struct WebSocketUpgrade {
    upgrade: Upgrade,
    config: Arc<Config>,
    on_failed_upgrade: Option<OnFailedUpgrade>,
}

type OnFailedUpgrade = Box<dyn FnOnce(HandshakeError) + Send>;

impl WebSocketUpgrade {
    /// Sets the whole configuration: limits, deadlines, compression.
    pub fn config(mut self, config: impl Into<Arc<Config>>) -> Self {
        self.config = config.into();
        self
    }

    /// Sets the limits for what the client sends.
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

    /// Chooses the first of these subprotocols that the client offers; none if it offers none of
    /// them.
    pub fn protocols<P: AsRef<str>>(mut self, supported: impl IntoIterator<Item = P>) -> Self {
        self.upgrade = self.upgrade.protocols(supported);
        self
    }

    /// Has a callback told why there will be no socket after all: the client has gone, or the
    /// response was not sent within [`Config::handshake_timeout`]. Without one nobody hears of it.
    pub fn on_failed_upgrade(
        mut self,
        callback: impl FnOnce(HandshakeError) + Send + 'static,
    ) -> Self {
        self.on_failed_upgrade = Some(Box::new(callback));
        self
    }

    /// Grants the request: the response to return, to which header fields may be added. The callback
    /// gets the socket in a task of its own, once the response is sent.
    #[must_use = "it is the answer"]
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

    /// Refuses with this status, such as 401, 403 or 503.
    pub fn reject(self, status: u16) -> UpgradeRejection {
        self.upgrade.reject(status)
    }
}

/// A task that a shutdown waits for, and cuts in the end.
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
