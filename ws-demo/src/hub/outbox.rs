//! What waits to be sent to one client.

use std::collections::VecDeque;
use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use ws_tokio::{Close, Prepared};

/// What one message costs besides its payload, which is shared.
const OVERHEAD: usize = 64;

/// A queue that any task fills and the client's own task empties. Filling it never waits.
#[derive(Default)]
pub(crate) struct Outbox {
    bounds: Bounds,
    state: Mutex<State>,
}

/// What may wait for a client, and what comes of one that lets more gather.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Bounds {
    /// In bytes.
    pub(crate) capacity: usize,
    pub(crate) slow: Slow,
}

/// What is done about a client that does not keep up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Slow {
    /// It is closed with 1013
    Close,
    /// It misses what finds no room
    Drop,
}

impl Default for Bounds {
    fn default() -> Self {
        Self { capacity: 1024 * 1024, slow: Slow::Close }
    }
}

#[derive(Default)]
struct State {
    queue: VecDeque<Arc<Prepared>>,
    /// The cost of what is in `queue`.
    bytes: usize,
    /// Once set, nothing enters the queue any more.
    end: Option<End>,
    waker: Option<Waker>,
}

/// Why nothing more will be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// The connection is to be closed like this.
    Close(Close<'static>),
    /// The client did not keep up.
    TooSlow,
}

/// What there is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Waiting {
    /// There is a message to send, if there is room for it.
    Message,
    /// There is nothing to send any more, and the connection is to be ended.
    End,
}

/// What is to be done next for the client.
#[derive(Clone, Debug)]
pub(crate) enum Next {
    Send(Arc<Prepared>),
    End(End),
}

/// What became of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pushed {
    Queued,
    /// There was no room, and the client misses it.
    Dropped,
    /// There was no room, and the client is given up.
    GivenUp,
    /// The client gets nothing any more.
    Ended,
}

impl Outbox {
    pub(crate) fn new(bounds: Bounds) -> Self {
        Self { bounds, state: Mutex::default() }
    }

    /// Adds a message, unless then more would wait than may; but a message on its own may have any
    /// size.
    pub(crate) fn push(&self, message: &Arc<Prepared>) -> Pushed {
        let mut state = self.lock();
        if state.end.is_some() {
            return Pushed::Ended;
        }
        let cost = cost(message);
        if !state.queue.is_empty() && state.bytes + cost > self.bounds.capacity {
            if self.bounds.slow == Slow::Drop {
                return Pushed::Dropped;
            }
            state.give_up();
            return Pushed::GivenUp;
        }
        let was_empty = state.queue.is_empty();
        state.bytes += cost;
        state.queue.push_back(Arc::clone(message));
        if was_empty {
            state.wake();
        }
        Pushed::Queued
    }

    /// Does what is to be done about a client that has taken nothing for too long; returns how many
    /// messages it misses.
    pub(crate) fn stall(&self) -> usize {
        let mut state = self.lock();
        let missed = state.queue.len();
        match self.bounds.slow {
            Slow::Close => state.give_up(),
            Slow::Drop => state.clear(),
        }
        missed
    }

    /// Lets the connection be closed behind what waits.
    pub(crate) fn close(&self, close: &Close<'static>) {
        let mut state = self.lock();
        if state.end.is_none() {
            state.end = Some(End::Close(close.clone()));
            state.wake();
        }
    }

    /// Is ready when there is something to be done. The task is woken by the first message and by
    /// the end, so that a client which leaves no room for messages hears of its end.
    pub(crate) fn poll_waiting(&self, cx: &Context<'_>) -> Poll<Waiting> {
        let mut state = self.lock();
        match &mut state.waker {
            Some(waker) => waker.clone_from(cx.waker()),
            None => state.waker = Some(cx.waker().clone()),
        }
        if !state.queue.is_empty() {
            Poll::Ready(Waiting::Message)
        } else if state.end.is_some() {
            Poll::Ready(Waiting::End)
        } else {
            Poll::Pending
        }
    }

    /// Takes what is to be done next. An end stays the end.
    pub(crate) fn next(&self) -> Option<Next> {
        let mut state = self.lock();
        let Some(message) = state.queue.pop_front() else {
            return state.end.clone().map(Next::End);
        };
        state.bytes -= cost(&message);
        if state.queue.is_empty() {
            // A burst must not leave its memory behind.
            state.clear();
        }
        Some(Next::Send(message))
    }

    /// Gives back a message that could not be sent yet.
    pub(crate) fn put_back(&self, message: Arc<Prepared>) {
        let mut state = self.lock();
        if state.end != Some(End::TooSlow) {
            state.bytes += cost(&message);
            state.queue.push_front(message);
        }
    }

    /// What waits, in bytes.
    pub(crate) fn bytes(&self) -> usize {
        self.lock().bytes
    }

    /// A panic elsewhere leaves the state valid.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn give_up(&mut self) {
        self.clear();
        self.end = Some(End::TooSlow);
        self.wake();
    }

    fn clear(&mut self) {
        self.queue = VecDeque::new();
        self.bytes = 0;
    }

    fn wake(&mut self) {
        if let Some(waker) = mem::take(&mut self.waker) {
            waker.wake();
        }
    }
}

fn cost(message: &Prepared) -> usize {
    message.payload().len() + OVERHEAD
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::Wake;

    use ws_tokio::CloseCode;

    use super::*;

    const CAPACITY: usize = 1024 * 1024;

    fn bytes(len: usize) -> Arc<Prepared> {
        Arc::new(Prepared::new(vec![0; len].as_slice()))
    }

    fn text(text: &str) -> Arc<Prepared> {
        Arc::new(Prepared::new(text))
    }

    #[derive(Debug, PartialEq, Eq)]
    enum Taken {
        Text(String),
        Close,
        TooSlow,
        Nothing,
    }

    fn take(outbox: &Outbox) -> Taken {
        match outbox.next() {
            Some(Next::Send(message)) => {
                Taken::Text(String::from_utf8_lossy(message.payload()).into_owned())
            }
            Some(Next::End(End::Close(close))) => {
                assert_eq!(close, away());
                Taken::Close
            }
            Some(Next::End(End::TooSlow)) => Taken::TooSlow,
            None => Taken::Nothing,
        }
    }

    fn away() -> Close<'static> {
        CloseCode::GOING_AWAY.into()
    }

    #[test]
    fn messages_leave_in_order() {
        let outbox = Outbox::default();
        assert_eq!(take(&outbox), Taken::Nothing);
        outbox.push(&text("a"));
        outbox.push(&text("b"));
        let Some(Next::Send(first)) = outbox.next() else { panic!() };
        outbox.put_back(first);
        assert_eq!(take(&outbox), Taken::Text("a".to_owned()));
        assert_eq!(take(&outbox), Taken::Text("b".to_owned()));
        assert_eq!(take(&outbox), Taken::Nothing);
        assert_eq!(outbox.lock().bytes, 0);
    }

    #[test]
    fn the_end_comes_behind_what_waits_and_stays() {
        let outbox = Outbox::default();
        outbox.push(&text("a"));
        outbox.close(&away());
        outbox.push(&text("too late"));
        outbox.close(&CloseCode::NORMAL.into());
        assert_eq!(take(&outbox), Taken::Text("a".to_owned()));
        assert_eq!(take(&outbox), Taken::Close);
        assert_eq!(take(&outbox), Taken::Close);
    }

    #[test]
    fn exactly_the_capacity_may_wait() {
        let outbox = Outbox::default();
        outbox.push(&bytes(CAPACITY / 2 - OVERHEAD));
        outbox.push(&bytes(CAPACITY / 2 - OVERHEAD));
        assert!(matches!(outbox.next(), Some(Next::Send(_))));
        outbox.push(&bytes(CAPACITY / 2 - OVERHEAD + 1));
        assert_eq!(take(&outbox), Taken::TooSlow);
    }

    #[test]
    fn tiny_messages_count_too() {
        let outbox = Outbox::default();
        for _ in 0..=CAPACITY / OVERHEAD {
            outbox.push(&bytes(0));
        }
        assert_eq!(take(&outbox), Taken::TooSlow);
        assert_eq!(outbox.lock().queue.capacity(), 0);
    }

    #[test]
    fn a_message_on_its_own_may_have_any_size() {
        let outbox = Outbox::default();
        outbox.push(&bytes(3 * CAPACITY));
        assert!(matches!(outbox.next(), Some(Next::Send(_))));
        outbox.push(&bytes(3 * CAPACITY));
        outbox.push(&bytes(0));
        assert_eq!(take(&outbox), Taken::TooSlow);
    }

    #[test]
    fn what_is_put_back_too_late_is_dropped() {
        let outbox = Outbox::default();
        outbox.push(&bytes(1));
        let Some(Next::Send(message)) = outbox.next() else { panic!() };
        outbox.push(&bytes(CAPACITY));
        outbox.push(&bytes(1));
        outbox.put_back(message);
        assert_eq!(take(&outbox), Taken::TooSlow);
    }

    #[test]
    fn who_may_miss_messages_stays() {
        let outbox = Outbox::new(Bounds { capacity: 200, slow: Slow::Drop });
        assert_eq!(outbox.push(&text("a")), Pushed::Queued);
        assert_eq!(outbox.push(&bytes(100)), Pushed::Dropped);
        assert_eq!(outbox.push(&text("b")), Pushed::Queued);
        assert_eq!(outbox.bytes(), 2 * (OVERHEAD + 1));
        assert_eq!(take(&outbox), Taken::Text("a".to_owned()));
        assert_eq!(outbox.stall(), 1);
        assert_eq!(take(&outbox), Taken::Nothing);
        assert_eq!(outbox.push(&text("c")), Pushed::Queued);
    }

    #[test]
    fn who_takes_nothing_for_too_long_is_given_up() {
        let outbox = Outbox::default();
        outbox.push(&text("a"));
        assert_eq!(outbox.stall(), 1);
        assert_eq!(take(&outbox), Taken::TooSlow);
        assert_eq!(outbox.push(&text("b")), Pushed::Ended);
    }

    #[test]
    fn whoever_waits_is_woken() {
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

        let outbox = Outbox::default();
        assert_eq!(outbox.poll_waiting(&cx), Poll::Pending);
        outbox.push(&text("a"));
        outbox.push(&text("b"));
        assert_eq!(woken(), 1);
        assert_eq!(outbox.poll_waiting(&cx), Poll::Ready(Waiting::Message));
        // There is no room for it, and more of them would not help.
        outbox.push(&text("c"));
        assert_eq!(woken(), 0);
        while outbox.next().is_some() {}
        assert_eq!(outbox.poll_waiting(&cx), Poll::Pending);
        outbox.close(&away());
        assert_eq!(woken(), 1);
        assert_eq!(outbox.poll_waiting(&cx), Poll::Ready(Waiting::End));

        let outbox = Outbox::default();
        outbox.push(&bytes(CAPACITY));
        assert_eq!(outbox.poll_waiting(&cx), Poll::Ready(Waiting::Message));
        outbox.push(&text("too much"));
        assert_eq!(woken(), 1);
        assert_eq!(outbox.poll_waiting(&cx), Poll::Ready(Waiting::End));
    }
}
