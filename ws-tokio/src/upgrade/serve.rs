//! A server of HTTP that stays up.

use std::fmt;
use std::future::poll_fn;
use std::io;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use tokio::time::{Instant, sleep_until, timeout_at};
use ws_futures::serve::{Arrival, ConnectionError, Protocol, ServeError, Server};
use ws_futures::{Drained, Shutdown, ShutdownGuard};

use super::service::{Connection, Due, IntoService, Requests, Service};
use crate::serve::{Listener, Tokio, TokioListener};

/// What browsers and other clients need for a request, and as long as a connection is kept for the
/// next one.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);
/// As [`Config::max_head_size`](ws_futures::Config::max_head_size).
const MAX_HEAD_SIZE: usize = 16 * 1024;
/// hyper reads no less at once.
const MIN_HEAD_SIZE: usize = 8 * 1024;
/// As [`Config::ping_interval`](ws_futures::Config::ping_interval), for HTTP/2.
const PING_INTERVAL: Duration = Duration::from_secs(30);
/// As [`Config::ping_timeout`](ws_futures::Config::ping_timeout), for HTTP/2.
const PING_TIMEOUT: Duration = Duration::from_secs(20);

/// Serves HTTP/1.1 and HTTP/2 with a service that may grant WebSockets: axum's `Router`, or another
/// service of `tower`'s, or one of hyper's.
///
/// `axum::serve` and hyper's own connections wait for a request for ever, for as many clients as
/// come; this does not. See [`Serve`] for the bounds, and for the way to shut it down. Awaited it
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
pub fn serve<L, S, Kind>(listener: L, service: S) -> Serve<L, S::Service>
where
    L: Listener,
    S: IntoService<Kind>,
{
    Serve {
        server: Server::new(Tokio, TokioListener::new(listener)),
        service: service.into_service(),
        request_timeout: REQUEST_TIMEOUT,
        max_head_size: MAX_HEAD_SIZE,
        max_headers: None,
        max_streams: None,
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
pub struct Serve<L: Listener, S> {
    server: Server<Tokio, TokioListener<L>>,
    service: S,
    request_timeout: Duration,
    max_head_size: usize,
    max_headers: Option<usize>,
    max_streams: Option<u32>,
}

impl<L: Listener, S> Serve<L, S> {
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

impl<L: Listener, S: Service> IntoFuture for Serve<L, S> {
    type Output = Drained;
    type IntoFuture = Pin<Box<dyn Future<Output = Drained> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        let mut builder = Builder::new(TokioExecutor::new());
        let mut http1 = builder.http1();
        // The deadline of this server covers it, from the first byte on.
        http1.header_read_timeout(None).max_buf_size(self.max_head_size.max(MIN_HEAD_SIZE));
        if let Some(max) = self.max_headers {
            http1.max_headers(max);
        }
        let mut http2 = builder.http2();
        http2
            .enable_connect_protocol()
            .max_header_list_size(u32::try_from(self.max_head_size).unwrap_or(u32::MAX))
            .timer(hyper_util::rt::TokioTimer::new())
            .keep_alive_interval(PING_INTERVAL)
            .keep_alive_timeout(PING_TIMEOUT);
        if let Some(max) = self.max_streams {
            http2.max_concurrent_streams(max);
        }
        let http = Http {
            service: Arc::new(self.service),
            builder,
            request_timeout: self.request_timeout,
        };
        Box::pin(self.server.run(http))
    }
}

struct Http<S> {
    service: Arc<S>,
    builder: Builder<TokioExecutor>,
    request_timeout: Duration,
}

impl<L: Listener, S: Service> Protocol<TokioListener<L>> for Http<S> {
    async fn serve(
        self: Arc<Self>,
        arrival: Arrival<TokioListener<L>>,
    ) -> Result<(), ConnectionError> {
        let Arrival { opening, peer, handshake, connections, guard, .. } = arrival;
        let deadline = Instant::now() + self.request_timeout;
        let has_begun = |cx: &mut Context<'_>| {
            guard.as_ref().is_some_and(|guard| guard.poll_begun(cx).is_ready())
        };
        let mut opening = pin!(timeout_at(deadline, opening));
        let opened = poll_fn(|cx| match opening.as_mut().poll(cx) {
            Poll::Pending if has_begun(cx) => Poll::Ready(None),
            opened => opened.map(Some),
        });
        let stream = match opened.await {
            None => return Ok(()),
            Some(Ok(opened)) => opened.map_err(ConnectionError::Open)?,
            Some(Err(_elapsed)) => {
                return Err(ConnectionError::Open(io::ErrorKind::TimedOut.into()));
            }
        };

        let connection = Arc::new(Connection::new(handshake, connections));
        let requests = Requests {
            service: Arc::clone(&self.service),
            connection: Arc::clone(&connection),
            shutdown: guard.as_ref().map(ShutdownGuard::shutdown),
            peer,
        };
        let io = TokioIo::new(stream.into_inner());
        let mut serving = pin!(self.builder.serve_connection_with_upgrades(io, requests));
        let mut alarm = pin!(sleep_until(deadline));
        let mut ending = false;
        poll_fn(|cx| {
            loop {
                if let Poll::Ready(served) = serving.as_mut().poll(cx) {
                    return Poll::Ready(served.map_err(ConnectionError::Http));
                }
                if !ending && has_begun(cx) {
                    if !connection.has_request() {
                        return Poll::Ready(Ok(()));
                    }
                    ending = true;
                    serving.as_mut().graceful_shutdown();
                    continue;
                }
                if alarm.as_mut().poll(cx).is_pending() {
                    return Poll::Pending;
                }
                let now = Instant::now();
                match connection.due(now, self.request_timeout) {
                    Due::Later(deadline) => alarm.as_mut().reset(deadline),
                    Due::NoRequest => return Poll::Ready(Err(no_request())),
                    // It did not end when it was asked to.
                    Due::Idle if ending => return Poll::Ready(Ok(())),
                    Due::Idle => {
                        ending = true;
                        serving.as_mut().graceful_shutdown();
                        alarm.as_mut().reset(now + self.request_timeout);
                    }
                }
            }
        })
        .await
    }
}

fn no_request() -> ConnectionError {
    ConnectionError::Http(io::Error::new(io::ErrorKind::TimedOut, "no request in time").into())
}

impl<L: Listener, S> fmt::Debug for Serve<L, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Serve")
            .field("server", &self.server)
            .field("request_timeout", &self.request_timeout)
            .field("max_head_size", &self.max_head_size)
            .finish_non_exhaustive()
    }
}
