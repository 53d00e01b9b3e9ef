//! The tasks that wait for one connection: one that receives and one that sends.

use std::sync::{Arc, Mutex};
use std::task::{Wake, Waker};

use crate::lock::lock;

/// The wakers of both tasks. As a waker itself it wakes both: the stream keeps only the waker of its
/// latest call, but either task may wait for room; and one task may complete what the other waits for.
#[derive(Default)]
pub(crate) struct Tasks {
    reader: Mutex<Option<Waker>>,
    writer: Mutex<Option<Waker>>,
}

/// One of the two tasks.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    Reader,
    Writer,
}

impl Side {
    pub(crate) fn other(self) -> Self {
        match self {
            Self::Reader => Self::Writer,
            Self::Writer => Self::Reader,
        }
    }
}

impl Tasks {
    fn slot(&self, side: Side) -> &Mutex<Option<Waker>> {
        match side {
            Side::Reader => &self.reader,
            Side::Writer => &self.writer,
        }
    }

    pub(crate) fn register(&self, side: Side, waker: &Waker) {
        let mut slot = lock(self.slot(side));
        match &mut *slot {
            Some(registered) => registered.clone_from(waker),
            None => *slot = Some(waker.clone()),
        }
    }

    pub(crate) fn wake(&self, side: Side) {
        let waker = lock(self.slot(side)).take();
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

impl Wake for Tasks {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        for side in [Side::Reader, Side::Writer] {
            Self::wake(self, side);
        }
    }
}
