//! Serving WebSockets.

use std::fmt;
use std::future::poll_fn;
use std::io;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use futures_io::{AsyncRead, AsyncWrite};
use pin_project_lite::pin_project;
use ws_proto::Config;

use super::server::{Arrival, Protocol, Server};
use super::{BoxError, ConnectionError, Listener, Runtime, ServeError};
use crate::accept::{Incoming, Serving};
use crate::error::HandshakeError;
use crate::shutdown::{Drained, Shutdown};
use crate::timer::Timer;
use crate::web_socket::WebSocket;

/// A server of WebSockets, to be awaited: see the `serve` of `ws-tokio` or `ws-async-std`.
///
/// Each connection has a task of its own, in which the application's handler runs. An error or a
/// panic there concerns that connection alone.
///
/// # Bounds
///
/// - From a connection to its request, including a TLS handshake:
///   [`Config::handshake_timeout`](ws_proto::Config::handshake_timeout).
/// - Connections without a request: [`max_handshakes`](Self::max_handshakes).
/// - Connections: [`max_connections`](Self::max_connections); no bound unless it is set.
/// - The limits and deadlines of [`Config`].
///
/// When the system accepts no connection, as when the process has no file descriptor left, the server
/// tries again after a pause.
///
/// # Shutdown
///
/// It serves until it is to stop ([`with_graceful_shutdown`](Self::with_graceful_shutdown),
/// [`shutdown`](Self::shutdown)). Then it stops listening, drops connections without a request, and
/// closes the others as [`Shutdown`] describes. Those that are left after
/// [`shutdown_timeout`](Self::shutdown_timeout) are cut: their tasks are dropped. The result tells how
/// many ended in which way.
///
/// Dropped before, it stops listening and leaves its connections alone.
#[must_use = "it serves when it is awaited"]
pub struct Serve<R, L: Listener, H> {
    server: Server<R, L>,
    config: Arc<Config>,
    handler: H,
}

/// What an application does with a connection; [`Sockets`] or [`Requests`].
pub trait Handler<Io, T, A>: Send + Sync + 'static {
    /// What it is given.
    type Client: Send;

    /// Makes that of a request.
    fn admit(
        incoming: Incoming<Io, T>,
    ) -> impl Future<Output = Result<Self::Client, HandshakeError>> + Send;

    /// Serves a client.
    fn handle(
        &self,
        client: Self::Client,
        peer: A,
    ) -> impl Future<Output = Result<(), ConnectionError>> + Send;
}

/// A handler of open WebSockets.
#[derive(Clone, Copy, Debug)]
pub struct Sockets<F>(F);

/// A handler of requests, which it accepts or rejects.
#[derive(Clone, Copy, Debug)]
pub struct Requests<F>(F);

impl<R: Runtime, L: Listener, F> Serve<R, L, Sockets<F>> {
    /// Serves with a handler for each WebSocket.
    pub fn sockets(runtime: R, listener: L, config: impl Into<Arc<Config>>, handler: F) -> Self
    where
        Sockets<F>: Handler<L::Stream, R::Timer, L::Address>,
    {
        let server = Server::new(runtime, listener);
        Self { server, config: config.into(), handler: Sockets(handler) }
    }
}

impl<R: Runtime, L: Listener, F> Serve<R, L, Requests<F>> {
    /// Serves with a handler for each request.
    pub fn requests(runtime: R, listener: L, config: impl Into<Arc<Config>>, handler: F) -> Self
    where
        Requests<F>: Handler<L::Stream, R::Timer, L::Address>,
    {
        let server = Server::new(runtime, listener);
        Self { server, config: config.into(), handler: Requests(handler) }
    }
}

impl<R: Runtime, L: Listener, H> Serve<R, L, H> {
    /// Begins the shutdown when `signal` is ready.
    pub fn with_graceful_shutdown(self, signal: impl Future<Output = ()> + Send + 'static) -> Self {
        Self { server: self.server.with_graceful_shutdown(signal), ..self }
    }

    /// Stops when this shutdown begins, which may be the one of several servers; its connections
    /// take part in it.
    pub fn shutdown(self, shutdown: &Shutdown) -> Self {
        Self { server: self.server.shutdown(shutdown), ..self }
    }

    /// Sets how long connections may take to end once the shutdown has begun, before they are cut.
    /// 15 s by default.
    pub fn shutdown_timeout(self, timeout: Duration) -> Self {
        Self { server: self.server.shutdown_timeout(timeout), ..self }
    }

    /// Sets the number of connections whose request has not been answered; at least 1, and 1024 by
    /// default. Further connections wait in the system's queue.
    pub fn max_handshakes(self, max: usize) -> Self {
        Self { server: self.server.max_handshakes(max), ..self }
    }

    /// Drops connections beyond [`max_handshakes`](Self::max_handshakes) at once, each reported as
    /// [`ServeError::Excess`], where by default they wait in the system's queue: a load balancer then
    /// tries another server.
    pub fn drop_excess_handshakes(self) -> Self {
        Self { server: self.server.drop_excess_handshakes(), ..self }
    }

    /// Sets the number of connections for which the handler runs. Requests beyond it are answered
    /// with status 503.
    pub fn max_connections(self, max: usize) -> Self {
        Self { server: self.server.max_connections(max), ..self }
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

impl<R, L, H> IntoFuture for Serve<R, L, H>
where
    R: Runtime + Clone,
    L: Listener<Stream: AsyncRead + AsyncWrite + Unpin>,
    H: Handler<L::Stream, R::Timer, L::Address>,
{
    type Output = Drained;
    type IntoFuture = Pin<Box<dyn Future<Output = Drained> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        let Self { server, config, handler } = self;
        let runtime = server.runtime().clone();
        Box::pin(server.run(WebSockets { runtime, config, handler }))
    }
}

struct WebSockets<R, H> {
    runtime: R,
    config: Arc<Config>,
    handler: H,
}

impl<R, L, H> Protocol<L> for WebSockets<R, H>
where
    R: Runtime,
    L: Listener<Stream: AsyncRead + AsyncWrite + Unpin>,
    H: Handler<L::Stream, R::Timer, L::Address>,
{
    fn serve(
        self: Arc<Self>,
        arrival: Arrival<L>,
    ) -> impl Future<Output = Result<(), ConnectionError>> + Send + 'static {
        let Arrival { opening, peer, handshake, connections, guard } = arrival;
        let serving = Serving { handshake, guard };
        let (timer, config) = (self.runtime.timer(), Arc::clone(&self.config));
        // Boxed: a task that lives long should not stay as large as its first moments.
        let admitting = Box::pin(async move {
            let Some(incoming) = request(opening, timer, config, serving).await? else {
                return Ok(None);
            };
            let permit = match connections {
                None => None,
                Some(connections) => match connections.try_take() {
                    Some(permit) => Some(permit),
                    None => {
                        incoming.reject(503, Ok).await?;
                        return Ok(None);
                    }
                },
            };
            Ok::<_, ConnectionError>(Some((H::admit(incoming).await?, peer, permit)))
        });
        async move {
            let Some((client, peer, permit)) = admitting.await? else { return Ok(()) };
            let served = self.handler.handle(client, peer).await;
            drop(permit);
            served
        }
    }
}

/// Reads a request in time; `None`: the server shuts down.
async fn request<S, T>(
    opening: impl Future<Output = io::Result<S>>,
    mut timer: T,
    config: Arc<Config>,
    serving: Serving,
) -> Result<Option<Incoming<S, T>>, ConnectionError>
where
    S: AsyncRead + AsyncWrite + Unpin,
    T: Timer,
{
    let guard = serving.guard.clone();
    let reading = async {
        let begin = timer.now();
        let mut opening = pin!(opening);
        let opened = poll_fn(|cx| match opening.as_mut().poll(cx) {
            Poll::Pending => match config.handshake_timeout {
                Some(timeout) => timer
                    .poll_until(begin + timeout, cx)
                    .map(|()| Err(io::ErrorKind::TimedOut.into())),
                None => Poll::Pending,
            },
            opened => opened,
        });
        let stream = opened.await.map_err(ConnectionError::Open)?;
        Ok(Incoming::read_served(stream, timer, config, begin, serving).await?)
    };
    let mut reading = pin!(reading);
    poll_fn(|cx| match reading.as_mut().poll(cx) {
        Poll::Pending => match &guard {
            Some(guard) => guard.poll_begun(cx).map(|()| Ok(None)),
            None => Poll::Pending,
        },
        read => read.map(|read| read.map(Some)),
    })
    .await
}

impl<F, Fut, E, Io, T, A> Handler<Io, T, A> for Sockets<F>
where
    F: Fn(WebSocket<Io, T>) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<(), E>> + Send,
    E: Into<BoxError>,
    Io: AsyncRead + AsyncWrite + Unpin + Send,
    T: Timer + Send,
    A: Send,
{
    type Client = WebSocket<Io, T>;

    fn admit(
        incoming: Incoming<Io, T>,
    ) -> impl Future<Output = Result<Self::Client, HandshakeError>> + Send {
        incoming.accept()
    }

    fn handle(
        &self,
        socket: WebSocket<Io, T>,
        _peer: A,
    ) -> impl Future<Output = Result<(), ConnectionError>> + Send {
        Handled { handler: (self.0)(socket) }
    }
}

impl<F, Fut, E, Io, T, A> Handler<Io, T, A> for Requests<F>
where
    F: Fn(Incoming<Io, T>, A) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<(), E>> + Send,
    E: Into<BoxError>,
    Io: AsyncRead + AsyncWrite + Unpin + Send,
    T: Timer + Send,
    A: Send,
{
    type Client = Incoming<Io, T>;

    async fn admit(incoming: Incoming<Io, T>) -> Result<Self::Client, HandshakeError> {
        Ok(incoming)
    }

    fn handle(
        &self,
        incoming: Incoming<Io, T>,
        peer: A,
    ) -> impl Future<Output = Result<(), ConnectionError>> + Send {
        Handled { handler: (self.0)(incoming, peer) }
    }
}

pin_project! {
    /// What a task holds for good: the handler's future, and not what it was called with.
    struct Handled<F> {
        #[pin]
        handler: F,
    }
}

impl<F, E> Future for Handled<F>
where
    F: Future<Output = Result<(), E>>,
    E: Into<BoxError>,
{
    type Output = Result<(), ConnectionError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let handled = ready!(self.project().handler.poll(cx));
        Poll::Ready(handled.map_err(|error| ConnectionError::Handler(error.into())))
    }
}

impl<R: fmt::Debug, L: Listener, H> fmt::Debug for Serve<R, L, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Serve")
            .field("server", &self.server)
            .field("config", &self.config)
            .finish_non_exhaustive()
    }
}
