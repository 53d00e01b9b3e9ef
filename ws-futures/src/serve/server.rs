//! The part of a server that does not depend on the protocol.

use std::fmt;
use std::future::{pending, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use pin_project_lite::pin_project;

use super::accepting::{Accepting, Excess};
use super::permits::{Permit, Permits};
use super::{ConnectionError, Listener, Runtime, ServeError};
use crate::shutdown::{Drained, Shutdown, ShutdownGuard};
use crate::timer::Timer;
use crate::trace;

/// A connection that has sent no request uses up to about 10 KiB, with TLS about 40 KiB: the default
/// bounds all of them by 40 MiB. A client usually counts for two or three round trips, so it allows
/// several thousand new clients per second.
const MAX_HANDSHAKES: usize = 1024;
/// Longer than a busy connection with an unresponsive peer takes to close: twice the default of
/// [`Config::close_timeout`](ws_proto::Config::close_timeout).
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(15);
/// The time for aborted tasks to be dropped: each needs to be polled once.
const CUT_TIMEOUT: Duration = Duration::from_secs(1);

/// Accepts connections, runs each in a task of its own, and shuts down gracefully.
pub struct Server<R, L: Listener> {
    runtime: R,
    listener: L,
    /// None: it is never shut down, and its connections are not tracked.
    shutdown: Option<Shutdown>,
    signal: Option<Signal>,
    shutdown_timeout: Duration,
    max_handshakes: usize,
    excess: Excess,
    max_connections: Option<usize>,
    on_error: Option<OnError<L::Address>>,
}

type Signal = Pin<Box<dyn Future<Output = ()> + Send>>;
/// Each task has a clone; the second pointer keeps it small.
type OnError<A> = Arc<Box<dyn Fn(ServeError<A>) + Send + Sync>>;

/// What a server does with a connection.
pub trait Protocol<L: Listener>: Send + Sync + 'static {
    /// Serves a connection to its end, in a task of its own.
    ///
    /// The future is dropped when the connection is aborted. A panic affects only this connection.
    fn serve(
        self: Arc<Self>,
        arrival: Arrival<L>,
    ) -> impl Future<Output = Result<(), ConnectionError>> + Send + 'static;
}

/// A connection that was accepted.
#[non_exhaustive]
pub struct Arrival<L: Listener> {
    /// The step that makes the stream ready.
    pub opening: L::Opening,
    /// The address of the peer.
    pub peer: L::Address,
    /// To be dropped when the connection has sent a request; until then it counts towards
    /// [`Server::max_handshakes`].
    pub handshake: Permit,
    /// The limit of connections that have sent a request, if any.
    pub connections: Option<Permits>,
    /// The connection's guard of the shutdown; `None` if the server is never shut down.
    pub guard: Option<ShutdownGuard>,
}

impl<R: Runtime, L: Listener> Server<R, L> {
    /// Creates a server with the defaults.
    pub fn new(runtime: R, listener: L) -> Self {
        Self {
            runtime,
            listener,
            shutdown: None,
            signal: None,
            shutdown_timeout: SHUTDOWN_TIMEOUT,
            max_handshakes: MAX_HANDSHAKES,
            excess: Excess::Wait,
            max_connections: None,
            on_error: None,
        }
    }

    /// See [`Serve::shutdown`](super::Serve::shutdown).
    pub fn shutdown(mut self, shutdown: &Shutdown) -> Self {
        self.shutdown = Some(shutdown.clone());
        self
    }

    /// See [`Serve::with_graceful_shutdown`](super::Serve::with_graceful_shutdown).
    pub fn with_graceful_shutdown(
        mut self,
        signal: impl Future<Output = ()> + Send + 'static,
    ) -> Self {
        self.shutdown.get_or_insert_default();
        self.signal = Some(Box::pin(signal));
        self
    }

    /// See [`Serve::shutdown_timeout`](super::Serve::shutdown_timeout).
    pub fn shutdown_timeout(mut self, timeout: Duration) -> Self {
        self.shutdown_timeout = timeout;
        self
    }

    /// See [`Serve::max_handshakes`](super::Serve::max_handshakes).
    pub fn max_handshakes(mut self, max: usize) -> Self {
        self.max_handshakes = max;
        self
    }

    /// See [`Serve::drop_excess_handshakes`](super::Serve::drop_excess_handshakes).
    pub fn drop_excess_handshakes(mut self) -> Self {
        self.excess = Excess::Drop;
        self
    }

    /// See [`Serve::max_connections`](super::Serve::max_connections).
    pub fn max_connections(mut self, max: usize) -> Self {
        self.max_connections = Some(max);
        self
    }

    /// See [`Serve::on_error`](super::Serve::on_error).
    pub fn on_error(
        mut self,
        callback: impl Fn(ServeError<L::Address>) + Send + Sync + 'static,
    ) -> Self {
        self.on_error = Some(Arc::new(Box::new(callback)));
        self
    }

    /// Returns the runtime.
    pub fn runtime(&self) -> &R {
        &self.runtime
    }

    /// Serves until the shutdown begins, then until all connections have ended or were aborted.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future stops accepting; accepted connections continue to be served.
    pub async fn run<P: Protocol<L>>(self, protocol: P) -> Drained {
        let Self { runtime, listener, shutdown, signal, on_error, .. } = self;
        let handshakes = Permits::new(self.max_handshakes.max(1));
        let connections = self.max_connections.map(Permits::new);
        let protocol = Arc::new(protocol);
        let mut accepting = Accepting::new(listener, runtime.timer(), handshakes, self.excess);
        {
            let mut stop = pin!(stop(signal, shutdown.as_ref()));
            let report = |error| report(error, on_error.as_ref());
            loop {
                let mut next = pin!(accepting.next(report));
                let arrived = poll_fn(|cx| match stop.as_mut().poll(cx) {
                    Poll::Ready(()) => Poll::Ready(None),
                    Poll::Pending => next.as_mut().poll(cx).map(Some),
                });
                let Some((opening, peer, handshake)) = arrived.await else { break };
                let connections = connections.clone();
                let guard = shutdown.as_ref().map(Shutdown::guard);
                let task = Task {
                    guard: guard.clone(),
                    peer: peer.clone(),
                    serving: Arc::clone(&protocol).serve(Arrival {
                        opening,
                        peer,
                        handshake,
                        connections,
                        guard,
                    }),
                    on_error: on_error.clone(),
                };
                runtime.spawn(task);
            }
        }
        // From here on the system refuses connections.
        drop(accepting);
        let shutdown = shutdown.unwrap_or_default();
        shutdown.begin();
        drain(&shutdown, self.shutdown_timeout, runtime.timer()).await
    }
}

/// Waits for the signal, or for the shutdown to begin elsewhere.
async fn stop(mut signal: Option<Signal>, shutdown: Option<&Shutdown>) {
    let Some(shutdown) = shutdown else { return pending().await };
    let mut begun = pin!(shutdown.begun());
    poll_fn(|cx| match begun.as_mut().poll(cx) {
        Poll::Ready(()) => Poll::Ready(()),
        Poll::Pending => signal.as_mut().map_or(Poll::Pending, |signal| signal.as_mut().poll(cx)),
    })
    .await;
}

/// Waits until all connections have ended, and aborts the remaining ones at the timeout.
async fn drain(shutdown: &Shutdown, timeout: Duration, mut timer: impl Timer) -> Drained {
    if let Some(drained) = drained_within(shutdown, timeout, &mut timer).await {
        return drained;
    }
    shutdown.abort();
    match drained_within(shutdown, CUT_TIMEOUT, &mut timer).await {
        Some(drained) => drained,
        None => {
            let Drained { clean, cut } = shutdown.ended();
            Drained { clean, cut: cut + shutdown.connections() }
        }
    }
}

async fn drained_within(
    shutdown: &Shutdown,
    timeout: Duration,
    timer: &mut impl Timer,
) -> Option<Drained> {
    let deadline = timer.now() + timeout;
    let mut drained = pin!(shutdown.drained());
    poll_fn(|cx| match drained.as_mut().poll(cx) {
        Poll::Ready(drained) => Poll::Ready(Some(drained)),
        Poll::Pending => timer.poll_until(deadline, cx).map(|()| None),
    })
    .await
}

fn report<A: fmt::Debug>(error: ServeError<A>, on_error: Option<&OnError<A>>) {
    trace::serve_error(&error);
    if let Some(on_error) = on_error {
        on_error(error);
    }
}

pin_project! {
    /// The future of one connection. A struct, because an async function would store its arguments
    /// twice, and there may be many connections.
    struct Task<A, F> {
        #[pin]
        serving: F,
        guard: Option<ShutdownGuard>,
        peer: A,
        on_error: Option<OnError<A>>,
    }
}

impl<A, F> Future for Task<A, F>
where
    A: Clone + fmt::Debug,
    F: Future<Output = Result<(), ConnectionError>>,
{
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = self.project();
        if this.guard.as_ref().is_some_and(|guard| guard.poll_aborted(cx).is_ready()) {
            return Poll::Ready(());
        }
        // The state after a panic is dropped and not observed.
        let served = catch_unwind(AssertUnwindSafe(|| this.serving.poll(cx)))
            .unwrap_or(Poll::Ready(Err(ConnectionError::Panicked)));
        if let Err(error) = ready!(served) {
            let error = ServeError::Connection { peer: this.peer.clone(), error };
            report(error, this.on_error.as_ref());
        }
        Poll::Ready(())
    }
}

impl<R: fmt::Debug, L: Listener> fmt::Debug for Server<R, L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server")
            .field("runtime", &self.runtime)
            .field("shutdown", &self.shutdown)
            .field("shutdown_timeout", &self.shutdown_timeout)
            .field("max_handshakes", &self.max_handshakes)
            .field("excess", &self.excess)
            .field("max_connections", &self.max_connections)
            .finish_non_exhaustive()
    }
}
