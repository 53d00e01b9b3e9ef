//! Permits, which bound concurrent work.

use std::fmt;
use std::future::poll_fn;
use std::sync::{Arc, Mutex};
use std::task::{Poll, Waker};

use crate::lock::lock;

/// A semaphore with a fixed number of permits. Clones share it.
#[derive(Clone)]
pub struct Permits {
    shared: Arc<Mutex<State>>,
}

struct State {
    free: usize,
    waiting: Option<Waker>,
}

/// One of [`Permits`], released when it is dropped.
pub struct Permit {
    shared: Arc<Mutex<State>>,
}

impl Permits {
    /// Creates this number of permits, all of them free.
    pub fn new(count: usize) -> Self {
        Self { shared: Arc::new(Mutex::new(State { free: count, waiting: None })) }
    }

    /// Takes a permit if one is free.
    pub fn try_take(&self) -> Option<Permit> {
        let mut state = lock(&self.shared);
        state.free = state.free.checked_sub(1)?;
        Some(Permit { shared: Arc::clone(&self.shared) })
    }

    /// Waits until a permit is free, and takes it. Only one task at a time can wait.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: if the future is dropped before it is ready, none has been taken.
    pub async fn take(&self) -> Permit {
        poll_fn(|cx| {
            // Registers the waker before it checks: a permit released in between wakes the task.
            let former = lock(&self.shared).waiting.replace(cx.waker().clone());
            drop(former);
            self.try_take().map_or(Poll::Pending, Poll::Ready)
        })
        .await
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let mut state = lock(&self.shared);
        state.free += 1;
        let waiting = state.waiting.take();
        drop(state);
        waiting.into_iter().for_each(Waker::wake);
    }
}

impl fmt::Debug for Permits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Permits").field("free", &lock(&self.shared).free).finish_non_exhaustive()
    }
}

impl fmt::Debug for Permit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Permit").finish_non_exhaustive()
    }
}
