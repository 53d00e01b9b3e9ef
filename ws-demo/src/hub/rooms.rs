//! The rooms that have members on this node. A room is there as long as it has one.

use std::collections::HashMap;
use std::collections::hash_map::{Entry as Place, RandomState};
use std::hash::BuildHasher as _;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

use super::lock;
use super::outbox::Outbox;
use super::roster::{Entry, Roster};
use crate::engine::{Engine, Opening};
use crate::id::ClientId;
use crate::room::RoomName;

const SHARDS: usize = 64;

pub(super) struct Rooms {
    shards: [Mutex<HashMap<RoomName, Room>>; SHARDS],
    hasher: RandomState,
    /// The rooms of all shards.
    len: AtomicUsize,
    openings: AtomicU64,
}

struct Room {
    members: Roster,
    /// Which of the room's lives this is.
    opening: u64,
    /// Those who wait to be told that they have joined; `None` once the room is ready.
    waiting: Option<Vec<Waiting>>,
}

/// A member that was not told yet.
pub(super) struct Waiting {
    id: ClientId,
    pub(super) outbox: Arc<Outbox>,
    /// What the client wants to be given back, in JSON.
    pub(super) reference: Option<Box<str>>,
}

impl Default for Rooms {
    fn default() -> Self {
        Self {
            shards: std::array::from_fn(|_| Mutex::default()),
            hasher: RandomState::new(),
            len: AtomicUsize::new(0),
            openings: AtomicU64::new(0),
        }
    }
}

impl Rooms {
    /// Adds a member; returns how many there are then, or `None` if it will be told later.
    pub(super) fn join(
        &self,
        name: &RoomName,
        (id, outbox): Entry,
        reference: Option<&str>,
        engine: &dyn Engine,
    ) -> Option<usize> {
        let mut rooms = self.shard(name);
        let room = match rooms.entry(name.clone()) {
            Place::Occupied(room) => room.into_mut(),
            Place::Vacant(place) => {
                self.len.fetch_add(1, Ordering::Relaxed);
                let opening = self.openings.fetch_add(1, Ordering::Relaxed);
                let waiting = match engine.open_room(name, opening) {
                    Opening::Ready => None,
                    Opening::Pending => Some(Vec::new()),
                };
                place.insert(Room { members: Roster::default(), opening, waiting })
            }
        };
        room.members.insert(id, Arc::clone(&outbox));
        match &mut room.waiting {
            Some(waiting) => {
                // However often it asks, it waits once.
                waiting.retain(|waiting| waiting.id != id);
                waiting.push(Waiting { id, outbox, reference: reference.map(Box::from) });
                None
            }
            None => Some(room.members.len()),
        }
    }

    /// Removes a member; returns how many are left.
    pub(super) fn leave(&self, name: &RoomName, id: ClientId, engine: &dyn Engine) -> usize {
        let mut rooms = self.shard(name);
        let Some(room) = rooms.get_mut(name) else { return 0 };
        room.members.remove(id);
        if let Some(waiting) = &mut room.waiting {
            waiting.retain(|waiting| waiting.id != id);
        }
        let left = room.members.len();
        if room.members.is_empty() {
            rooms.remove(name);
            if rooms.is_empty() {
                // A burst must not leave its memory behind.
                *rooms = HashMap::new();
            }
            self.len.fetch_sub(1, Ordering::Relaxed);
            engine.close_room(name);
        }
        left
    }

    /// The room is ready: those who wait for that, and the number of members.
    pub(super) fn ready(&self, name: &RoomName, opening: u64) -> Option<(Vec<Waiting>, usize)> {
        let mut rooms = self.shard(name);
        let room = rooms.get_mut(name).filter(|room| room.opening == opening)?;
        Some((room.waiting.take()?, room.members.len()))
    }

    pub(super) fn snapshot(&self, name: &RoomName) -> Option<Arc<[Entry]>> {
        Some(self.shard(name).get_mut(name)?.members.snapshot())
    }

    pub(super) fn len(&self) -> usize {
        self.len.load(Ordering::Relaxed)
    }

    pub(super) fn visit(&self, mut visit: impl FnMut(&RoomName, usize)) {
        for shard in &self.shards {
            for (name, room) in &*lock(shard) {
                visit(name, room.members.len());
            }
        }
    }

    fn shard(&self, name: &RoomName) -> MutexGuard<'_, HashMap<RoomName, Room>> {
        lock(&self.shards[self.hasher.hash_one(name) as usize % SHARDS])
    }
}
