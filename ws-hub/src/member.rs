//! The handle that a connection's task holds.

use std::collections::HashSet;
use std::fmt;
use std::hash::Hash;
use std::sync::Arc;

use ws_futures::Prepared;

use crate::engine::To;
use crate::history::{Position, RoomHistory};
use crate::presence::PresenceChange;
use crate::progress::Progress;
use crate::published::Published;
use crate::room::{Entered, JoinOptions};
use crate::roster::Seat;
use crate::shared::Shared;

/// A member of a hub, owned by the task of its connection. Dropping it leaves the hub.
pub struct Member<K, R = Arc<str>, M = ()>
where
    K: Eq + Hash,
    R: Clone + Ord + Hash,
{
    pub(crate) seat: Arc<Seat<K, R, M>>,
    pub(crate) shared: Arc<Shared<K, R, M>>,
    rooms: HashSet<R>,
    has_departed: bool,
    /// The progress of its connection.
    pub(crate) progress: Progress,
}

/// The result of joining a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Joined {
    /// The member receives all messages published from now on.
    Ready {
        /// The number of members, including those on other nodes.
        members: usize,
        /// The history of the room, if it has one. The messages that the member has
        /// [missed](JoinOptions::since) are queued.
        history: Option<RoomHistory>,
    },
    /// The member receives messages published on this node;
    /// [`MemberEvent::RoomReady`](crate::MemberEvent::RoomReady) follows once no message of other nodes
    /// can be missed. If it joined [since](JoinOptions::since) a position, messages follow that event only, in
    /// order with those that it has missed.
    Pending,
}

/// An error of joining a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum JoinError {
    /// The member is in [`HubConfig::max_rooms`](crate::HubConfig::max_rooms) rooms already.
    TooManyRooms,
    /// The member is [hidden](crate::Hub::enter_hidden), or has left the hub.
    Hidden,
}

impl fmt::Display for JoinError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TooManyRooms => "member is in the maximum number of rooms",
            Self::Hidden => "member is hidden and cannot join a room",
        })
    }
}

impl std::error::Error for JoinError {}

/// The member is not in the room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotInRoom;

impl fmt::Display for NotInRoom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("member is not in the room")
    }
}

impl std::error::Error for NotInRoom {}

impl<K, R, M> Member<K, R, M>
where
    K: Eq + Hash,
    R: Clone + Ord + Hash,
{
    pub(crate) fn new(seat: Arc<Seat<K, R, M>>, shared: Arc<Shared<K, R, M>>) -> Self {
        Self {
            seat,
            shared,
            rooms: HashSet::new(),
            has_departed: false,
            progress: Progress::default(),
        }
    }

    /// Returns the key.
    pub fn key(&self) -> &K {
        &self.seat.key
    }

    /// Returns the application's data.
    pub fn data(&self) -> &M {
        &self.seat.data
    }

    /// Whether it is counted and receives published messages.
    pub fn is_shown(&self) -> bool {
        self.seat.is_shown() && !self.has_departed
    }

    /// Shows a [hidden](crate::Hub::enter_hidden) member; returns the number of members on this node. Nothing
    /// changes if it is shown already or has left the hub.
    pub fn show(&mut self) -> usize {
        match self.has_departed {
            true => self.shared.len(),
            false => self.shared.show(&self.seat),
        }
    }

    /// Joins a room. Joining the same room again is no error.
    ///
    /// # Errors
    ///
    /// [`JoinError`]; nothing has changed then.
    pub fn join(&mut self, room: R) -> Result<Joined, JoinError> {
        self.join_with(room, JoinOptions::default())
    }

    /// Joins a room, and receives what it has [missed](JoinOptions::since) there, or is notified of other
    /// members that [enter and exit](JoinOptions::watch).
    ///
    /// # Errors
    ///
    /// [`JoinError`]; nothing has changed then.
    pub fn join_with(&mut self, room: R, options: JoinOptions) -> Result<Joined, JoinError> {
        if !self.is_shown() {
            return Err(JoinError::Hidden);
        }
        let Shared { config, rooms, engine, .. } = &*self.shared;
        if !self.rooms.contains(&room) && self.rooms.len() >= config.max_rooms {
            return Err(JoinError::TooManyRooms);
        }
        let entered = rooms.join(&room, &self.seat, options, &**engine, &config.bounds);
        let Entered { is_new, members, history, watchers } = entered;
        if is_new {
            self.shared.announce(PresenceChange::Entered, &room, &self.seat, watchers);
        }
        let joined = match members {
            Some(here) => {
                Joined::Ready { members: here + engine.members_elsewhere(&room), history }
            }
            None => Joined::Pending,
        };
        if self.rooms.insert(room) {
            engine.changed();
        }
        Ok(joined)
    }

    /// Leaves a room; returns the number of remaining members, including those on other nodes.
    ///
    /// # Errors
    ///
    /// [`NotInRoom`].
    pub fn leave(&mut self, room: &R) -> Result<usize, NotInRoom> {
        if !self.rooms.remove(room) {
            return Err(NotInRoom);
        }
        let Shared { engine, .. } = &*self.shared;
        let here = self.shared.leave(room, &self.seat);
        engine.changed();
        Ok(here + engine.members_elsewhere(room))
    }

    /// Whether it is in a room.
    pub fn is_in(&self, room: &R) -> bool {
        self.rooms.contains(room)
    }

    /// Iterates over its rooms, in no particular order.
    pub fn rooms(&self) -> impl ExactSizeIterator<Item = &R> {
        self.rooms.iter()
    }

    /// Publishes a message to all other members, to the others in a room, or to one member, on all nodes.
    /// Never waits.
    ///
    /// # Errors
    ///
    /// [`NotInRoom`] if it is for a room that this member is not in; [`Hub::publish`](crate::Hub::publish)
    /// requires no membership.
    pub fn publish(
        &self,
        to: To<'_, K, R>,
        message: impl Into<Arc<Prepared>>,
    ) -> Result<Published, NotInRoom> {
        if matches!(to, To::Room(room) if !self.is_in(room)) {
            return Err(NotInRoom);
        }
        Ok(self.shared.publish(Some(&self.seat), to, &message.into()))
    }

    /// Publishes a message to the other members of a room, on all nodes, like [`publish`](Self::publish).
    /// `encode` is called with the position of the message, or with `None` if the hub has no
    /// [history](crate::HubConfig::history). It must not call the hub or its members: the lock of the room is
    /// held.
    ///
    /// # Errors
    ///
    /// [`NotInRoom`].
    pub fn publish_to_room(
        &self,
        room: &R,
        encode: impl FnOnce(Option<Position>) -> Prepared,
    ) -> Result<Published, NotInRoom> {
        if !self.is_in(room) {
            return Err(NotInRoom);
        }
        let encode = |position| Arc::new(encode(position));
        Ok(self.shared.publish_to_room(Some(self.key()), Some(&self.seat), room, encode))
    }

    /// Leaves all rooms and the hub, as dropping it does; returns the number of remaining members on
    /// this node.
    pub fn depart(&mut self) -> usize {
        if self.has_departed {
            return self.shared.len();
        }
        self.has_departed = true;
        for room in self.rooms.drain() {
            self.shared.leave(&room, &self.seat);
        }
        self.shared.depart(&self.seat)
    }
}

impl<K, R, M> Drop for Member<K, R, M>
where
    K: Eq + Hash,
    R: Clone + Ord + Hash,
{
    fn drop(&mut self) {
        self.depart();
    }
}

impl<K, R, M> fmt::Debug for Member<K, R, M>
where
    K: Eq + Hash + fmt::Debug,
    R: Clone + Ord + Hash + fmt::Debug,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Member")
            .field("key", self.key())
            .field("rooms", &self.rooms)
            .finish_non_exhaustive()
    }
}
