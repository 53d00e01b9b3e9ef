//! Buffers, shared by the connections that a thread polls: an idle connection owns none, and a
//! busy thread keeps using the one that is in its cache.

use std::cell::RefCell;
use std::mem;

/// One read takes at most this much: frames of 16 KiB with their headers and to spare.
pub(crate) const READ: usize = 64 * 1024;
/// A write buffer that has grown beyond this is given back to the allocator.
const WRITE: usize = 64 * 1024;
/// Each thread keeps at most this many buffers of a kind: they are in use only between a read and
/// the wait for the next one, so more than one is rare.
const KEPT: usize = 4;

thread_local! {
    static POOL: RefCell<Pool> = const { RefCell::new(Pool { read: Vec::new(), write: Vec::new() }) };
}

struct Pool {
    read: Vec<Box<[u8]>>,
    write: Vec<Vec<u8>>,
}

/// A buffer of [`READ`] bytes; what is in it is left over from earlier reads of the thread.
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

/// An empty buffer, with some capacity as a rule.
pub(crate) fn take_write() -> Vec<u8> {
    with(|pool| pool.write.pop()).flatten().unwrap_or_default()
}

/// Takes the buffer back, leaving an empty one in its place.
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
