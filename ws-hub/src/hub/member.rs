//! A member's own handle.

mod socket;

use std::collections::HashSet;
use std::fmt;
use std::hash::Hash;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use ws_futures::Prepared;

pub use socket::{Cause, MemberEvent};

use super::engine::To;
use super::roster::Seat;
use super::{Hub, Published};
use socket::Progress;

/// A member of a hub, for the task that has its connection. Dropping it leaves the hub.
pub struct Member<K, R = Arc<str>, M = ()>
where
    K: Eq + Hash,
    R: Clone + Eq + Hash,
{
    seat: Arc<Seat<K, R, M>>,
    hub: Hub<K, R, M>,
    rooms: HashSet<R>,
    has_departed: bool,
    progress: Progress,
}

/// A room was joined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Joined {
    /// The member misses nothing that is published from now on.
    Ready {
        /// The number of members, those of other nodes included.
        members: usize,
    },
    /// The member gets what is published on this node; [`MemberEvent::RoomReady`] follows once
    /// nothing of other nodes can be missed.
    Pending,
}

/// A room could not be joined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JoinError {
    /// The member is in as many rooms as [`Settings::max_rooms`](super::Settings::max_rooms) allows.
    TooManyRooms,
    /// The member is [hidden](Hub::enter_hidden), or has left the hub.
    Hidden,
}

impl fmt::Display for JoinError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TooManyRooms => "a member is in too many rooms to join another one",
            Self::Hidden => "a member that is not shown cannot join a room",
        })
    }
}

impl std::error::Error for JoinError {}

/// A member is not in the room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotInRoom;

impl fmt::Display for NotInRoom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a member is not in the room")
    }
}

impl std::error::Error for NotInRoom {}

impl<K, R, M> Member<K, R, M>
where
    K: Eq + Hash,
    R: Clone + Eq + Hash,
{
    pub(super) fn new(seat: Arc<Seat<K, R, M>>, hub: Hub<K, R, M>) -> Self {
        Self {
            seat,
            hub,
            rooms: HashSet::new(),
            has_departed: false,
            progress: Progress::default(),
        }
    }

    #[cfg(test)]
    pub(super) fn outbox(&self) -> &super::outbox::Outbox<R> {
        &self.seat.outbox
    }

    /// Its key.
    pub fn key(&self) -> &K {
        &self.seat.key
    }

    /// What the application keeps of it.
    pub fn data(&self) -> &M {
        &self.seat.data
    }

    /// The hub.
    pub fn hub(&self) -> &Hub<K, R, M> {
        &self.hub
    }

    /// Whether it is counted and gets what is published.
    pub fn is_shown(&self) -> bool {
        self.seat.is_shown() && !self.has_departed
    }

    /// Shows a [hidden](Hub::enter_hidden) member; returns the number of members on this node. Nothing
    /// changes if it is shown already or has left the hub.
    pub fn show(&mut self) -> usize {
        let core = &*self.hub.0;
        let mut shard = core.shard(&self.seat.key);
        if self.has_departed || !shard.show(&self.seat.key) {
            return self.hub.len();
        }
        let members = core.shown.fetch_add(1, Ordering::Relaxed) + 1;
        drop(shard);
        core.engine.changed();
        members
    }

    /// Joins a room. Joining one that it is in already is no error.
    ///
    /// # Errors
    ///
    /// [`JoinError`] says why it cannot; nothing has changed then.
    pub fn join(&mut self, room: R) -> Result<Joined, JoinError> {
        if !self.is_shown() {
            return Err(JoinError::Hidden);
        }
        let core = &*self.hub.0;
        if !self.rooms.contains(&room) && self.rooms.len() >= core.settings.max_rooms {
            return Err(JoinError::TooManyRooms);
        }
        let joined = match core.rooms.join(&room, &self.seat, &*core.engine) {
            Some(here) => Joined::Ready { members: here + core.engine.members_elsewhere(&room) },
            None => Joined::Pending,
        };
        if self.rooms.insert(room) {
            core.engine.changed();
        }
        Ok(joined)
    }

    /// Leaves a room; returns the number of members that remain, those of other nodes included.
    ///
    /// # Errors
    ///
    /// [`NotInRoom`].
    pub fn leave(&mut self, room: &R) -> Result<usize, NotInRoom> {
        if !self.rooms.remove(room) {
            return Err(NotInRoom);
        }
        let core = &*self.hub.0;
        let here = core.rooms.leave(room, &self.seat, &*core.engine);
        core.engine.changed();
        Ok(here + core.engine.members_elsewhere(room))
    }

    /// Whether it is in a room.
    pub fn is_in(&self, room: &R) -> bool {
        self.rooms.contains(room)
    }

    /// Its rooms, in no order.
    pub fn rooms(&self) -> impl ExactSizeIterator<Item = &R> {
        self.rooms.iter()
    }

    /// Sends a message to all other members, to the others in a room, or to one member; on other
    /// nodes as well. It never waits.
    ///
    /// # Errors
    ///
    /// [`NotInRoom`] if it is for a room that this member is not in; [`Hub::publish`] asks for no
    /// membership.
    pub fn publish(
        &self,
        to: To<'_, K, R>,
        message: impl Into<Arc<Prepared>>,
    ) -> Result<Published, NotInRoom> {
        if matches!(to, To::Room(room) if !self.is_in(room)) {
            return Err(NotInRoom);
        }
        Ok(self.hub.0.publish(Some(&self.seat), to, &message.into()))
    }

    /// Leaves all rooms and the hub, as dropping it does; returns the number of members that remain on
    /// this node.
    pub fn depart(&mut self) -> usize {
        if self.has_departed {
            return self.hub.len();
        }
        let core = &*self.hub.0;
        for room in self.rooms.drain() {
            core.rooms.leave(&room, &self.seat, &*core.engine);
        }
        let mut shard = core.shard(&self.seat.key);
        shard.remove(&self.seat.key);
        let was_shown = self.seat.is_shown();
        let remaining = match was_shown {
            true => core.shown.fetch_sub(1, Ordering::Relaxed) - 1,
            false => self.hub.len(),
        };
        drop(shard);
        self.has_departed = true;
        self.seat.outbox.depart();
        core.present.remove();
        if was_shown {
            core.engine.changed();
        }
        remaining
    }
}

impl<K, R, M> Drop for Member<K, R, M>
where
    K: Eq + Hash,
    R: Clone + Eq + Hash,
{
    fn drop(&mut self) {
        self.depart();
    }
}

impl<K, R, M> fmt::Debug for Member<K, R, M>
where
    K: Eq + Hash + fmt::Debug,
    R: Clone + Eq + Hash + fmt::Debug,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Member")
            .field("key", self.key())
            .field("rooms", &self.rooms)
            .finish_non_exhaustive()
    }
}
