//! Values, each behind its own lock, to reduce contention.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher as _, Hash};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// More than most machines have threads.
const COUNT: usize = 64;

/// Finds the shard of a key by its hash.
pub(crate) struct Shards<T> {
    shards: [Mutex<T>; COUNT],
    hasher: RandomState,
}

impl<T: Default> Default for Shards<T> {
    fn default() -> Self {
        Self { shards: std::array::from_fn(|_| Mutex::default()), hasher: RandomState::new() }
    }
}

impl<T> Shards<T> {
    /// Locks the shard of a key.
    pub(crate) fn of(&self, key: &impl Hash) -> MutexGuard<'_, T> {
        lock(&self.shards[self.hasher.hash_one(key) as usize % COUNT])
    }

    /// Locks each shard in turn.
    pub(crate) fn each(&self) -> impl Iterator<Item = MutexGuard<'_, T>> {
        self.shards.iter().map(lock)
    }
}

/// Ignores poisoning: a panic elsewhere leaves the data behind the locks of this crate valid.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
