//! What waits to be sent to one client.

use std::collections::VecDeque;
use std::mem;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use ws_tokio::{Close, Message};

/// The most that may wait for a client, in bytes: one that lets more gather is too slow.
pub(crate) const CAPACITY: usize = 1024 * 1024;

/// What one message costs besides its payload, which may be shared.
const OVERHEAD: usize = size_of::<Message>();

/// A queue that any task fills and the client's own task empties. Filling it never waits.
#[derive(Default)]
pub(crate) struct Outbox {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    queue: VecDeque<Message>,
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
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Next {
    Send(Message),
    End(End),
}

impl Outbox {
    /// Adds a message. If then more than [`CAPACITY`] waits, everything is dropped and the client
    /// is to be told that it is too slow; but a message on its own may have any size.
    pub(crate) fn push(&self, message: Message) {
        let mut state = self.lock();
        if state.end.is_some() {
            return;
        }
        let cost = cost(&message);
        if !state.queue.is_empty() && state.bytes + cost > CAPACITY {
            state.clear();
            state.end = Some(End::TooSlow);
            state.wake();
            return;
        }
        let was_empty = state.queue.is_empty();
        state.bytes += cost;
        state.queue.push_back(message);
        if was_empty {
            state.wake();
        }
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
    pub(crate) fn put_back(&self, message: Message) {
        let mut state = self.lock();
        if state.end != Some(End::TooSlow) {
            state.bytes += cost(&message);
            state.queue.push_front(message);
        }
    }

    /// A panic elsewhere leaves the state valid.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
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

fn cost(message: &Message) -> usize {
    message.as_bytes().len() + OVERHEAD
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::Wake;

    use ws_tokio::CloseCode;

    use super::*;

    fn bytes(len: usize) -> Message {
        Message::binary(vec![0; len])
    }

    fn away() -> Close<'static> {
        CloseCode::GOING_AWAY.into()
    }

    #[test]
    fn messages_leave_in_order() {
        let outbox = Outbox::default();
        assert_eq!(outbox.next(), None);
        outbox.push("a".into());
        outbox.push("b".into());
        let Some(Next::Send(first)) = outbox.next() else { panic!() };
        outbox.put_back(first);
        assert_eq!(outbox.next(), Some(Next::Send("a".into())));
        assert_eq!(outbox.next(), Some(Next::Send("b".into())));
        assert_eq!(outbox.next(), None);
        assert_eq!(outbox.lock().bytes, 0);
    }

    #[test]
    fn the_end_comes_behind_what_waits_and_stays() {
        let outbox = Outbox::default();
        outbox.push("a".into());
        outbox.close(&away());
        outbox.push("too late".into());
        outbox.close(&CloseCode::NORMAL.into());
        assert_eq!(outbox.next(), Some(Next::Send("a".into())));
        assert_eq!(outbox.next(), Some(Next::End(End::Close(away()))));
        assert_eq!(outbox.next(), Some(Next::End(End::Close(away()))));
    }

    #[test]
    fn exactly_the_capacity_may_wait() {
        let outbox = Outbox::default();
        outbox.push(bytes(CAPACITY / 2 - OVERHEAD));
        outbox.push(bytes(CAPACITY / 2 - OVERHEAD));
        assert!(matches!(outbox.next(), Some(Next::Send(_))));
        outbox.push(bytes(CAPACITY / 2 - OVERHEAD + 1));
        assert_eq!(outbox.next(), Some(Next::End(End::TooSlow)));
    }

    #[test]
    fn tiny_messages_count_too() {
        let outbox = Outbox::default();
        for _ in 0..=CAPACITY / OVERHEAD {
            outbox.push(bytes(0));
        }
        assert_eq!(outbox.next(), Some(Next::End(End::TooSlow)));
        assert_eq!(outbox.lock().queue.capacity(), 0);
    }

    #[test]
    fn a_message_on_its_own_may_have_any_size() {
        let outbox = Outbox::default();
        outbox.push(bytes(3 * CAPACITY));
        assert!(matches!(outbox.next(), Some(Next::Send(_))));
        outbox.push(bytes(3 * CAPACITY));
        outbox.push(bytes(0));
        assert_eq!(outbox.next(), Some(Next::End(End::TooSlow)));
    }

    #[test]
    fn what_is_put_back_too_late_is_dropped() {
        let outbox = Outbox::default();
        outbox.push(bytes(1));
        let Some(Next::Send(message)) = outbox.next() else { panic!() };
        outbox.push(bytes(CAPACITY));
        outbox.push(bytes(1));
        outbox.put_back(message);
        assert_eq!(outbox.next(), Some(Next::End(End::TooSlow)));
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
        outbox.push("a".into());
        outbox.push("b".into());
        assert_eq!(woken(), 1);
        assert_eq!(outbox.poll_waiting(&cx), Poll::Ready(Waiting::Message));
        // There is no room for it, and more of them would not help.
        outbox.push("c".into());
        assert_eq!(woken(), 0);
        while outbox.next().is_some() {}
        assert_eq!(outbox.poll_waiting(&cx), Poll::Pending);
        outbox.close(&away());
        assert_eq!(woken(), 1);
        assert_eq!(outbox.poll_waiting(&cx), Poll::Ready(Waiting::End));

        let outbox = Outbox::default();
        outbox.push(bytes(CAPACITY));
        assert_eq!(outbox.poll_waiting(&cx), Poll::Ready(Waiting::Message));
        outbox.push("too much".into());
        assert_eq!(woken(), 1);
        assert_eq!(outbox.poll_waiting(&cx), Poll::Ready(Waiting::End));
    }
}
