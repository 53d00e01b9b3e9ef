//! Engines, shared by connections.

use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;
use core::ops::{Deref, DerefMut};
use std::sync::{Mutex, PoisonError};

use super::engine::{Deflater, Inflater};

/// The compression engines of many connections.
///
/// A clone is another handle to the same pool. It has at most so many engines for each direction, and
/// half of them may stay with connections that are busy. Where more connections are busy at the same
/// time, each borrows one of the others for a message at a time, which costs a copy of its history. An
/// engine takes about 160 KiB to compress with a window of 12 bits and 64 KiB to decompress: memory
/// for the pool, not for each connection. As connections become idle the pool frees engines, too, down
/// to a sixteenth of its size.
#[derive(Clone)]
pub struct EnginePool {
    shelves: Arc<Mutex<Shelves>>,
    size: usize,
}

/// When connections become idle as many engines wait for others as are in use, but at least this part
/// of all that there may be.
const KEPT: usize = 16;

#[derive(Default)]
pub(super) struct Shelves {
    deflaters: Shelf<Deflater>,
    inflaters: Shelf<Inflater>,
}

pub(super) struct Shelf<E> {
    idle: Vec<Box<E>>,
    lent: usize,
}

impl<E> Default for Shelf<E> {
    fn default() -> Self {
        Self { idle: Vec::new(), lent: 0 }
    }
}

/// An engine with a shelf of its own.
pub(super) trait Pooled: Sized {
    fn shelf(shelves: &mut Shelves) -> &mut Shelf<Self>;

    /// Gives up memory that only the last connection needed.
    fn trim(&mut self) {}
}

impl Pooled for Deflater {
    fn shelf(shelves: &mut Shelves) -> &mut Shelf<Self> {
        &mut shelves.deflaters
    }

    fn trim(&mut self) {
        Self::trim(self);
    }
}

impl Pooled for Inflater {
    fn shelf(shelves: &mut Shelves) -> &mut Shelf<Self> {
        &mut shelves.inflaters
    }
}

impl EnginePool {
    /// A pool for so many engines in each direction. Zero is allowed: every message has a new one.
    pub fn new(size: usize) -> Self {
        Self { shelves: Arc::default(), size }
    }

    pub(super) fn deflater(&self, level: i32, window_bits: u8) -> Lease<Deflater> {
        let fits = |engine: &Deflater| engine.fits(level, window_bits);
        self.lend(fits, || Deflater::new(level, window_bits))
    }

    pub(super) fn inflater(&self) -> Lease<Inflater> {
        self.lend(|_| true, Inflater::new)
    }

    fn lend<E: Pooled>(&self, fits: impl Fn(&E) -> bool, new: impl FnOnce() -> E) -> Lease<E> {
        let (idle, stays) = self.with(|shelf: &mut Shelf<E>| {
            shelf.lent += 1;
            let fitting = shelf.idle.iter().rposition(|engine| fits(engine));
            (fitting.map(|at| shelf.idle.remove(at)), shelf.lent <= self.size / 2)
        });
        let engine = idle.unwrap_or_else(|| Box::new(new()));
        Lease { engine: Some(engine), stays, retired: false, pool: self.clone() }
    }

    fn take_back<E: Pooled>(&self, mut engine: Box<E>, retired: bool) {
        engine.trim();
        // What there is no room for is freed when the lock is not held.
        let _surplus = self.with(|shelf: &mut Shelf<E>| {
            shelf.lent -= 1;
            shelf.idle.push(engine);
            let mut room = self.size.saturating_sub(shelf.lent);
            if retired {
                room = room.min(shelf.lent.max(self.size.div_ceil(KEPT)));
            }
            let surplus = shelf.idle.len().saturating_sub(room);
            shelf.idle.drain(..surplus).collect::<Vec<_>>()
        });
    }

    fn with<E: Pooled, R>(&self, act: impl FnOnce(&mut Shelf<E>) -> R) -> R {
        act(E::shelf(&mut self.shelves.lock().unwrap_or_else(PoisonError::into_inner)))
    }
}

/// 64 engines for each direction: at most some 14 MiB.
impl Default for EnginePool {
    fn default() -> Self {
        Self::new(64)
    }
}

/// Equal if it is the same pool.
impl PartialEq for EnginePool {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.shelves, &other.shelves)
    }
}

impl Eq for EnginePool {}

impl fmt::Debug for EnginePool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EnginePool").field("size", &self.size).finish_non_exhaustive()
    }
}

/// An engine on loan: it goes back to its pool when this is dropped.
pub(super) struct Lease<E: Pooled> {
    engine: Option<Box<E>>,
    stays: bool,
    retired: bool,
    pool: EnginePool,
}

impl<E: Pooled> Lease<E> {
    /// Whether it may be kept from one message to the next.
    pub(super) fn stays(&self) -> bool {
        self.stays
    }

    /// Gives it back because its connection is idle, not because a message has ended.
    pub(super) fn retire(mut self) {
        self.retired = true;
    }
}

impl<E: Pooled> Deref for Lease<E> {
    type Target = E;

    fn deref(&self) -> &E {
        self.engine.as_deref().expect(HELD)
    }
}

impl<E: Pooled> DerefMut for Lease<E> {
    fn deref_mut(&mut self) -> &mut E {
        self.engine.as_deref_mut().expect(HELD)
    }
}

const HELD: &str = "an engine is given back only by the drop of its lease";

impl<E: Pooled> Drop for Lease<E> {
    fn drop(&mut self) {
        if let Some(engine) = self.engine.take() {
            self.pool.take_back(engine, self.retired);
        }
    }
}
