//! Graceful shutdown of connections, for any runtime.

use std::fmt;
use std::future::poll_fn;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::task::{Context, Poll, Waker};

use slab::Slab;
use ws_proto::{Close, CloseCode, Instant, SendError};

use crate::lock::lock;

/// Closes a group of connections and reports when all have ended: the graceful shutdown of a server.
///
/// [`WebSocket::close_on`](crate::WebSocket::close_on) registers a connection. When the
/// shutdown begins, its task is woken and a call that receives acts on it:
///
/// 1. Input that has already arrived is still delivered, and can be replied to.
/// 2. When the next call would wait for input, the Close frame is sent. Messages that arrive later
///    are discarded, as by [`close_and_discard`](crate::WebSocket::close_and_discard).
/// 3. When the peer has answered, or [`Config::close_timeout`](ws_proto::Config::close_timeout) has
///    passed, the call returns `None`.
///
/// An application that receives in a loop, and sends, therefore ends by itself. One that is busy, because
/// the peer does not stop sending or does not read, or that only sends, has a further `close_timeout`
/// before step 2. Sending then fails with [`SendError::Closed`].
///
/// A clone is another handle to the same shutdown. A shutdown needs no runtime, and may be used from any
/// thread.
///
/// ```
/// use ws_futures::{Error, Shutdown, Timer, WebSocket};
/// # use futures_io::{AsyncRead, AsyncWrite};
///
/// async fn echo<S, T>(mut socket: WebSocket<S, T>, shutdown: Shutdown) -> Result<(), Error>
/// # where S: AsyncRead + AsyncWrite + Unpin, T: Timer
/// {
///     socket.close_on(&shutdown);
///     while let Some(message) = socket.recv().await? {
///         if message.is_data() {
///             socket.feed(message).await?;
///         }
///     }
///     Ok(())
/// }
///
/// async fn end(shutdown: Shutdown) {
///     shutdown.begin();
///     let ended = shutdown.drained().await;
///     println!("{} connections closed cleanly, {} did not", ended.clean, ended.cut);
/// }
/// # let _ = end;
/// ```
#[derive(Clone, Default)]
pub struct Shutdown {
    shared: Arc<Shared>,
}

/// The numbers of connections that were open when a [`Shutdown`] began, by the way they ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Drained {
    /// Connections that completed the closing handshake.
    pub clean: usize,
    /// Connections that did not: the peer did not answer in time, the stream failed, or the
    /// application dropped the connection.
    pub cut: usize,
}

#[derive(Default)]
struct Shared {
    /// Set once, when the shutdown begins.
    close: OnceLock<Close<'static>>,
    aborted: AtomicBool,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    participants: Slab<Arc<Participant>>,
    /// Tasks that wait for the shutdown to begin or to end.
    waiting: Slab<Waker>,
    ended: Drained,
}

impl Shutdown {
    /// Creates a shutdown that has not begun.
    pub fn new() -> Self {
        Self::default()
    }

    /// Closes all registered connections, and those registered later, with code 1001
    /// ([`CloseCode::GOING_AWAY`]). Only the first call of this or of
    /// [`begin_with`](Self::begin_with) has an effect.
    pub fn begin(&self) {
        self.close_all(CloseCode::GOING_AWAY.into());
    }

    /// Like [`begin`](Self::begin), with another Close frame, such as one with code 1012
    /// ([`CloseCode::SERVICE_RESTART`]).
    ///
    /// # Errors
    ///
    /// Those of [`Close::check_sendable`]; the shutdown has not begun then.
    pub fn begin_with(&self, close: impl Into<Close<'static>>) -> Result<(), SendError> {
        let close = close.into();
        close.check_sendable()?;
        self.close_all(close);
        Ok(())
    }

    fn close_all(&self, close: Close<'static>) {
        if self.shared.close.set(close).is_ok() {
            self.shared.wake(Waking::Begun);
        }
    }

    /// Aborts all registered connections: receiving and sending fail with an error of the kind
    /// [`ConnectionAborted`](std::io::ErrorKind::ConnectionAborted), and
    /// [`ShutdownGuard::aborted`] is ready. The shutdown begins if it has not yet.
    pub fn abort(&self) {
        let _ = self.shared.close.set(CloseCode::GOING_AWAY.into());
        if !self.shared.aborted.swap(true, Ordering::SeqCst) {
            self.shared.wake(Waking::Aborted);
        }
    }

    /// Whether the shutdown has begun.
    pub fn has_begun(&self) -> bool {
        self.shared.has_begun()
    }

    /// Returns the number of registered connections that are not dropped yet.
    pub fn connections(&self) -> usize {
        lock(&self.shared.state).participants.len()
    }

    /// Returns how connections have ended since the shutdown began.
    pub fn ended(&self) -> Drained {
        lock(&self.shared.state).ended
    }

    /// Waits until the shutdown has begun.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe.
    pub async fn begun(&self) {
        self.wait_until(Shared::has_begun).await;
    }

    /// Waits until the shutdown has begun and all registered connections have been dropped; returns
    /// how they ended.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe.
    pub async fn drained(&self) -> Drained {
        self.wait_until(Shared::is_drained).await;
        self.ended()
    }

    /// Registers something that is not a WebSocket yet, or is more than a WebSocket: a handshake, a
    /// task.
    pub fn guard(&self) -> ShutdownGuard {
        let shared = Arc::clone(&self.shared);
        let mut state = lock(&self.shared.state);
        let participant = Arc::new(Participant {
            shared,
            key: u32::try_from(state.participants.vacant_key()).expect("fewer than 2^32"),
            guards: AtomicU32::new(1),
            kind: AtomicU8::new(OTHER),
            tasks: Mutex::default(),
        });
        state.participants.insert(Arc::clone(&participant));
        ShutdownGuard { participant }
    }

    async fn wait_until(&self, condition: impl Fn(&Shared) -> bool) {
        let mut waiting = Waiting { shared: &self.shared, key: None };
        poll_fn(|cx| {
            // Registers the waker before it checks: a change in between wakes the task.
            waiting.register(cx.waker());
            if condition(&self.shared) { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
    }
}

/// A step of the shutdown, at which tasks are woken.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Waking {
    Begun,
    Aborted,
}

impl Shared {
    fn has_begun(&self) -> bool {
        self.close.get().is_some()
    }

    fn is_drained(&self) -> bool {
        self.has_begun() && lock(&self.state).participants.is_empty()
    }

    /// Wakes without a lock: a waker may run any code, such as dropping a connection.
    fn wake(&self, waking: Waking) {
        let (participants, waiting) = {
            let state = lock(&self.state);
            let participants: Vec<_> =
                state.participants.iter().map(|(_, it)| Arc::clone(it)).collect();
            (participants, state.waiting_tasks())
        };
        for participant in participants {
            participant.wakers(waking).into_iter().flatten().for_each(Waker::wake);
        }
        waiting.into_iter().for_each(Waker::wake);
    }
}

impl State {
    fn waiting_tasks(&self) -> Vec<Waker> {
        self.waiting.iter().map(|(_, waker)| waker.clone()).collect()
    }
}

/// A task that waits for a [`Shutdown`].
struct Waiting<'s> {
    shared: &'s Shared,
    key: Option<usize>,
}

impl Waiting<'_> {
    fn register(&mut self, waker: &Waker) {
        let waker = waker.clone();
        let mut state = lock(&self.shared.state);
        let former = match self.key {
            Some(key) => Some(std::mem::replace(&mut state.waiting[key], waker)),
            None => {
                self.key = Some(state.waiting.insert(waker));
                None
            }
        };
        drop(state);
        drop(former);
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        let former = self.key.map(|key| lock(&self.shared.state).waiting.remove(key));
        drop(former);
    }
}

/// A registration with a [`Shutdown`], until it and all its clones are dropped, which count as one.
///
/// [`WebSocket::close_on`](crate::WebSocket::close_on) gives the connection a clone, so that a
/// task and its connection count as one.
pub struct ShutdownGuard {
    participant: Arc<Participant>,
}

/// The shared state of guards that count as one connection.
struct Participant {
    shared: Arc<Shared>,
    /// The index in [`State::participants`]. `u32` exceeds the number of sockets.
    key: u32,
    /// The number of its guards.
    guards: AtomicU32,
    kind: AtomicU8,
    tasks: Mutex<Tasks>,
}

/// Values of [`Participant::kind`], which only increase: not a WebSocket yet, one whose closing
/// handshake is not complete, and one whose closing handshake is.
const OTHER: u8 = 0;
const SOCKET: u8 = 1;
const CLEAN: u8 = 2;

#[derive(Default)]
struct Tasks {
    /// Polls the socket, or waits for [`ShutdownGuard::begun`].
    begun: Option<Waker>,
    /// Waits for [`ShutdownGuard::aborted`].
    aborted: Option<Waker>,
    /// The deadline at which a busy socket closes, once the shutdown has begun. Boxed, because there is
    /// none until then.
    deadline: Option<Box<Instant>>,
}

/// What a shutdown requires of a connection.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Demand {
    Nothing,
    Close,
    Abort,
}

impl ShutdownGuard {
    /// Waits until the shutdown has begun. One task at a time can wait with a guard and its clones,
    /// including a WebSocket that holds one.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe.
    pub async fn begun(&self) {
        poll_fn(|cx| self.poll_begun(cx)).await;
    }

    /// Like [`begun`](Self::begun), as a poll function.
    pub fn poll_begun(&self, cx: &mut Context<'_>) -> Poll<()> {
        match self.poll_demand(cx.waker()) {
            Demand::Nothing => Poll::Pending,
            Demand::Close | Demand::Abort => Poll::Ready(()),
        }
    }

    /// Waits until the connection is aborted ([`Shutdown::abort`]). One task at a time can wait
    /// with a guard and its clones.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe.
    pub async fn aborted(&self) {
        poll_fn(|cx| self.poll_aborted(cx)).await;
    }

    /// Like [`aborted`](Self::aborted), as a poll function.
    pub fn poll_aborted(&self, cx: &mut Context<'_>) -> Poll<()> {
        self.register(cx.waker(), |tasks| &mut tasks.aborted);
        if self.is_aborted() { Poll::Ready(()) } else { Poll::Pending }
    }

    /// Returns the shutdown that it is registered with.
    pub fn shutdown(&self) -> Shutdown {
        Shutdown { shared: Arc::clone(&self.participant.shared) }
    }

    fn is_aborted(&self) -> bool {
        self.participant.shared.aborted.load(Ordering::SeqCst)
    }

    pub(crate) fn has_begun(&self) -> bool {
        self.participant.shared.has_begun()
    }

    /// Returns what is required of a socket now; a change wakes the task.
    pub(crate) fn poll_demand(&self, waker: &Waker) -> Demand {
        self.register(waker, |tasks| &mut tasks.begun);
        match self.has_begun() {
            false => Demand::Nothing,
            true if self.is_aborted() => Demand::Abort,
            true => Demand::Close,
        }
    }

    /// The Close frame, once the shutdown has begun.
    pub(crate) fn close(&self) -> Option<&Close<'static>> {
        self.participant.shared.close.get()
    }

    /// The deadline at which a busy socket closes; it starts at the first call.
    pub(crate) fn deadline(&self, from_now: Instant) -> Instant {
        **lock(&self.participant.tasks).deadline.get_or_insert_with(|| Box::new(from_now))
    }

    /// The same deadline, if it has started.
    pub(crate) fn known_deadline(&self) -> Option<Instant> {
        lock(&self.participant.tasks).deadline.as_deref().copied()
    }

    /// Marks it as a WebSocket.
    pub(crate) fn mark_socket(&self) {
        self.participant.kind.fetch_max(SOCKET, Ordering::SeqCst);
    }

    /// Marks the closing handshake of the WebSocket as complete.
    pub(crate) fn mark_clean(&self) {
        self.participant.kind.fetch_max(CLEAN, Ordering::SeqCst);
    }

    /// Clones and drops wakers without a lock: either may run any code.
    fn register(&self, waker: &Waker, place: impl Fn(&mut Tasks) -> &mut Option<Waker>) {
        let known = |place: &Option<Waker>| place.as_ref().is_some_and(|it| it.will_wake(waker));
        if known(place(&mut lock(&self.participant.tasks))) {
            return;
        }
        let waker = waker.clone();
        let former = place(&mut lock(&self.participant.tasks)).replace(waker);
        drop(former);
    }
}

impl From<&Shutdown> for ShutdownGuard {
    fn from(shutdown: &Shutdown) -> Self {
        shutdown.guard()
    }
}

impl From<&Self> for ShutdownGuard {
    fn from(guard: &Self) -> Self {
        guard.clone()
    }
}

impl Participant {
    fn wakers(&self, waking: Waking) -> [Option<Waker>; 2] {
        let mut tasks = lock(&self.tasks);
        let aborted = if waking == Waking::Aborted { tasks.aborted.take() } else { None };
        [tasks.begun.take(), aborted]
    }
}

impl Clone for ShutdownGuard {
    fn clone(&self) -> Self {
        self.participant.guards.fetch_add(1, Ordering::Relaxed);
        Self { participant: Arc::clone(&self.participant) }
    }
}

impl Drop for ShutdownGuard {
    fn drop(&mut self) {
        let Participant { shared, key, guards, kind, .. } = &*self.participant;
        if guards.fetch_sub(1, Ordering::AcqRel) > 1 {
            return;
        }
        let mut state = lock(&shared.state);
        let participant = state.participants.remove(*key as usize);
        if shared.has_begun() {
            match kind.load(Ordering::SeqCst) {
                OTHER => {}
                CLEAN => state.ended.clean += 1,
                _ => state.ended.cut += 1,
            }
        }
        let waiting = match state.participants.is_empty() {
            true => state.waiting_tasks(),
            false => Vec::new(),
        };
        drop(state);
        drop(participant);
        waiting.into_iter().for_each(Waker::wake);
    }
}

impl fmt::Debug for Shutdown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shutdown")
            .field("close", &self.shared.close.get())
            .field("aborted", &self.shared.aborted.load(Ordering::SeqCst))
            .field("connections", &self.connections())
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for ShutdownGuard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ShutdownGuard").finish_non_exhaustive()
    }
}
