//! Robust servers: [`serve()`], [`serve_incoming()`].

use std::fmt::Debug;
use std::future::{Ready, ready};
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use async_std::net::TcpListener;
use async_std::task;
use futures_io::{AsyncRead, AsyncWrite};
use ws_futures::Config;
use ws_futures::serve::Runtime;
pub use ws_futures::serve::{BoxError, ConnectionError, Requests, ServeError, Sockets};

use crate::{AsyncStdStream, AsyncStdTimer, Incoming, WebSocket};

/// A server to be awaited; [`ws_futures::serve::Serve`] has its settings.
pub type Serve<L, H> = ws_futures::serve::Serve<AsyncStd, AsyncStdListener<L>, H>;

/// Serves WebSockets: accepts any valid request, without a subprotocol, and runs the handler in its own
/// task for each connection.
///
/// Errors of clients and of the system do not stop it. [`Serve`](ws_futures::serve::Serve) describes the
/// bounds and the shutdown; the future completes only after a shutdown.
///
/// ```no_run
/// use async_std::net::TcpListener;
/// use ws_async_std::{Config, Error, Shutdown, WebSocket, serve};
///
/// # async fn example(shutdown: Shutdown) -> std::io::Result<()> {
/// let listener = TcpListener::bind("127.0.0.1:9001").await?;
/// // It returns some time after a call of `shutdown.begin()`.
/// let ended = serve(listener, Config::default(), echo)
///     .shutdown(&shutdown)
///     .on_error(|error| eprintln!("{error}"))
///     .await;
/// println!("{} connections closed cleanly, {} did not", ended.clean, ended.cut);
/// # Ok(())
/// # }
///
/// async fn echo(mut socket: WebSocket) -> Result<(), Error> {
///     while let Some(message) = socket.recv().await? {
///         if message.is_data() {
///             socket.feed(message).await?;
///         }
///     }
///     Ok(())
/// }
/// ```
pub fn serve<L, F, Fut, E>(
    listener: L,
    config: impl Into<Arc<Config>>,
    handler: F,
) -> Serve<L, Sockets<F>>
where
    L: Listener,
    F: Fn(WebSocket<L::Stream>) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<(), E>> + Send,
    E: Into<BoxError>,
{
    Serve::sockets(AsyncStd, AsyncStdListener(listener), config, handler)
}

/// Like [`serve()`], with a handler that receives the request and the peer's address, and accepts or
/// rejects: for authentication, subprotocols, header fields.
///
/// A client counts towards [`max_handshakes`](ws_futures::serve::Serve::max_handshakes) until it is
/// answered; the handler bounds the time for that.
pub fn serve_incoming<L, F, Fut, E>(
    listener: L,
    config: impl Into<Arc<Config>>,
    handler: F,
) -> Serve<L, Requests<F>>
where
    L: Listener,
    F: Fn(Incoming<L::Stream>, L::Address) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<(), E>> + Send,
    E: Into<BoxError>,
{
    Serve::requests(AsyncStd, AsyncStdListener(listener), config, handler)
}

/// A source of connections: a [`TcpListener`], whose connections send small segments at once
/// (`TCP_NODELAY`), or a custom one. The example `async_std_tls_echo` has one with TLS.
pub trait Listener: Send + 'static {
    /// A connection.
    type Stream: AsyncRead + AsyncWrite + Unpin + Send + 'static;
    /// The address of a peer.
    type Address: Clone + Debug + Send + Sync + 'static;
    /// The step that makes a connection ready, run in its own task, such as a TLS handshake.
    type Opening: Future<Output = io::Result<Self::Stream>> + Send + 'static;

    /// Waits for the next connection.
    ///
    /// # Errors
    ///
    /// No connection could be accepted. A server calls this again; after a pause, unless the error
    /// affects a single connection.
    ///
    /// # Cancel safety
    ///
    /// Implementations must be cancel safe: if the future is dropped before it is ready, nothing has been accepted.
    fn accept(&mut self)
    -> impl Future<Output = io::Result<(Self::Opening, Self::Address)>> + Send;
}

impl Listener for TcpListener {
    type Stream = AsyncStdStream;
    type Address = SocketAddr;
    type Opening = Ready<io::Result<AsyncStdStream>>;

    async fn accept(&mut self) -> io::Result<(Self::Opening, SocketAddr)> {
        let (stream, peer) = Self::accept(self).await?;
        // Fails if the peer has reset the connection.
        let _ = stream.set_nodelay(true);
        Ok((ready(Ok(stream.into())), peer))
    }
}

/// The tasks and timers of async-std, for [`ws_futures::serve`].
#[derive(Clone, Copy, Debug, Default)]
pub struct AsyncStd;

impl Runtime for AsyncStd {
    type Timer = AsyncStdTimer;

    fn timer(&self) -> AsyncStdTimer {
        AsyncStdTimer::default()
    }

    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        task::spawn(task);
    }
}

/// A [`Listener`] for [`ws_futures::serve`].
#[derive(Debug)]
pub struct AsyncStdListener<L>(L);

impl<L: Listener> ws_futures::serve::Listener for AsyncStdListener<L> {
    type Stream = L::Stream;
    type Address = L::Address;
    type Opening = L::Opening;

    async fn accept(&mut self) -> io::Result<(L::Opening, L::Address)> {
        self.0.accept().await
    }
}
