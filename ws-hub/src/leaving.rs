//! The shutdown of a hub: closes its members and waits until they have left.

use std::fmt;
use std::future::poll_fn;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

use ws_futures::Close;

use crate::roster::Seat;
use crate::shards::lock;

/// The members that are still to be closed. Dropping it closes all that remain.
#[must_use = "dropping it closes all members at once"]
pub struct Drain<K, R = Arc<str>, M = ()> {
    remaining: Vec<Arc<Seat<K, R, M>>>,
    close: Close<'static>,
}

impl<K, R, M> Drain<K, R, M> {
    pub(crate) fn new(seats: Vec<Arc<Seat<K, R, M>>>, close: Close<'static>) -> Self {
        Self { remaining: seats, close }
    }

    /// Returns the number of members that are not closed yet.
    pub fn len(&self) -> usize {
        self.remaining.len()
    }

    /// Whether all members are closed.
    pub fn is_empty(&self) -> bool {
        self.remaining.is_empty()
    }

    /// Closes the next `count` members, or all if there are fewer.
    pub fn close(&mut self, count: usize) {
        let kept = self.len().saturating_sub(count);
        for seat in self.remaining.drain(kept..) {
            seat.outbox.close(&self.close);
        }
    }
}

impl<K, R, M> Drop for Drain<K, R, M> {
    fn drop(&mut self) {
        self.close(usize::MAX);
    }
}

impl<K, R, M> fmt::Debug for Drain<K, R, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Drain").field("remaining", &self.len()).finish_non_exhaustive()
    }
}

/// The number of members, including hidden ones, and the tasks that wait until there is none.
#[derive(Default)]
pub(crate) struct Present {
    count: AtomicUsize,
    waiting: Mutex<Vec<Waker>>,
}

impl Present {
    pub(crate) fn add(&self) {
        self.count.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn remove(&self) {
        if self.count.fetch_sub(1, Ordering::Relaxed) == 1 {
            let waiting = std::mem::take(&mut *lock(&self.waiting));
            waiting.into_iter().for_each(Waker::wake);
        }
    }

    pub(crate) async fn none(&self) {
        poll_fn(|cx| self.poll_none(cx)).await;
    }

    fn poll_none(&self, cx: &Context<'_>) -> Poll<()> {
        let mut waiting = lock(&self.waiting);
        // Read with the lock held: the task that removes the last member takes the wakers afterwards.
        if self.count.load(Ordering::Relaxed) == 0 {
            return Poll::Ready(());
        }
        if !waiting.iter().any(|waker| waker.will_wake(cx.waker())) {
            waiting.push(cx.waker().clone());
        }
        Poll::Pending
    }
}
