//! The bounded queue of messages to one member.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use ws_futures::{Close, Prepared};

use crate::history::RoomHistory;
use crate::shards::lock;

/// The cost in bytes of a queued message besides its payload, which is shared.
const OVERHEAD: usize = 64;

/// The limits of a member's outbox, and what happens to a member that does not keep up.
///
/// The socket holds up to 64 KiB and one message in addition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutboxLimits {
    /// The maximum of queued bytes: uncompressed payloads, and 64 bytes for each message, so that empty
    /// messages are bounded too. An empty outbox accepts a message of any size. 1 MiB by default: a few
    /// seconds of a slow link.
    pub capacity: usize,
    /// How long a connection may accept none of its output, from this hub or not, before the member
    /// counts as slow. 10 s by default; `Duration::MAX`: no limit.
    pub timeout: Duration,
    /// What happens to a member that exceeds either limit.
    pub slow: SlowPolicy,
}

impl Default for OutboxLimits {
    fn default() -> Self {
        let timeout = Duration::from_secs(10);
        Self { capacity: 1024 * 1024, timeout, slow: SlowPolicy::Close }
    }
}

/// What happens to a member that does not keep up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SlowPolicy {
    /// Its connection is closed with 1013, and its queued messages are dropped.
    Close,
    /// It stays. A message over `capacity` is dropped; after `timeout` all queued messages are dropped.
    Drop,
}

/// A room that has become ready, with the number of its members and its history at that time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Ready<R> {
    pub(crate) room: R,
    pub(crate) members: usize,
    pub(crate) history: Option<RoomHistory>,
}

/// A queue that any task fills and the member's own task empties. Filling it never waits.
pub(crate) struct Outbox<R>(Mutex<State<R>>);

struct State<R> {
    queue: VecDeque<Item<R>>,
    /// The cost of the messages in `queue`.
    bytes: usize,
    /// Once set, the queue accepts nothing more.
    end: Option<End>,
    waker: Option<Waker>,
}

enum Item<R> {
    Message(Arc<Prepared>),
    /// At most one for each room that the member is in, so these need no bound.
    Ready(Box<Ready<R>>),
}

/// The reason why nothing more is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// The connection is to be closed with this Close frame.
    Close(Close<'static>),
    /// The member did not keep up.
    TooSlow,
    /// The member has left the hub: no action is needed.
    Departed,
}

/// The next action for the member.
#[derive(Debug)]
pub(crate) enum Next<R> {
    Send(Arc<Prepared>),
    Ready(Ready<R>),
    End(End),
}

/// The outcome of queueing a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pushed {
    Queued,
    /// The outbox was full; the message was dropped.
    Dropped,
    /// The outbox was full; the member is closed.
    GivenUp,
    /// The member accepts no more messages.
    Ended,
}

/// Messages do not fit the outbox, or it accepts no more; none was queued.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NoRoom;

impl<R> Default for Outbox<R> {
    fn default() -> Self {
        Self(Mutex::new(State { queue: VecDeque::new(), bytes: 0, end: None, waker: None }))
    }
}

impl<R> Outbox<R> {
    /// Queues a message, unless that would exceed the limit.
    pub(crate) fn push(&self, message: &Arc<Prepared>, bounds: &OutboxLimits) -> Pushed {
        let (pushed, waker) = self.enqueue(message, bounds);
        wake(waker);
        pushed
    }

    /// Like [`push`](Self::push), for a caller that holds a lock: returns the waker to wake afterwards.
    pub(crate) fn enqueue(
        &self,
        message: &Arc<Prepared>,
        bounds: &OutboxLimits,
    ) -> (Pushed, Option<Waker>) {
        let mut state = self.lock();
        if state.end.is_some() {
            return (Pushed::Ended, None);
        }
        if state.bytes == 0 || state.bytes + cost(message) <= bounds.capacity {
            return (Pushed::Queued, state.enqueue_message(message));
        }
        match bounds.slow {
            SlowPolicy::Drop => (Pushed::Dropped, None),
            SlowPolicy::Close => (Pushed::GivenUp, state.end(End::TooSlow)),
        }
    }

    /// Queues messages, if all of them fit. Wakes no task: the caller is the member's own.
    pub(crate) fn push_all<'m>(
        &self,
        messages: impl Iterator<Item = &'m Arc<Prepared>> + Clone,
        bounds: &OutboxLimits,
    ) -> Result<(), NoRoom> {
        let mut state = self.lock();
        if !state.fits(messages.clone(), bounds) {
            return Err(NoRoom);
        }
        messages.for_each(|message| _ = state.enqueue_message(message));
        Ok(())
    }

    /// Queues the notice that a room is ready, and behind it `missed`, if they fit, which `ready` is
    /// called with. Returns the waker to wake, since the caller holds a lock.
    #[must_use]
    pub(crate) fn push_ready_and<'m>(
        &self,
        ready: impl FnOnce(bool) -> Ready<R>,
        missed: Option<impl Iterator<Item = &'m Arc<Prepared>> + Clone>,
        bounds: &OutboxLimits,
    ) -> Option<Waker> {
        let mut state = self.lock();
        if state.end.is_some() {
            return None;
        }
        let missed = missed.filter(|missed| state.fits(missed.clone(), bounds));
        let waker = state.enqueue(Item::Ready(Box::new(ready(missed.is_some()))));
        missed.into_iter().flatten().for_each(|message| _ = state.enqueue_message(message));
        waker
    }

    /// Queues the notice that a room is ready. Returns the waker to wake, since the caller holds a lock.
    #[must_use]
    pub(crate) fn push_ready(&self, ready: Ready<R>) -> Option<Waker> {
        let mut state = self.lock();
        match state.end {
            Some(_) => None,
            None => state.enqueue(Item::Ready(Box::new(ready))),
        }
    }

    /// Drops the notice that a room is ready: the member left the room.
    pub(crate) fn forget_ready(&self, room: &R)
    where
        R: PartialEq,
    {
        let concerns = |item: &Item<R>| matches!(item, Item::Ready(ready) if ready.room == *room);
        self.lock().queue.retain(|item| !concerns(item));
    }

    /// Applies the policy to a member that has accepted no output for too long; returns the number of
    /// dropped messages.
    pub(crate) fn stall(&self, slow: SlowPolicy) -> usize {
        let mut state = self.lock();
        if state.end == Some(End::Departed) {
            return 0;
        }
        let missed = state.messages();
        let waker = match slow {
            SlowPolicy::Close => state.end(End::TooSlow),
            SlowPolicy::Drop => {
                state.drop_messages();
                None
            }
        };
        drop(state);
        wake(waker);
        missed
    }

    /// Closes the connection once the queued messages have been sent; returns whether it was not
    /// ending already.
    pub(crate) fn close(&self, close: &Close<'static>) -> bool {
        let mut state = self.lock();
        if state.end.is_some() {
            return false;
        }
        state.end = Some(End::Close(close.clone()));
        let waker = state.waker.take();
        drop(state);
        wake(waker);
        true
    }

    /// Marks the member as having left: drops the queue and accepts nothing more.
    pub(crate) fn depart(&self) {
        self.lock().end(End::Departed);
    }

    /// Whether an action is pending. If not, the first message and the end wake the task; so a member
    /// whose socket has no room for messages is still notified of its end.
    pub(crate) fn poll_waiting(&self, cx: &Context<'_>) -> Poll<()> {
        let mut state = self.lock();
        match &mut state.waker {
            Some(waker) => waker.clone_from(cx.waker()),
            None => state.waker = Some(cx.waker().clone()),
        }
        match state.queue.is_empty() && state.end.is_none() {
            true => Poll::Pending,
            false => Poll::Ready(()),
        }
    }

    /// Takes the next action. Without room in the socket that is only the end, once the queue is empty.
    /// After the end, every call returns the end.
    pub(crate) fn next(&self, has_room: bool) -> Option<Next<R>> {
        let mut state = self.lock();
        if state.queue.is_empty() {
            return state.end.clone().map(Next::End);
        }
        if !has_room {
            return None;
        }
        let next = match state.queue.pop_front()? {
            Item::Message(message) => {
                state.bytes -= cost(&message);
                Next::Send(message)
            }
            Item::Ready(ready) => Next::Ready(*ready),
        };
        if state.queue.is_empty() {
            // Memory of a burst is returned.
            state.queue = VecDeque::new();
        }
        Some(next)
    }

    /// Returns a message that could not be sent yet to the front of the queue.
    pub(crate) fn put_back(&self, message: Arc<Prepared>) {
        let mut state = self.lock();
        if !matches!(state.end, Some(End::TooSlow | End::Departed)) {
            state.bytes += cost(&message);
            state.queue.push_front(Item::Message(message));
        }
    }

    /// The queued bytes.
    pub(crate) fn bytes(&self) -> usize {
        self.lock().bytes
    }

    fn lock(&self) -> MutexGuard<'_, State<R>> {
        lock(&self.0)
    }
}

impl<R> State<R> {
    /// Whether all of these can be queued.
    fn fits<'m>(
        &self,
        messages: impl Iterator<Item = &'m Arc<Prepared>> + Clone,
        bounds: &OutboxLimits,
    ) -> bool {
        let costs = messages.map(|message| cost(message));
        let count = costs.clone().take(2).count();
        let fits = match (count, self.bytes) {
            (0, _) | (1, 0) => true,
            (_, bytes) => bytes + costs.sum::<usize>() <= bounds.capacity,
        };
        self.end.is_none() && fits
    }

    fn enqueue_message(&mut self, message: &Arc<Prepared>) -> Option<Waker> {
        self.bytes += cost(message);
        self.enqueue(Item::Message(Arc::clone(message)))
    }

    /// Queues an item; returns the waker to wake.
    fn enqueue(&mut self, item: Item<R>) -> Option<Waker> {
        let was_empty = self.queue.is_empty();
        self.queue.push_back(item);
        if was_empty { self.waker.take() } else { None }
    }

    /// Drops the queue, as nothing more is sent; returns the waker to wake.
    fn end(&mut self, end: End) -> Option<Waker> {
        self.queue = VecDeque::new();
        self.bytes = 0;
        self.end = Some(end);
        self.waker.take()
    }

    fn messages(&self) -> usize {
        self.queue.iter().filter(|item| matches!(item, Item::Message(_))).count()
    }

    fn drop_messages(&mut self) {
        self.queue.retain(|item| matches!(item, Item::Ready(_)));
        self.queue.shrink_to_fit();
        self.bytes = 0;
    }
}

fn wake(waker: Option<Waker>) {
    if let Some(waker) = waker {
        waker.wake();
    }
}

fn cost(message: &Prepared) -> usize {
    message.payload().len() + OVERHEAD
}

#[cfg(test)]
mod tests;
