//! One inbox for all subscriptions.
//!
//! The client library gives each subscription a channel of its own and fills them from one task, in
//! the order in which the broker sent. Taking from one channel after the other would lose that
//! order: a message to a room and a later one to all could change places.
//!
//! So the inbox takes *all* messages that there are before it returns any. A message enters its channel,
//! and rings, before the next one enters any other; so when no channel rings any more, everything that was
//! sent before a message taken has been taken too, and the senders' own numbers put it in order.

use std::collections::HashMap;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Wake, Waker};

use futures_core::Stream;
use tokio::task::unconstrained;

/// Channels, each with a key of the owner's choice.
pub(super) struct Inbox<K, S> {
    channels: HashMap<u64, Channel<K, S>>,
    bells: Arc<Bells>,
    next: u64,
}

struct Channel<K, S> {
    key: K,
    stream: S,
    waker: Waker,
}

/// Names a channel for as long as it is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ChannelId(u64);

impl<K: Clone, S: Stream + Unpin> Inbox<K, S> {
    pub(super) fn new() -> Self {
        Self { channels: HashMap::new(), bells: Arc::default(), next: 0 }
    }

    pub(super) fn open(&mut self, key: K, stream: S) -> ChannelId {
        let id = self.next;
        self.next += 1;
        let waker = Waker::from(Arc::new(Bell { channel: id, bells: Arc::clone(&self.bells) }));
        // There may be something in it already.
        waker.wake_by_ref();
        self.channels.insert(id, Channel { key, stream, waker });
        ChannelId(id)
    }

    /// What is still in it is dropped.
    pub(super) fn close(&mut self, ChannelId(id): ChannelId) {
        self.channels.remove(&id);
    }

    /// Everything there is, and at least one item; of each channel in its order.
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost: it waits only while it has taken nothing.
    pub(super) async fn take(&mut self) -> Vec<(K, S::Item)> {
        // A budget would make channels look empty that are not.
        unconstrained(poll_fn(|cx| self.poll_take(cx))).await
    }

    fn poll_take(&mut self, cx: &Context<'_>) -> Poll<Vec<(K, S::Item)>> {
        let mut taken = Vec::new();
        loop {
            let rung = self.bells.answer(cx);
            if rung.is_empty() {
                return if taken.is_empty() { Poll::Pending } else { Poll::Ready(taken) };
            }
            for id in rung {
                self.empty(id, &mut taken);
            }
        }
    }

    fn empty(&mut self, id: u64, taken: &mut Vec<(K, S::Item)>) {
        let Some(Channel { key, stream, waker }) = self.channels.get_mut(&id) else { return };
        let mut cx = Context::from_waker(waker);
        loop {
            match Pin::new(&mut *stream).poll_next(&mut cx) {
                Poll::Ready(Some(item)) => taken.push((key.clone(), item)),
                Poll::Ready(None) => break,
                Poll::Pending => return,
            }
        }
        self.channels.remove(&id);
    }
}

/// Which channels have something in them.
#[derive(Default)]
struct Bells(Mutex<Rung>);

#[derive(Default)]
struct Rung {
    channels: Vec<u64>,
    /// The task that waits for one to ring.
    waiter: Option<Waker>,
}

impl Bells {
    /// The channels that rang since; if none did, the next one will wake the task.
    fn answer(&self, cx: &Context<'_>) -> Vec<u64> {
        let mut rung = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if rung.channels.is_empty() {
            rung.waiter = Some(cx.waker().clone());
        }
        std::mem::take(&mut rung.channels)
    }
}

/// Rings for one channel.
struct Bell {
    channel: u64,
    bells: Arc<Bells>,
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        let waiter = {
            let mut rung = self.bells.0.lock().unwrap_or_else(PoisonError::into_inner);
            rung.channels.push(self.channel);
            rung.waiter.take()
        };
        if let Some(waiter) = waiter {
            waiter.wake();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::sync::mpsc::{self, UnboundedReceiver, UnboundedSender};
    use tokio::time::timeout;

    use super::*;

    struct Items(UnboundedReceiver<u32>);

    impl Stream for Items {
        type Item = u32;

        fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<u32>> {
            self.0.poll_recv(cx)
        }
    }

    fn open(inbox: &mut Inbox<char, Items>, key: char) -> (UnboundedSender<u32>, ChannelId) {
        let (sender, receiver) = mpsc::unbounded_channel();
        (sender, inbox.open(key, Items(receiver)))
    }

    #[tokio::test]
    async fn everything_is_taken_at_once() {
        let mut inbox = Inbox::new();
        let (a, _) = open(&mut inbox, 'a');
        let (b, _) = open(&mut inbox, 'b');
        // Many more than a task's budget.
        for number in 0..1000 {
            let channel = if number % 3 == 0 { &a } else { &b };
            channel.send(number).expect("it is open");
        }
        let taken = inbox.take().await;
        let of = |key| taken.iter().filter(move |item| item.0 == key).map(|item| item.1);
        assert_eq!(of('a').collect::<Vec<_>>(), (0..1000).step_by(3).collect::<Vec<_>>());
        assert_eq!(taken.len(), 1000);
        assert!(of('b').is_sorted());
    }

    #[tokio::test]
    async fn it_wakes_for_any_channel_also_for_one_that_comes_later() {
        let mut inbox = Inbox::new();
        let (a, id) = open(&mut inbox, 'a');
        let nothing = timeout(Duration::from_millis(1), inbox.take()).await;
        assert!(nothing.is_err());
        tokio::spawn(async move { a.send(1) });
        assert_eq!(inbox.take().await, [('a', 1)]);
        inbox.close(id);
        let (b, _) = open(&mut inbox, 'b');
        tokio::spawn(async move { b.send(2) });
        assert_eq!(inbox.take().await, [('b', 2)]);
    }

    #[tokio::test]
    async fn a_channel_that_is_closed_gives_nothing_any_more() {
        let mut inbox = Inbox::new();
        let (a, id) = open(&mut inbox, 'a');
        let (b, _) = open(&mut inbox, 'b');
        a.send(1).expect("it is open");
        b.send(2).expect("it is open");
        inbox.close(id);
        assert_eq!(inbox.take().await, [('b', 2)]);
        assert!(a.is_closed());
    }

    /// A thread sends the numbers in order to one channel or another; at no time may a number come
    /// out before a smaller one has.
    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn sorted_batches_are_the_order_of_sending() {
        const COUNT: u32 = 200_000;
        let mut inbox = Inbox::new();
        let channels: Vec<_> = (0..16).map(|_| open(&mut inbox, 'x').0).collect();
        let sender = std::thread::spawn(move || {
            let mut state = 1_u32;
            for number in 0..COUNT {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                channels[(state >> 24) as usize % 16].send(number).expect("it is open");
            }
        });
        let mut next = 0;
        while next < COUNT {
            let mut batch: Vec<_> =
                inbox.take().await.into_iter().map(|(_, number)| number).collect();
            batch.sort_unstable();
            for number in batch {
                assert_eq!(number, next);
                next += 1;
            }
        }
        sender.join().expect("it has sent all");
    }
}
