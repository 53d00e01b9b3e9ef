//! A room: its members, those that watch it, and those that wait until it is ready.

use std::collections::HashSet;
use std::hash::Hash;
use std::sync::Arc;

use crate::engine::Opened;
use crate::history::{Position, RoomHistory};
use crate::roster::{Roster, Seat, Snapshot};

pub(crate) struct Room<K, R, M> {
    members: Roster<K, R, M>,
    /// The members that are notified of members that enter and exit, if there are any.
    watchers: Option<Box<Roster<K, R, M>>>,
    /// Identifies this opening of the room.
    opening: u64,
    /// The members to notify once the room is ready; `None` if it is ready.
    waiting: Option<Vec<Waiting<K, R, M>>>,
}

/// A member that waits until the room is ready.
pub(crate) struct Waiting<K, R, M> {
    pub(crate) seat: Arc<Seat<K, R, M>>,
    pub(crate) since: Option<Position>,
}

/// A member has joined a room.
pub(crate) struct Entered<K, R, M> {
    /// Whether it was not in the room before.
    pub(crate) is_new: bool,
    /// The new number of members, or `None` if the room is not ready.
    pub(crate) members: Option<usize>,
    pub(crate) history: Option<RoomHistory>,
    pub(crate) watchers: Option<Snapshot<K, R, M>>,
}

/// A member has left a room.
pub(crate) struct Exited<K, R, M> {
    /// The number of members that remain.
    pub(crate) members: usize,
    pub(crate) watchers: Option<Snapshot<K, R, M>>,
}

/// Options of joining a room.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct JoinOptions {
    /// The position of the latest message that the member has received: what was published after it is
    /// queued for the member before anything newer, if the hub has a [history](crate::HubConfig::history).
    /// The messages that the member published itself are among them, if it published some.
    pub since: Option<Position>,
    /// Whether the member is notified of other members that enter and exit this room
    /// ([`Hub::announce_presence`](crate::Hub::announce_presence)). Joining the room again changes it.
    pub watch: bool,
}

impl<K: Eq + Hash, R: PartialEq, M> Room<K, R, M> {
    pub(crate) fn new(opening: u64, opened: Opened) -> Self {
        let waiting = match opened {
            Opened::Ready => None,
            Opened::Pending => Some(Vec::new()),
        };
        Self { members: Roster::default(), watchers: None, opening, waiting }
    }

    /// Adds a member; returns whether it is new.
    pub(crate) fn join(&mut self, seat: &Arc<Seat<K, R, M>>, options: JoinOptions) -> bool {
        let is_new = self.members.insert(Arc::clone(seat));
        match options.watch {
            true => _ = self.watchers.get_or_insert_default().insert(Arc::clone(seat)),
            false => self.unwatch(seat),
        }
        // A member that joins repeatedly is listed once.
        if let Some(waiting) = self.waiting.as_mut().filter(|_| is_new) {
            waiting.push(Waiting { seat: Arc::clone(seat), since: options.since });
        }
        is_new
    }

    /// Removes a member; returns the number that remain.
    pub(crate) fn leave(&mut self, name: &R, seat: &Arc<Seat<K, R, M>>) -> usize {
        self.members.remove(&seat.key);
        self.unwatch(seat);
        if let Some(waiting) = &mut self.waiting {
            waiting.retain(|waiting| !Arc::ptr_eq(&waiting.seat, seat));
        }
        seat.outbox.forget_ready(name);
        self.members.len()
    }

    fn unwatch(&mut self, seat: &Seat<K, R, M>) {
        if let Some(watchers) = &mut self.watchers {
            watchers.remove(&seat.key);
            if watchers.is_empty() {
                self.watchers = None;
            }
        }
    }

    /// Whether members that join are told at once.
    pub(crate) fn is_ready(&self) -> bool {
        self.waiting.is_none()
    }

    /// The members that wait for what they have missed: what is published meanwhile follows that.
    pub(crate) fn recovering(&self) -> HashSet<*const Seat<K, R, M>> {
        let waiting = self.waiting.iter().flatten();
        let recovering = waiting.filter(|waiting| waiting.since.is_some());
        recovering.map(|waiting| Arc::as_ptr(&waiting.seat)).collect()
    }

    /// Marks this opening of the room as ready; returns the members that wait for it.
    pub(crate) fn make_ready(&mut self, opening: u64) -> Vec<Waiting<K, R, M>> {
        match self.opening == opening {
            true => self.waiting.take().unwrap_or_default(),
            false => Vec::new(),
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.members.len()
    }

    pub(crate) fn snapshot(&mut self) -> Snapshot<K, R, M> {
        self.members.snapshot()
    }

    pub(crate) fn watchers(&mut self) -> Option<Snapshot<K, R, M>> {
        self.watchers.as_mut().map(|watchers| watchers.snapshot())
    }
}
