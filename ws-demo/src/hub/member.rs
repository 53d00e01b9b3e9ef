//! A client's place in the hub.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::outbox::Outbox;
use super::{Hub, Slow};
use crate::engine::Publication;
use crate::id::ClientId;
use crate::room::RoomName;

/// Somebody in the hub, until it [departs](Self::depart).
pub(crate) struct Member {
    id: ClientId,
    outbox: Arc<Outbox>,
    rooms: HashSet<RoomName>,
    hub: Arc<Hub>,
    stage: Stage,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    Lobby,
    Joined,
    Departed,
}

/// How joining a room went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Joining {
    /// The client is one of so many.
    Joined(usize),
    /// It is told once the room misses nothing.
    Later,
    /// It is in as many rooms as it may be.
    TooManyRooms,
}

/// A client is not in the room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NotJoined;

impl Member {
    pub(super) fn new(id: ClientId, outbox: Arc<Outbox>, hub: Arc<Hub>) -> Self {
        Self { id, outbox, rooms: HashSet::new(), hub, stage: Stage::Lobby }
    }

    pub(crate) fn id(&self) -> ClientId {
        self.id
    }

    /// What others want to be sent to it.
    pub(crate) fn outbox(&self) -> &Arc<Outbox> {
        &self.outbox
    }

    pub(crate) fn hub(&self) -> &Arc<Hub> {
        &self.hub
    }

    pub(crate) fn has_joined(&self) -> bool {
        self.stage == Stage::Joined
    }

    /// It is one of the clients from now on; returns how many there are on this node.
    pub(crate) fn join(&mut self) -> usize {
        if self.stage != Stage::Lobby {
            return self.hub.len();
        }
        self.stage = Stage::Joined;
        let mut shard = self.hub.shard(self.id);
        shard.lobby.remove(&self.id);
        shard.clients.insert(self.id, Arc::clone(&self.outbox));
        let total = self.hub.clients.fetch_add(1, Ordering::Relaxed) + 1;
        drop(shard);
        self.hub.engine.changed();
        total
    }

    /// Hands a message to everybody else.
    pub(crate) fn broadcast(&self, message: &str) {
        self.hub.broadcast(Publication { from: self.id, room: None, message });
    }

    /// Hands a message to the other members of a room.
    ///
    /// # Errors
    ///
    /// Only members may.
    pub(crate) fn broadcast_to(&self, room: &RoomName, message: &str) -> Result<(), NotJoined> {
        if !self.rooms.contains(room) {
            return Err(NotJoined);
        }
        self.hub.broadcast(Publication { from: self.id, room: Some(room), message });
        Ok(())
    }

    /// Enters a room. Being in it already is no mistake. `reference`, in JSON, is given back when
    /// the answer comes later.
    pub(crate) fn join_room(&mut self, room: RoomName, reference: Option<&str>) -> Joining {
        if !self.rooms.contains(&room) && self.rooms.len() >= self.hub.settings.max_rooms {
            return Joining::TooManyRooms;
        }
        let entry = (self.id, Arc::clone(&self.outbox));
        let joined = self.hub.rooms.join(&room, entry, reference, self.hub.engine());
        let answer = match joined {
            Some(here) => Joining::Joined(here + self.hub.engine.members_elsewhere(&room)),
            None => Joining::Later,
        };
        if self.rooms.insert(room) {
            self.hub.engine.changed();
        }
        answer
    }

    /// Leaves a room; returns how many members it still has.
    ///
    /// # Errors
    ///
    /// It is not in there.
    pub(crate) fn leave_room(&mut self, room: &RoomName) -> Result<usize, NotJoined> {
        if !self.rooms.remove(room) {
            return Err(NotJoined);
        }
        let here = self.hub.rooms.leave(room, self.id, self.hub.engine());
        self.hub.engine.changed();
        Ok(here + self.hub.engine.members_elsewhere(room))
    }

    pub(crate) fn is_in(&self, room: &RoomName) -> bool {
        self.rooms.contains(room)
    }

    /// What is to be done when the client has taken nothing for too long.
    pub(crate) fn stall(&self) {
        let missed = self.outbox.stall();
        match self.hub.settings.bounds.slow {
            Slow::Close => self.hub.metrics.give_up_slow(),
            Slow::Drop => self.hub.metrics.miss(missed),
        }
    }

    /// Leaves everything; returns how many clients are left on this node.
    pub(crate) fn depart(&mut self) -> usize {
        let stage = std::mem::replace(&mut self.stage, Stage::Departed);
        for room in std::mem::take(&mut self.rooms) {
            self.hub.rooms.leave(&room, self.id, self.hub.engine());
        }
        let mut shard = self.hub.shard(self.id);
        match stage {
            Stage::Departed => return self.hub.len(),
            Stage::Lobby => {
                shard.lobby.remove(&self.id);
                return self.hub.len();
            }
            Stage::Joined => {
                shard.clients.remove(self.id);
            }
        }
        let left = self.hub.clients.fetch_sub(1, Ordering::Relaxed) - 1;
        drop(shard);
        self.hub.engine.changed();
        left
    }
}

impl Drop for Member {
    fn drop(&mut self) {
        self.depart();
    }
}
