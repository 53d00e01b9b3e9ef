//! A server of HTTP that stays up.

use std::fmt;
use std::pin::Pin;
use std::time::Duration;

use ws_futures::serve::{ServeError, Server};
use ws_futures::{Drained, Shutdown};

use super::http::{Bounds, Http};
use super::service::{IntoService, Service};
use crate::serve::{Listener, Tokio, TokioListener};

/// What browsers and other clients need for a request, and as long as a connection is kept for the
/// next one.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);
/// As [`Config::max_head_size`](ws_futures::Config::max_head_size).
const MAX_HEAD_SIZE: usize = 16 * 1024;

/// Serves HTTP/1.1 and HTTP/2 with a service that may grant WebSockets: axum's `Router`, or another
/// service of `tower`'s, or one of hyper's.
///
/// `axum::serve` and hyper's own connections wait for a request for ever, for as many clients as
/// come; this does not. See [`ServeHttp`] for the bounds, and for the way to shut it down. Awaited it
/// returns after a shutdown, and never otherwise.
///
/// Each request has the address of the peer in its extensions, as [`Peer`](super::Peer).
///
/// ```no_run
/// use axum::{Router, extract::Extension, response::Response, routing::any};
/// use std::net::SocketAddr;
/// use tokio::net::TcpListener;
/// use ws_tokio::upgrade::{Peer, WebSocketUpgrade, serve};
///
/// #[tokio::main]
/// async fn main() -> std::io::Result<()> {
///     let app = Router::new().route("/greet", any(greet));
///     let listener = TcpListener::bind("127.0.0.1:9001").await?;
///     serve(listener, app)
///         .with_graceful_shutdown(async { drop(tokio::signal::ctrl_c().await) })
///         .await;
///     Ok(())
/// }
///
/// async fn greet(
///     Extension(Peer(peer)): Extension<Peer<SocketAddr>>,
///     upgrade: WebSocketUpgrade,
/// ) -> Response {
///     upgrade.on_upgrade(async move |mut socket| {
///         let _ = socket.send(format!("welcome, {peer}")).await;
///     })
/// }
/// ```
pub fn serve<L, S, Kind>(listener: L, service: S) -> ServeHttp<L, S::Service>
where
    L: Listener,
    S: IntoService<Kind>,
{
    ServeHttp {
        server: Server::new(Tokio, TokioListener::new(listener)),
        service: service.into_service(),
        request_timeout: REQUEST_TIMEOUT,
        max_head_size: MAX_HEAD_SIZE,
        max_headers: None,
        max_streams: None,
        http1_only: false,
    }
}

/// A server of HTTP, to be awaited: [`serve`].
///
/// # Bounds
///
/// - From a connection to its first request, including a TLS handshake; and from a response to the
///   next request, on a connection without another one under way:
///   [`request_timeout`](Self::request_timeout). Then the connection is closed. WebSockets have the
///   deadlines of their own configuration instead.
/// - Connections without a request: [`max_handshakes`](Self::max_handshakes).
/// - Connections: [`max_connections`](Self::max_connections); no bound unless it is set.
/// - The head of a request: [`max_head_size`](Self::max_head_size),
///   [`max_headers`](Self::max_headers).
/// - Streams of a connection over HTTP/2: [`max_streams`](Self::max_streams). A client that does not
///   answer a ping within 20 s is dropped; one is sent every 30 s.
///
/// How long a request's body or a response may take is not bounded here.
///
/// When the system accepts no connection, as when the process has no file descriptor left, the server
/// tries again after a pause.
///
/// # Shutdown
///
/// When it is to stop it stops listening, drops connections without a request, lets those with one
/// finish it, and closes WebSockets as [`Shutdown`] describes: each request has the shutdown in its
/// extensions, where [`Upgrade`](super::Upgrade) finds it. What is left after
/// [`shutdown_timeout`](Self::shutdown_timeout) is cut. The result tells how many WebSockets ended in
/// which way.
#[must_use = "it serves when it is awaited"]
pub struct ServeHttp<L: Listener, S> {
    server: Server<Tokio, TokioListener<L>>,
    service: S,
    request_timeout: Duration,
    max_head_size: usize,
    max_headers: Option<usize>,
    max_streams: Option<u32>,
    http1_only: bool,
}

impl<L: Listener, S> ServeHttp<L, S> {
    /// Begins the shutdown when `signal` is ready.
    pub fn with_graceful_shutdown(self, signal: impl Future<Output = ()> + Send + 'static) -> Self {
        Self { server: self.server.with_graceful_shutdown(signal), ..self }
    }

    /// Stops when this shutdown begins, which may be the one of several servers; its connections
    /// and their WebSockets take part in it.
    pub fn shutdown(self, shutdown: &Shutdown) -> Self {
        Self { server: self.server.shutdown(shutdown), ..self }
    }

    /// Sets how long connections may take to end once the shutdown has begun, before they are cut.
    /// 15 s by default.
    pub fn shutdown_timeout(self, timeout: Duration) -> Self {
        Self { server: self.server.shutdown_timeout(timeout), ..self }
    }

    /// Sets how long a client may take for its first request, counted from the connection, and for
    /// further ones, counted from the latest response. 10 s by default.
    pub fn request_timeout(self, timeout: Duration) -> Self {
        Self { request_timeout: timeout, ..self }
    }

    /// Sets the number of connections that have not sent a request; at least 1, and 1024 by default.
    /// Further connections wait in the system's queue.
    pub fn max_handshakes(self, max: usize) -> Self {
        Self { server: self.server.max_handshakes(max), ..self }
    }

    /// Drops connections beyond [`max_handshakes`](Self::max_handshakes) at once, each reported as
    /// [`ServeError::Excess`], where by default they wait in the system's queue: a load balancer then
    /// tries another server.
    pub fn drop_excess_handshakes(self) -> Self {
        Self { server: self.server.drop_excess_handshakes(), ..self }
    }

    /// Sets the number of connections that have sent a request, those that have become WebSockets
    /// included. Requests of further ones are answered with status 503.
    pub fn max_connections(self, max: usize) -> Self {
        Self { server: self.server.max_connections(max), ..self }
    }

    /// Sets the size of a request's head, in bytes: over HTTP/1.1 at least 8 KiB, and status 431
    /// beyond. 16 KiB by default.
    pub fn max_head_size(self, max: usize) -> Self {
        Self { max_head_size: max, ..self }
    }

    /// Sets the number of header fields of a request over HTTP/1.1; status 431 beyond. 100 by default.
    pub fn max_headers(self, max: usize) -> Self {
        Self { max_headers: Some(max), ..self }
    }

    /// Serves HTTP/1.1 alone: connections that begin with the preface of HTTP/2 are closed.
    pub fn http1_only(self) -> Self {
        Self { http1_only: true, ..self }
    }

    /// Sets the number of streams, each a request or a WebSocket, that are open at a time on a
    /// connection over HTTP/2. 200 by default.
    pub fn max_streams(self, max: u32) -> Self {
        Self { max_streams: Some(max), ..self }
    }

    /// Passes what goes wrong to a callback. Feature `tracing` reports the same: errors of accepting
    /// at level WARN, panics at ERROR, errors of connections at DEBUG.
    pub fn on_error(
        self,
        callback: impl Fn(ServeError<L::Address>) + Send + Sync + 'static,
    ) -> Self {
        Self { server: self.server.on_error(callback), ..self }
    }
}

impl<L: Listener, S: Service> IntoFuture for ServeHttp<L, S> {
    type Output = Drained;
    type IntoFuture = Pin<Box<dyn Future<Output = Drained> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        let bounds = Bounds {
            request_timeout: self.request_timeout,
            max_head_size: self.max_head_size,
            max_headers: self.max_headers,
            max_streams: self.max_streams,
        };
        let http = match self.http1_only {
            true => Http::version_1(self.service, bounds),
            false => Http::any_version(self.service, bounds),
        };
        Box::pin(self.server.run(http))
    }
}

impl<L: Listener, S> fmt::Debug for ServeHttp<L, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServeHttp")
            .field("server", &self.server)
            .field("request_timeout", &self.request_timeout)
            .field("max_head_size", &self.max_head_size)
            .finish_non_exhaustive()
    }
}
