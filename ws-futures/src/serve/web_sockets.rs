//! The WebSocket server.

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

/// A WebSocket server, to be awaited: see the `serve` functions of `ws-tokio` and `ws-async-std`.
///
/// Each connection has its own task, in which the application's handler runs. An error or a
/// panic there affects only that connection.
///
/// # Bounds
///
/// - The time from a connection to its request, including a TLS handshake:
///   [`Config::handshake_timeout`](ws_proto::Config::handshake_timeout).
/// - Connections without a request: [`max_handshakes`](Self::max_handshakes).
/// - Connections: [`max_connections`](Self::max_connections); unlimited unless it is set.
/// - The limits and deadlines of [`Config`].
///
/// If the system accepts no connection, for example because the process has no file descriptor left, the server
/// tries again after a pause.
///
/// # Shutdown
///
/// The server runs until a shutdown begins ([`with_graceful_shutdown`](Self::with_graceful_shutdown),
/// [`shutdown`](Self::shutdown)). It then stops listening, drops connections without a request, and
/// closes the others as [`Shutdown`] describes. Those that remain after
/// [`shutdown_timeout`](Self::shutdown_timeout) are aborted: their tasks are dropped. The result has the
/// numbers of connections by the way they ended.
///
/// Dropping it earlier stops listening and does not affect its connections.
#[must_use = "the server runs only while it is awaited"]
pub struct Serve<R, L: Listener, H> {
    server: Server<R, L>,
    config: Arc<Config>,
    handler: H,
}

/// The application's handler of connections: [`Sockets`] or [`Requests`].
pub trait Handler<Io, T, A>: Send + Sync + 'static {
    /// The argument of the handler.
    type Client: Send;

    /// Creates the argument from a request.
    fn admit(
        incoming: Incoming<Io, T>,
    ) -> impl Future<Output = Result<Self::Client, HandshakeError>> + Send;

    /// Serves one connection.
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

    /// Stops when this shutdown begins, which several servers may share; the connections are registered
    /// with it.
    pub fn shutdown(self, shutdown: &Shutdown) -> Self {
        Self { server: self.server.shutdown(shutdown), ..self }
    }

    /// Sets how long connections may take to end once the shutdown has begun, before they are aborted.
    /// 15 s by default.
    pub fn shutdown_timeout(self, timeout: Duration) -> Self {
        Self { server: self.server.shutdown_timeout(timeout), ..self }
    }

    /// Sets the maximum number of connections whose request has not been answered; at least 1, 1024 by
    /// default. Further connections wait in the system's accept queue.
    pub fn max_handshakes(self, max: usize) -> Self {
        Self { server: self.server.max_handshakes(max), ..self }
    }

    /// Drops connections beyond [`max_handshakes`](Self::max_handshakes) at once, each reported as
    /// [`ServeError::Excess`]. By default they wait in the system's accept queue. A load balancer can then
    /// try another server.
    pub fn drop_excess_handshakes(self) -> Self {
        Self { server: self.server.drop_excess_handshakes(), ..self }
    }

    /// Sets the maximum number of connections for which the handler runs. Further requests are answered
    /// with status 503.
    pub fn max_connections(self, max: usize) -> Self {
        Self { server: self.server.max_connections(max), ..self }
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
        // Boxed, so that a long-lived task does not stay as large as its handshake.
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

/// Reads a request within the deadline; `None`: the server shuts down.
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
    /// The permanent state of a task: the handler's future without its arguments.
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
