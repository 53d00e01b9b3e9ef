use std::io;
use std::net::{SocketAddr, TcpListener};

use futures_channel::oneshot;
use futures_io::{AsyncRead, AsyncWrite};
use ws_futures::Timer;

/// What a test needs of a runtime.
pub trait Runtime: 'static {
    /// A TCP stream.
    type Stream: AsyncRead + AsyncWrite + Unpin + Send + Sync + 'static;
    /// A listener for TCP connections.
    type Listener: Send + Sync + 'static;
    /// The timer of a connection.
    type Timer: Timer + Unpin + Send + 'static;

    /// Runs a future on this runtime, to its end.
    fn block_on<T>(future: impl Future<Output = T>) -> T;

    /// Runs a future concurrently with the caller.
    fn spawn(future: impl Future<Output = ()> + Send + 'static);

    /// Takes over a nonblocking listener.
    ///
    /// # Errors
    ///
    /// The runtime rejects it.
    fn listen(listener: TcpListener) -> io::Result<Self::Listener>;

    /// Waits for the next connection.
    fn accept(
        listener: &Self::Listener,
    ) -> impl Future<Output = io::Result<Self::Stream>> + Send + '_;

    /// Connects.
    fn connect(address: SocketAddr) -> impl Future<Output = io::Result<Self::Stream>> + Send;

    /// A timer, without a deadline yet.
    fn timer() -> Self::Timer;

    /// Sends small segments at once.
    ///
    /// # Errors
    ///
    /// The peer may have reset the connection.
    fn set_nodelay(stream: &Self::Stream) -> io::Result<()>;
}

/// Runs a future concurrently with the caller, and waits for its result.
pub(crate) fn spawn<R: Runtime, T: Send + 'static>(
    future: impl Future<Output = T> + Send + 'static,
) -> impl Future<Output = T> + Send {
    let (sender, receiver) = oneshot::channel();
    R::spawn(async move {
        let _ = sender.send(future.await);
    });
    async { receiver.await.expect("it does not panic") }
}
