//! A server under test, and a test that runs concurrently.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::pin::pin;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Weak};
use std::thread;
use std::time::Instant;

use futures_channel::oneshot;
use futures_util::future::select;
use ws_futures::{Config, HandshakeError, accept};

use crate::TIMEOUT;
use crate::echo::{End, Way, echo};
use crate::lent::Lent;
use crate::runtime::Runtime;

/// An echo server under test.
pub(crate) struct Server {
    pub(crate) way: Way,
    pub(crate) config: Config,
    /// The maximum number of bytes in one read or write of the server.
    pub(crate) width: usize,
}

/// The test's view of the server.
pub(crate) struct Seen {
    pub(crate) address: SocketAddr,
    ends: Receiver<End>,
    alive: Weak<()>,
}

impl Seen {
    /// Waits for the end of a connection.
    pub(crate) fn end(&self) -> End {
        self.ends.recv_timeout(TIMEOUT).expect("the connection ends")
    }

    /// Checks that no connection remains: none whose end was not reported, and no stream that is
    /// still open.
    pub(crate) fn is_left_alone(&self) {
        assert!(self.ends.try_recv().is_err(), "an unexpected connection");
        // One of them is the server's own reference.
        let deadline = Instant::now() + TIMEOUT;
        while self.alive.strong_count() > 1 {
            assert!(Instant::now() < deadline, "a stream is left open");
            thread::yield_now();
        }
    }
}

impl Server {
    pub(crate) fn new(way: Way, config: Config) -> Self {
        Self { way, config, width: usize::MAX }
    }

    /// Runs the server on a runtime, and the test, which may block, on a thread of its own.
    pub(crate) fn run<R: Runtime>(self, test: impl FnOnce(&Seen) + Send) {
        let listener = listener();
        let address = listener.local_addr().expect("an address");
        let (sender, ends) = channel();
        let alive = Arc::new(());
        let seen = Seen { address, ends, alive: Arc::downgrade(&alive) };
        let (done, is_done) = oneshot::channel::<()>();
        thread::scope(|scope| {
            scope.spawn(move || {
                let _done = done;
                test(&seen);
                seen.is_left_alone();
            });
            R::block_on(async move {
                let serving = pin!(self.serve::<R>(listener, sender, alive));
                select(serving, is_done).await;
            });
        });
    }

    async fn serve<R: Runtime>(&self, listener: TcpListener, ends: Sender<End>, alive: Arc<()>) {
        listener.set_nonblocking(true).expect("a socket");
        let listener = R::listen(listener).expect("a listener");
        loop {
            // A peer may be gone before it is accepted.
            let Ok(stream) = R::accept(&listener).await else { continue };
            let stream = Lent::new(stream, self.width, &alive);
            let (way, config) = (self.way, self.config.clone());
            let ends = ends.clone();
            R::spawn(async move {
                let end = serve::<R>(stream, way, config).await;
                let _ = ends.send(end);
            });
        }
    }
}

async fn serve<R: Runtime>(stream: Lent<R::Stream>, way: Way, config: Config) -> End {
    // Fails if the peer has reset the connection.
    let _ = R::set_nodelay(stream.stream());
    match accept(stream, R::timer(), config).await {
        Ok(socket) => echo::<R, _>(socket, way).await,
        Err(HandshakeError::Io(error)) => Err(error.into()),
        Err(error) => Err(io::Error::other(error).into()),
    }
}

/// A listener on a port that the system chooses.
pub(crate) fn listener() -> TcpListener {
    TcpListener::bind("127.0.0.1:0").expect("a port")
}
