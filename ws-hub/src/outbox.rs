//! What waits to be sent to one member.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use ws_futures::{Close, Prepared};

use crate::shards::lock;

/// What a message costs besides its payload, which is shared.
const OVERHEAD: usize = 64;

/// What may wait for a member, and what becomes of one that does not keep up.
///
/// The socket holds up to 64 KiB and one message besides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutboxLimits {
    /// The bytes that may wait: payloads, not compressed, and 64 bytes for each message, so that empty
    /// ones are bounded too. A message on its own may have any size. 1 MiB by default: some seconds of
    /// a slow line.
    pub capacity: usize,
    /// How long a connection may take nothing of its output, be it from this hub or not, before it
    /// is slow. 10 s by default; `Duration::MAX`: no limit.
    pub timeout: Duration,
    /// What becomes of a member for which more would wait, or whose time is over.
    pub slow: SlowPolicy,
}

impl Default for OutboxLimits {
    fn default() -> Self {
        let timeout = Duration::from_secs(10);
        Self { capacity: 1024 * 1024, timeout, slow: SlowPolicy::Close }
    }
}

/// What becomes of a member that does not keep up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SlowPolicy {
    /// Its connection is closed with 1013, and what waits for it is dropped.
    Close,
    /// It stays. It misses a message that finds no room, and when its time is over all that waits.
    Drop,
}

/// A room that has become ready, and the number of its members then.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Ready<R> {
    pub(crate) room: R,
    pub(crate) members: usize,
}

/// A queue that any task fills and the member's own task empties. Filling it never waits.
pub(crate) struct Outbox<R>(Mutex<State<R>>);

struct State<R> {
    queue: VecDeque<Item<R>>,
    /// The cost of the messages in `queue`.
    bytes: usize,
    /// Once set, nothing enters the queue any more.
    end: Option<End>,
    waker: Option<Waker>,
}

enum Item<R> {
    Message(Arc<Prepared>),
    /// There is at most one for each room that the member is in, so these need no bound.
    Ready(Box<Ready<R>>),
}

/// Why nothing more will be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// The connection is to be closed like this.
    Close(Close<'static>),
    /// The member did not keep up.
    TooSlow,
    /// The member has left the hub: nothing is to be done about that.
    Departed,
}

/// What is to be done next for the member.
#[derive(Debug)]
pub(crate) enum Next<R> {
    Send(Arc<Prepared>),
    Ready(Ready<R>),
    End(End),
}

/// What became of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pushed {
    Queued,
    /// There was no room, and the member misses it.
    Dropped,
    /// There was no room, and the member is closed for it.
    GivenUp,
    /// The member gets nothing any more.
    Ended,
}

impl<R> Default for Outbox<R> {
    fn default() -> Self {
        Self(Mutex::new(State { queue: VecDeque::new(), bytes: 0, end: None, waker: None }))
    }
}

impl<R> Outbox<R> {
    /// Adds a message, unless then more would wait than may.
    pub(crate) fn push(&self, message: &Arc<Prepared>, bounds: &OutboxLimits) -> Pushed {
        let mut state = self.lock();
        if state.end.is_some() {
            return Pushed::Ended;
        }
        let cost = cost(message);
        let (pushed, waker) = if state.bytes == 0 || state.bytes + cost <= bounds.capacity {
            state.bytes += cost;
            (Pushed::Queued, state.enqueue(Item::Message(Arc::clone(message))))
        } else {
            match bounds.slow {
                SlowPolicy::Drop => return Pushed::Dropped,
                SlowPolicy::Close => (Pushed::GivenUp, state.end(End::TooSlow)),
            }
        };
        drop(state);
        wake(waker);
        pushed
    }

    /// Adds the news that a room is ready. Whom to wake is returned, for the caller holds a lock.
    #[must_use]
    pub(crate) fn push_ready(&self, ready: Ready<R>) -> Option<Waker> {
        let mut state = self.lock();
        match state.end {
            Some(_) => None,
            None => state.enqueue(Item::Ready(Box::new(ready))),
        }
    }

    /// Drops the news that a room is ready: it was left.
    pub(crate) fn forget_ready(&self, room: &R)
    where
        R: PartialEq,
    {
        let concerns = |item: &Item<R>| matches!(item, Item::Ready(ready) if ready.room == *room);
        self.lock().queue.retain(|item| !concerns(item));
    }

    /// Does what is to be done about a member that has taken nothing for too long; returns how many
    /// messages it misses.
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

    /// Lets the connection be closed behind what waits.
    pub(crate) fn close(&self, close: &Close<'static>) {
        let mut state = self.lock();
        if state.end.is_some() {
            return;
        }
        state.end = Some(End::Close(close.clone()));
        let waker = state.waker.take();
        drop(state);
        wake(waker);
    }

    /// The member has left: nothing waits for it, now or later.
    pub(crate) fn depart(&self) {
        self.lock().end(End::Departed);
    }

    /// Whether there is something to be done. If not, the task is woken by the first message and by
    /// the end; so a member that leaves no room for messages learns of its end.
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

    /// Takes what is to be done next: without room only the end, behind which nothing waits. An end
    /// stays the end.
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
            // A burst must not leave its memory behind.
            state.queue = VecDeque::new();
        }
        Some(next)
    }

    /// Gives back a message that could not be sent yet.
    pub(crate) fn put_back(&self, message: Arc<Prepared>) {
        let mut state = self.lock();
        if !matches!(state.end, Some(End::TooSlow | End::Departed)) {
            state.bytes += cost(&message);
            state.queue.push_front(Item::Message(message));
        }
    }

    /// What waits, in bytes.
    pub(crate) fn bytes(&self) -> usize {
        self.lock().bytes
    }

    fn lock(&self) -> MutexGuard<'_, State<R>> {
        lock(&self.0)
    }
}

impl<R> State<R> {
    /// Adds an item; returns whom to wake.
    fn enqueue(&mut self, item: Item<R>) -> Option<Waker> {
        let was_empty = self.queue.is_empty();
        self.queue.push_back(item);
        if was_empty { self.waker.take() } else { None }
    }

    /// Drops what waits, as nothing more is sent; returns whom to wake.
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
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::Wake;

    use ws_futures::CloseCode;

    use super::*;

    const CAPACITY: usize = 1024 * 1024;

    fn bytes(len: usize) -> Arc<Prepared> {
        Arc::new(Prepared::new(vec![0; len].as_slice()))
    }

    fn text(text: &str) -> Arc<Prepared> {
        Arc::new(Prepared::new(text))
    }

    fn outbox() -> Outbox<&'static str> {
        Outbox::default()
    }

    fn push(outbox: &Outbox<&'static str>, message: &Arc<Prepared>) -> Pushed {
        outbox.push(message, &OutboxLimits::default())
    }

    fn ready(room: &'static str) -> Ready<&'static str> {
        Ready { room, members: 1 }
    }

    #[derive(Debug, PartialEq, Eq)]
    enum KeyTaken {
        Text(String),
        Ready(&'static str),
        Close,
        TooSlow,
        Departed,
        Nothing,
    }

    fn take(outbox: &Outbox<&'static str>) -> KeyTaken {
        match outbox.next(true) {
            Some(Next::Send(message)) => {
                KeyTaken::Text(String::from_utf8_lossy(message.payload()).into_owned())
            }
            Some(Next::Ready(ready)) => KeyTaken::Ready(ready.room),
            Some(Next::End(End::Close(close))) => {
                assert_eq!(close, away());
                KeyTaken::Close
            }
            Some(Next::End(End::TooSlow)) => KeyTaken::TooSlow,
            Some(Next::End(End::Departed)) => KeyTaken::Departed,
            None => KeyTaken::Nothing,
        }
    }

    fn away() -> Close<'static> {
        CloseCode::GOING_AWAY.into()
    }

    #[test]
    fn messages_leave_in_order() {
        let outbox = outbox();
        assert_eq!(take(&outbox), KeyTaken::Nothing);
        push(&outbox, &text("a"));
        push(&outbox, &text("b"));
        let Some(Next::Send(first)) = outbox.next(true) else { panic!() };
        outbox.put_back(first);
        assert_eq!(take(&outbox), KeyTaken::Text("a".to_owned()));
        assert_eq!(take(&outbox), KeyTaken::Text("b".to_owned()));
        assert_eq!(take(&outbox), KeyTaken::Nothing);
        assert_eq!(outbox.bytes(), 0);
    }

    #[test]
    fn the_end_comes_behind_what_waits_and_stays() {
        let outbox = outbox();
        push(&outbox, &text("a"));
        outbox.close(&away());
        assert_eq!(push(&outbox, &text("too late")), Pushed::Ended);
        outbox.close(&CloseCode::NORMAL.into());
        assert!(outbox.next(false).is_none());
        assert_eq!(take(&outbox), KeyTaken::Text("a".to_owned()));
        assert!(matches!(outbox.next(false), Some(Next::End(End::Close(_)))));
        assert_eq!(take(&outbox), KeyTaken::Close);
        assert_eq!(take(&outbox), KeyTaken::Close);
    }

    #[test]
    fn exactly_the_capacity_may_wait() {
        let outbox = outbox();
        push(&outbox, &bytes(CAPACITY / 2 - OVERHEAD));
        push(&outbox, &bytes(CAPACITY / 2 - OVERHEAD));
        assert!(matches!(outbox.next(true), Some(Next::Send(_))));
        assert_eq!(push(&outbox, &bytes(CAPACITY / 2 - OVERHEAD + 1)), Pushed::GivenUp);
        assert_eq!(take(&outbox), KeyTaken::TooSlow);
    }

    #[test]
    fn tiny_messages_count_too() {
        let outbox = outbox();
        for _ in 0..=CAPACITY / OVERHEAD {
            push(&outbox, &bytes(0));
        }
        assert_eq!(take(&outbox), KeyTaken::TooSlow);
        assert_eq!(outbox.lock().queue.capacity(), 0);
    }

    #[test]
    fn a_message_on_its_own_may_have_any_size() {
        let outbox = outbox();
        push(&outbox, &bytes(3 * CAPACITY));
        assert!(matches!(outbox.next(true), Some(Next::Send(_))));
        push(&outbox, &bytes(3 * CAPACITY));
        push(&outbox, &bytes(0));
        assert_eq!(take(&outbox), KeyTaken::TooSlow);
    }

    #[test]
    fn what_is_put_back_too_late_is_dropped() {
        let outbox = outbox();
        push(&outbox, &bytes(1));
        let Some(Next::Send(message)) = outbox.next(true) else { panic!() };
        push(&outbox, &bytes(CAPACITY));
        push(&outbox, &bytes(1));
        outbox.put_back(message);
        assert_eq!(take(&outbox), KeyTaken::TooSlow);
    }

    #[test]
    fn a_member_that_may_miss_messages_stays() {
        let outbox = outbox();
        let bounds =
            OutboxLimits { capacity: 200, slow: SlowPolicy::Drop, ..OutboxLimits::default() };
        assert_eq!(outbox.push(&text("a"), &bounds), Pushed::Queued);
        assert_eq!(outbox.push(&bytes(100), &bounds), Pushed::Dropped);
        assert_eq!(outbox.push(&text("b"), &bounds), Pushed::Queued);
        assert_eq!(outbox.bytes(), 2 * (OVERHEAD + 1));
        assert_eq!(take(&outbox), KeyTaken::Text("a".to_owned()));
        assert!(outbox.push_ready(ready("room")).is_none());
        assert_eq!(outbox.stall(SlowPolicy::Drop), 1);
        assert_eq!(take(&outbox), KeyTaken::Ready("room"));
        assert_eq!(take(&outbox), KeyTaken::Nothing);
        assert_eq!(outbox.push(&text("c"), &bounds), Pushed::Queued);
    }

    #[test]
    fn a_member_that_takes_nothing_for_too_long_is_closed() {
        let outbox = outbox();
        push(&outbox, &text("a"));
        assert_eq!(outbox.stall(SlowPolicy::Close), 1);
        assert_eq!(take(&outbox), KeyTaken::TooSlow);
        assert_eq!(push(&outbox, &text("b")), Pushed::Ended);
    }

    /// A snapshot taken before may still lead to it.
    #[test]
    fn nothing_waits_for_a_member_that_has_left() {
        let outbox = outbox();
        push(&outbox, &text("a"));
        outbox.depart();
        assert_eq!(push(&outbox, &text("b")), Pushed::Ended);
        assert!(outbox.push_ready(ready("room")).is_none());
        assert_eq!(outbox.stall(SlowPolicy::Close), 0);
        outbox.close(&away());
        assert_eq!(take(&outbox), KeyTaken::Departed);
        assert_eq!(outbox.bytes(), 0);
    }

    #[test]
    fn a_room_is_ready_in_its_turn_unless_it_was_left() {
        let outbox = outbox();
        push(&outbox, &text("before"));
        for room in ["a", "b"] {
            assert!(outbox.push_ready(ready(room)).is_none());
        }
        push(&outbox, &text("after"));
        outbox.forget_ready(&"a");
        assert_eq!(take(&outbox), KeyTaken::Text("before".to_owned()));
        assert_eq!(take(&outbox), KeyTaken::Ready("b"));
        assert_eq!(take(&outbox), KeyTaken::Text("after".to_owned()));
    }

    #[test]
    fn the_task_that_waits_is_woken() {
        #[derive(Default)]
        struct Count(AtomicUsize);
        impl Wake for Count {
            fn wake(self: Arc<Self>) {
                self.0.fetch_add(1, Ordering::Relaxed);
            }
        }
        let count = Arc::new(Count::default());
        let waker = Arc::clone(&count).into();
        let cx = Context::from_waker(&waker);

        let woken = || count.0.swap(0, Ordering::Relaxed);

        let outbox = outbox();
        assert!(outbox.poll_waiting(&cx).is_pending());
        push(&outbox, &text("a"));
        push(&outbox, &text("b"));
        assert_eq!(woken(), 1);
        assert!(outbox.poll_waiting(&cx).is_ready());
        // It is not empty, and more of them would not help.
        push(&outbox, &text("c"));
        assert_eq!(woken(), 0);
        while outbox.next(true).is_some() {}
        assert!(outbox.poll_waiting(&cx).is_pending());
        assert!(outbox.push_ready(ready("room")).is_some_and(|it| it.will_wake(&waker)));
        assert_eq!(take(&outbox), KeyTaken::Ready("room"));
        assert!(outbox.poll_waiting(&cx).is_pending());
        outbox.close(&away());
        assert_eq!(woken(), 1);
        assert!(outbox.poll_waiting(&cx).is_ready());

        let outbox = self::outbox();
        push(&outbox, &bytes(CAPACITY));
        assert!(outbox.poll_waiting(&cx).is_ready());
        assert!(outbox.next(false).is_none());
        push(&outbox, &text("too much"));
        assert_eq!(woken(), 1);
        assert!(matches!(outbox.next(false), Some(Next::End(End::TooSlow))));
    }
}
