//! Locks that are held for a few instructions, never while a task is woken.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Ignores poisoning: a panic elsewhere leaves the data behind these locks valid, as no change is partial.
pub(crate) fn lock<V>(mutex: &Mutex<V>) -> MutexGuard<'_, V> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
