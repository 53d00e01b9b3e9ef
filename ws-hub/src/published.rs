//! The outcome of publishing.

use crate::history::Position;
use crate::outbox::Pushed;

/// The outcome of publishing a message on this node.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Published {
    /// The number of members for which it was queued.
    pub queued: usize,
    /// The number of slow members that miss it ([`SlowPolicy::Drop`](crate::SlowPolicy::Drop)).
    pub dropped: usize,
    /// The number of slow members that are closed because of it ([`SlowPolicy::Close`](crate::SlowPolicy::Close)).
    pub given_up: usize,
    /// Its position in the history of its room, if that has one.
    pub position: Option<Position>,
}

impl Published {
    pub(crate) fn count(&mut self, pushed: Pushed) {
        match pushed {
            Pushed::Queued => self.queued += 1,
            Pushed::Dropped => self.dropped += 1,
            Pushed::GivenUp => self.given_up += 1,
            Pushed::Ended => {}
        }
    }
}
