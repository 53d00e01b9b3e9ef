//! Robust servers: [`serve()`], [`serve_incoming()`]; and [`Server`], which serves any
//! [`Protocol`].

mod any;
mod listeners;

use std::fmt::Debug;
use std::future::{Ready, ready};
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use ws_futures::Config;
use ws_futures::serve::Runtime;
pub use ws_futures::serve::{
    Arrival, BoxError, ConnectionError, Permit, Permits, Protocol, Requests, ServeError, Server,
    Sockets,
};

use crate::{Incoming, TokioStream, TokioTimer, WebSocket};
pub use any::{AnyAddress, AnyListener, AnyStream};
pub use listeners::Listeners;

/// A server to be awaited; [`ws_futures::serve::Serve`] has its settings.
pub type Serve<L, H> = ws_futures::serve::Serve<Tokio, TokioListener<L>, H>;

/// Serves WebSockets: accepts any valid request, without a subprotocol, and runs the handler in its own
/// task for each connection.
///
/// Errors of clients and of the system do not stop it. [`Serve`](ws_futures::serve::Serve) describes the
/// bounds and the shutdown; the future completes only after a shutdown.
///
/// ```no_run
/// use tokio::net::{TcpListener, TcpStream};
/// use ws_tokio::{Config, Error, WebSocket, serve};
///
/// #[tokio::main]
/// async fn main() -> std::io::Result<()> {
///     let listener = TcpListener::bind("127.0.0.1:9001").await?;
///     let ended = serve(listener, Config::default(), echo)
///         .with_graceful_shutdown(async { drop(tokio::signal::ctrl_c().await) })
///         .on_error(|error| eprintln!("{error}"))
///         .await;
///     println!("{} connections closed cleanly, {} did not", ended.clean, ended.cut);
///     Ok(())
/// }
///
/// async fn echo(mut socket: WebSocket<TcpStream>) -> Result<(), Error> {
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
    Serve::sockets(Tokio, TokioListener::new(listener), config, handler)
}

/// Like [`serve()`], with a handler that receives the request and the peer's address, and accepts or
/// rejects: for authentication, subprotocols, header fields.
///
/// A client counts towards [`max_handshakes`](ws_futures::serve::Serve::max_handshakes) until it is
/// answered; the handler bounds the time for that.
///
/// ```no_run
/// use std::net::SocketAddr;
///
/// use tokio::net::{TcpListener, TcpStream};
/// use ws_tokio::{Config, Incoming, serve_incoming};
///
/// type BoxError = Box<dyn std::error::Error + Send + Sync>;
///
/// #[tokio::main]
/// async fn main() -> std::io::Result<()> {
///     let listener = TcpListener::bind("127.0.0.1:9001").await?;
///     serve_incoming(listener, Config::default(), client).await;
///     Ok(())
/// }
///
/// async fn client(incoming: Incoming<TcpStream>, peer: SocketAddr) -> Result<(), BoxError> {
///     let token = incoming.request().ok().and_then(|request| request.header("authorization"));
///     let Some(user) = user_of(token).await else {
///         let challenge = |answer: ws_tokio::server::Rejection| {
///             answer.body("who are you?\n").header("WWW-Authenticate", "Bearer")
///         };
///         return Ok(incoming.reject(401, challenge).await?);
///     };
///     let mut socket = incoming.accept_with(|answer| answer.header("X-User", &user)).await?;
///     socket.send(format!("hello {user} at {peer}")).await?;
///     while let Some(message) = socket.recv().await? {
///         println!("{user}: {message:?}");
///     }
///     Ok(())
/// }
/// # async fn user_of(token: Option<&str>) -> Option<String> { token.map(Into::into) }
/// ```
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
    Serve::requests(Tokio, TokioListener::new(listener), config, handler)
}

/// A source of connections: a [`TcpListener`], whose connections send small segments at once
/// (`TCP_NODELAY`), a [`UnixListener`](tokio::net::UnixListener), or a
/// [`TlsListener`](crate::TlsListener) over either; [`Listeners`] for several, and [`AnyListener`] for
/// those of different kinds.
pub trait Listener: Send + 'static {
    /// A connection.
    type Stream: AsyncRead + AsyncWrite + Unpin + Send + 'static;
    /// The address of a peer.
    type Address: Clone + Debug + Send + Sync + 'static;
    /// The step that makes a connection ready, run in its own task, such as a TLS handshake.
    type Opening: Future<Output = io::Result<Self::Stream>> + Unpin + Send + 'static;

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
    type Stream = TcpStream;
    type Address = SocketAddr;
    type Opening = Ready<io::Result<TcpStream>>;

    async fn accept(&mut self) -> io::Result<(Self::Opening, SocketAddr)> {
        let (stream, peer) = Self::accept(self).await?;
        // Fails if the peer has reset the connection.
        let _ = stream.set_nodelay(true);
        Ok((ready(Ok(stream)), peer))
    }
}

#[cfg(unix)]
impl Listener for tokio::net::UnixListener {
    type Stream = tokio::net::UnixStream;
    type Address = std::os::unix::net::SocketAddr;
    type Opening = Ready<io::Result<tokio::net::UnixStream>>;

    async fn accept(&mut self) -> io::Result<(Self::Opening, Self::Address)> {
        let (stream, peer) = Self::accept(self).await?;
        Ok((ready(Ok(stream)), peer.into()))
    }
}

/// The tasks and timers of Tokio, for [`ws_futures::serve`].
#[derive(Clone, Copy, Debug, Default)]
pub struct Tokio;

impl Runtime for Tokio {
    type Timer = TokioTimer;

    fn timer(&self) -> TokioTimer {
        TokioTimer::default()
    }

    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        tokio::spawn(task);
    }
}

/// A [`Listener`] for [`ws_futures::serve`].
#[derive(Debug)]
pub struct TokioListener<L>(L);

impl<L> TokioListener<L> {
    /// Wraps a listener.
    pub fn new(listener: L) -> Self {
        Self(listener)
    }
}

impl<L: Listener> ws_futures::serve::Listener for TokioListener<L> {
    type Stream = TokioStream<L::Stream>;
    type Address = L::Address;
    type Opening = Opening<L::Opening>;

    async fn accept(&mut self) -> io::Result<(Self::Opening, L::Address)> {
        let (opening, peer) = self.0.accept().await?;
        Ok((Opening(opening), peer))
    }
}

/// A future of the stream of a connection.
#[derive(Debug)]
#[must_use = "futures do nothing unless polled"]
pub struct Opening<F>(F);

impl<S, F: Future<Output = io::Result<S>> + Unpin> Future for Opening<F> {
    type Output = io::Result<TokioStream<S>>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.0).poll(cx).map(|opened| opened.map(TokioStream::new))
    }
}
