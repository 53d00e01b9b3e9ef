//! Locks that are held for a few instructions, never while a task is woken.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// A panic elsewhere leaves what is behind these locks valid: nothing of it is changed by halves.
pub(crate) fn lock<V>(mutex: &Mutex<V>) -> MutexGuard<'_, V> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
