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
/// A clone is another handle to the same pool. An engine takes about 160 KiB to compress with a window
/// of 12 bits and 64 KiB to decompress: memory for the pool, not for each connection.
///
/// Of the engines of each direction, up to half the size of the pool stay with busy connections, until
/// [`Deflate::idle_timeout`](super::Deflate::idle_timeout) or the end of the connection. Where more
/// connections are busy at the same time, each borrows an engine for a message at a time, which costs a
/// copy of its history. A message that is sent or received in part keeps its engine until it ends.
///
/// An engine that is returned waits for the next message if no more engines wait than are in use, or
/// than the *reserve* holds, a sixteenth of the size of the pool. So the pool shrinks as connections fall
/// idle or end, without a timer of its own, and the last one leaves the reserve: 4 engines of each
/// direction for the default size, 0.9 MiB. Short-lived connections share these; when more of them
/// begin at once while no others are busy, each of the further ones allocates its engines.
#[derive(Clone)]
pub struct EnginePool {
    engines: Arc<Mutex<Engines>>,
    size: usize,
}

/// The part of the pool that is kept while no engine is in use.
const RESERVE: usize = 16;

#[derive(Default)]
pub(super) struct Engines {
    deflaters: Supply<Deflater>,
    inflaters: Supply<Inflater>,
}

/// The engines of one direction.
pub(super) struct Supply<E> {
    idle: Vec<Box<E>>,
    lent: usize,
}

impl<E> Default for Supply<E> {
    fn default() -> Self {
        Self { idle: Vec::new(), lent: 0 }
    }
}

/// An engine of either direction.
pub(super) trait Pooled: Sized {
    fn supply(engines: &mut Engines) -> &mut Supply<Self>;

    /// Frees memory that only the last connection needed.
    fn trim(&mut self) {}
}

impl Pooled for Deflater {
    fn supply(engines: &mut Engines) -> &mut Supply<Self> {
        &mut engines.deflaters
    }

    fn trim(&mut self) {
        Self::trim(self);
    }
}

impl Pooled for Inflater {
    fn supply(engines: &mut Engines) -> &mut Supply<Self> {
        &mut engines.inflaters
    }
}

impl EnginePool {
    /// Creates a pool of `size` engines in each direction. With zero every message allocates one.
    pub fn new(size: usize) -> Self {
        Self { engines: Arc::default(), size }
    }

    pub(super) fn deflater(&self, level: i32, window_bits: u8) -> Lease<Deflater> {
        let fits = |engine: &Deflater| engine.fits(level, window_bits);
        self.lend(fits, || Deflater::new(level, window_bits))
    }

    pub(super) fn inflater(&self) -> Lease<Inflater> {
        self.lend(|_| true, Inflater::new)
    }

    fn lend<E: Pooled>(&self, fits: impl Fn(&E) -> bool, new: impl FnOnce() -> E) -> Lease<E> {
        let (idle, stays) = self.with(|supply: &mut Supply<E>| {
            supply.lent += 1;
            let fitting = supply.idle.iter().rposition(|engine| fits(engine));
            (fitting.map(|at| supply.idle.remove(at)), supply.lent <= self.size / 2)
        });
        let engine = idle.unwrap_or_else(|| Box::new(new()));
        Lease { engine: Some(engine), stays, pool: self.clone() }
    }

    fn take_back<E: Pooled>(&self, mut engine: Box<E>) {
        engine.trim();
        // An engine without room in the pool is freed after the lock is released.
        let _surplus = self.with(|supply: &mut Supply<E>| {
            supply.lent -= 1;
            supply.idle.push(engine);
            let kept = supply.lent.max(self.size.div_ceil(RESERVE));
            let room = kept.min(self.size.saturating_sub(supply.lent));
            let surplus = supply.idle.len().saturating_sub(room);
            supply.idle.drain(..surplus).collect::<Vec<_>>()
        });
    }

    fn with<E: Pooled, R>(&self, act: impl FnOnce(&mut Supply<E>) -> R) -> R {
        act(E::supply(&mut self.engines.lock().unwrap_or_else(PoisonError::into_inner)))
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
        Arc::ptr_eq(&self.engines, &other.engines)
    }
}

impl Eq for EnginePool {}

impl fmt::Debug for EnginePool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EnginePool").field("size", &self.size).finish_non_exhaustive()
    }
}

/// A borrowed engine, which returns to its pool when this is dropped.
pub(super) struct Lease<E: Pooled> {
    engine: Option<Box<E>>,
    stays: bool,
    pool: EnginePool,
}

impl<E: Pooled> Lease<E> {
    /// Whether it may be kept from one message to the next.
    pub(super) fn stays(&self) -> bool {
        self.stays
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
            self.pool.take_back(engine);
        }
    }
}
