//! Which tasks wait, and for what.

use std::task::{Context, Waker};

use ws_proto::Instant;

/// The tasks to wake. They differ if one task receives and another one sends: input
/// wakes the first, room in the output both.
#[derive(Clone, Copy)]
pub(crate) struct Wakers<'w> {
    pub(crate) read: &'w Waker,
    pub(crate) write: &'w Waker,
}

impl<'w> Wakers<'w> {
    pub(crate) fn same(cx: &'w Context<'_>) -> Self {
        Self::one(cx.waker())
    }

    pub(super) fn one(waker: &'w Waker) -> Self {
        Self { read: waker, write: waker }
    }
}

/// What one of two tasks may wait for, besides input.
#[derive(Clone, Copy)]
pub(super) struct WaitState {
    pub(super) lacks_room: bool,
    pub(super) blocked: bool,
    /// The deadline in effect, and whether there is another.
    pub(super) deadline: (Option<Instant>, bool),
}

impl WaitState {
    /// Whether a task that waits since `before` can continue now.
    pub(super) fn ends_wait_since(self, before: Self) -> bool {
        (before.lacks_room && !self.lacks_room)
            || (before.blocked && !self.blocked)
            || before.deadline != self.deadline
    }
}

/// Whether to continue reading while the output is full.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum WhenFull {
    /// Yes: the sender waits for room itself.
    Read,
    /// No: each input may cause output.
    Wait,
}
