//! Buffers, shared by the connections that a thread polls: an idle connection owns none, and a
//! busy thread reuses the one in its CPU cache.

use std::cell::{Cell, RefCell};
use std::mem;

use crate::output_queue::OutputQueue;

/// The size of a read buffer: a frame of 64 KiB with its header, and a margin. Half a page off a whole number of
/// pages: where an output buffer follows it at nearly the same offset in a page, copies between the two are
/// several times slower on some processors.
pub(crate) const READ: usize = 66 * 1024;
/// The size of a read buffer while a larger frame arrives.
pub(crate) const LARGE_READ: usize = 256 * 1024;
/// A write buffer that has grown beyond this is freed: it holds the answer to all that a read buffer does.
const WRITE: usize = READ;
/// The maximum number of buffers of a kind that a thread keeps: they are in use only between a read and
/// the wait for the next one, so more than one is rare.
const KEPT: usize = 4;
/// A queue with memory for more pieces than this is freed.
const PIECES: usize = 64;

thread_local! {
    static POOL: Pool = const {
        Pool {
            read: Buffers::new(),
            large_read: Cell::new(None),
            write: Buffers::new(),
            queues: Buffers::new(),
        }
    };
}

struct Pool {
    read: Buffers<Box<[u8]>>,
    large_read: Cell<Option<Box<[u8]>>>,
    write: Buffers<Vec<u8>>,
    queues: Buffers<Box<OutputQueue>>,
}

/// The free buffers, or queues, of one kind.
struct Buffers<B> {
    /// The one that was in use last. Usually the only one.
    latest: Cell<Option<B>>,
    others: RefCell<Vec<B>>,
}

impl<B> Buffers<B> {
    const fn new() -> Self {
        Self { latest: Cell::new(None), others: RefCell::new(Vec::new()) }
    }

    #[inline]
    fn take(&self) -> Option<B> {
        self.latest.take().or_else(|| self.others.borrow_mut().pop())
    }

    #[inline]
    fn give(&self, buffer: B) {
        if let Some(other) = self.latest.replace(Some(buffer)) {
            self.keep(other);
        }
    }

    #[cold]
    fn keep(&self, buffer: B) {
        let mut others = self.others.borrow_mut();
        if others.len() < KEPT - 1 {
            others.push(buffer);
        }
    }
}

/// A buffer of [`READ`] bytes, with the contents of earlier reads of the thread.
pub(crate) fn take_read() -> Box<[u8]> {
    with(|pool| pool.read.take()).flatten().unwrap_or_else(|| vec![0; READ].into_boxed_slice())
}

/// The same of [`LARGE_READ`] bytes.
#[cold]
pub(crate) fn take_large_read() -> Box<[u8]> {
    let kept = with(|pool| pool.large_read.take());
    kept.flatten().unwrap_or_else(|| vec![0; LARGE_READ].into_boxed_slice())
}

pub(crate) fn give_read(buffer: Box<[u8]>) {
    match buffer.len() {
        READ => with(|pool| pool.read.give(buffer)),
        LARGE_READ => with(|pool| pool.large_read.set(Some(buffer))),
        _ => None,
    };
}

/// An empty buffer, usually with some capacity.
pub(crate) fn take_write() -> Vec<u8> {
    with(|pool| pool.write.take()).flatten().unwrap_or_default()
}

/// Returns the buffer to the pool, leaving an empty one in its place.
pub(crate) fn give_write(buffer: &mut Vec<u8>) {
    let mut buffer = mem::take(buffer);
    buffer.clear();
    if (1..=WRITE).contains(&buffer.capacity()) {
        with(|pool| pool.write.give(buffer));
    }
}

/// An empty queue, usually with memory for some pieces.
pub(crate) fn take_queue() -> Box<OutputQueue> {
    with(|pool| pool.queues.take()).flatten().unwrap_or_default()
}

/// Returns an empty queue to the pool.
pub(crate) fn give_queue(queue: Box<OutputQueue>) {
    debug_assert!(queue.is_empty(), "output would reach another connection");
    if queue.capacity() <= PIECES {
        with(|pool| pool.queues.give(queue));
    }
}

/// `None` while the thread is ending, when its pool is gone.
#[inline]
fn with<R>(use_pool: impl FnOnce(&Pool) -> R) -> Option<R> {
    POOL.try_with(use_pool).ok()
}
