//! Buffers, shared by the connections that a thread polls: an idle connection owns none, and a
//! busy thread reuses the one in its CPU cache.

use std::cell::RefCell;
use std::mem;

/// The maximum size of one read: frames of 16 KiB with their headers, and a margin.
pub(crate) const READ: usize = 64 * 1024;
/// A write buffer that has grown beyond this is freed.
const WRITE: usize = 64 * 1024;
/// The maximum number of buffers of a kind that a thread keeps: they are in use only between a read and
/// the wait for the next one, so more than one is rare.
const KEPT: usize = 4;

thread_local! {
    static POOL: RefCell<Pool> = const { RefCell::new(Pool { read: Vec::new(), write: Vec::new() }) };
}

struct Pool {
    read: Vec<Box<[u8]>>,
    write: Vec<Vec<u8>>,
}

/// A buffer of [`READ`] bytes, with the contents of earlier reads of the thread.
pub(crate) fn take_read() -> Box<[u8]> {
    with(|pool| pool.read.pop()).flatten().unwrap_or_else(|| vec![0; READ].into_boxed_slice())
}

pub(crate) fn give_read(buffer: Box<[u8]>) {
    with(|pool| {
        if pool.read.len() < KEPT && buffer.len() == READ {
            pool.read.push(buffer);
        }
    });
}

/// An empty buffer, usually with some capacity.
pub(crate) fn take_write() -> Vec<u8> {
    with(|pool| pool.write.pop()).flatten().unwrap_or_default()
}

/// Returns the buffer to the pool, leaving an empty one in its place.
pub(crate) fn give_write(buffer: &mut Vec<u8>) {
    let mut buffer = mem::take(buffer);
    buffer.clear();
    with(|pool| {
        if pool.write.len() < KEPT && (1..=WRITE).contains(&buffer.capacity()) {
            pool.write.push(buffer);
        }
    });
}

/// `None` while the thread is ending, when its pool is gone.
fn with<R>(use_pool: impl FnOnce(&mut Pool) -> R) -> Option<R> {
    POOL.try_with(|pool| use_pool(&mut pool.borrow_mut())).ok()
}
