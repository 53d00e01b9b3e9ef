//! A robust HTTP server.

use std::fmt;
use std::pin::Pin;
use std::time::Duration;

use ws_futures::serve::{ServeError, Server};
use ws_futures::{Drained, Shutdown};

use super::http::{Bounds, Http};
use super::service::{IntoService, Service};
use crate::serve::{Listener, Tokio, TokioListener};

/// Enough time for browsers and other clients to send a request, and the idle timeout of a connection.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);
/// The default of [`Config::max_head_size`](ws_futures::Config::max_head_size).
const MAX_HEAD_SIZE: usize = 16 * 1024;

/// Serves HTTP/1.1 and HTTP/2 with a service that may accept WebSockets: an axum `Router`, another
/// `tower` service, or a hyper service.
///
/// `axum::serve` and hyper's connections wait for a request without a deadline, and accept any number of
/// clients; this server has bounds for both. [`ServeHttp`] describes the bounds and the shutdown; the future
/// completes only after a shutdown.
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

/// An HTTP server, to be awaited: [`serve`].
///
/// # Bounds
///
/// - The time from a connection to its first request, including a TLS handshake; and from a response to the
///   next request, on a connection without another request in progress:
///   [`request_timeout`](Self::request_timeout). The connection is then closed. WebSockets have the
///   deadlines of their own configuration instead.
/// - Connections without a request: [`max_handshakes`](Self::max_handshakes).
/// - Connections: [`max_connections`](Self::max_connections); unlimited unless it is set.
/// - The head of a request: [`max_head_size`](Self::max_head_size),
///   [`max_headers`](Self::max_headers).
/// - Streams of a connection over HTTP/2: [`max_streams`](Self::max_streams). A client that does not
///   answer a ping within 20 s is dropped; one is sent every 30 s.
///
/// The time for a request's body or a response is not bounded here.
///
/// If the system accepts no connection, for example because the process has no file descriptor left, the server
/// tries again after a pause.
///
/// # Shutdown
///
/// At shutdown it stops listening, drops connections without a request, lets requests in progress
/// finish, and closes WebSockets as [`Shutdown`] describes: each request has the shutdown in its
/// extensions, where [`Upgrade`](super::Upgrade) finds it. Connections that remain after
/// [`shutdown_timeout`](Self::shutdown_timeout) are aborted. The result has the numbers of WebSockets by the
/// way they ended.
#[must_use = "the server runs only while it is awaited"]
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

    /// Stops when this shutdown begins, which several servers may share; the connections
    /// and their WebSockets are registered with it.
    pub fn shutdown(self, shutdown: &Shutdown) -> Self {
        Self { server: self.server.shutdown(shutdown), ..self }
    }

    /// Sets how long connections may take to end once the shutdown has begun, before they are aborted.
    /// 15 s by default.
    pub fn shutdown_timeout(self, timeout: Duration) -> Self {
        Self { server: self.server.shutdown_timeout(timeout), ..self }
    }

    /// Sets how long a client may take for its first request, counted from the connection, and for
    /// further ones, counted from the latest response. 10 s by default.
    pub fn request_timeout(self, timeout: Duration) -> Self {
        Self { request_timeout: timeout, ..self }
    }

    /// Sets the maximum number of connections that have not sent a request; at least 1, 1024 by default.
    /// Further connections wait in the system's accept queue.
    pub fn max_handshakes(self, max: usize) -> Self {
        Self { server: self.server.max_handshakes(max), ..self }
    }

    /// Drops connections beyond [`max_handshakes`](Self::max_handshakes) at once, each reported as
    /// [`ServeError::Excess`]. By default they wait in the system's accept queue. A load balancer can then
    /// try another server.
    pub fn drop_excess_handshakes(self) -> Self {
        Self { server: self.server.drop_excess_handshakes(), ..self }
    }

    /// Sets the maximum number of connections that have sent a request, including those that have become
    /// WebSockets. Requests on further connections are answered with status 503.
    pub fn max_connections(self, max: usize) -> Self {
        Self { server: self.server.max_connections(max), ..self }
    }

    /// Sets the maximum size of a request's head, in bytes: over HTTP/1.1 at least 8 KiB, and status 431
    /// beyond. 16 KiB by default.
    pub fn max_head_size(self, max: usize) -> Self {
        Self { max_head_size: max, ..self }
    }

    /// Sets the maximum number of header fields of a request over HTTP/1.1; status 431 beyond. 100 by default.
    pub fn max_headers(self, max: usize) -> Self {
        Self { max_headers: Some(max), ..self }
    }

    /// Serves only HTTP/1.1: connections that begin with the HTTP/2 preface are closed.
    pub fn http1_only(self) -> Self {
        Self { http1_only: true, ..self }
    }

    /// Sets the maximum number of streams, each a request or a WebSocket, that are open at a time on a
    /// connection over HTTP/2. 200 by default.
    pub fn max_streams(self, max: u32) -> Self {
        Self { max_streams: Some(max), ..self }
    }

    /// Sets a callback for errors. Feature `tracing` logs the same errors: those of accepting
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
