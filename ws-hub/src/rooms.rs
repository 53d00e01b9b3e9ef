//! The rooms that have members on this node. A room exists while it has one.

use std::borrow::Borrow;
use std::collections::hash_map::Entry;
use std::collections::{BTreeSet, HashMap};
use std::hash::Hash;
use std::ops::Bound;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::task::Waker;

use crate::engine::{Engine, Opened};
use crate::outbox::Ready;
use crate::roster::{Roster, Seat, Snapshot};
use crate::shards::{Shards, lock};

pub(crate) struct Rooms<K, R, M> {
    shards: Shards<Shard<K, R, M>>,
    /// The rooms of all shards, in order. Its lock is taken last, and held for no other call.
    names: Mutex<BTreeSet<R>>,
    openings: AtomicU64,
}

type Shard<K, R, M> = HashMap<R, Room<K, R, M>>;

struct Room<K, R, M> {
    members: Roster<K, R, M>,
    /// Identifies this opening of the room.
    opening: u64,
    /// The members to notify once the room is ready; `None` if it is ready.
    waiting: Option<Vec<Arc<Seat<K, R, M>>>>,
}

impl<K, R, M> Default for Rooms<K, R, M> {
    fn default() -> Self {
        Self { shards: Shards::default(), names: Mutex::default(), openings: AtomicU64::new(0) }
    }
}

impl<K: Eq + Hash, R: Clone + Ord + Hash, M> Rooms<K, R, M> {
    /// Adds a member; returns the new number of members, or `None` if the room is not ready.
    pub(crate) fn join(
        &self,
        name: &R,
        seat: &Arc<Seat<K, R, M>>,
        engine: &dyn Engine<K, R>,
    ) -> Option<usize> {
        let mut rooms = self.shards.of(name);
        let room = match rooms.entry(name.clone()) {
            Entry::Occupied(room) => room.into_mut(),
            Entry::Vacant(place) => {
                lock(&self.names).insert(name.clone());
                let opening = self.openings.fetch_add(1, Ordering::Relaxed);
                let waiting = match engine.open_room(name, opening) {
                    Opened::Ready => None,
                    Opened::Pending => Some(Vec::new()),
                };
                place.insert(Room { members: Roster::default(), opening, waiting })
            }
        };
        let is_new = room.members.insert(Arc::clone(seat));
        match &mut room.waiting {
            Some(waiting) => {
                // A member that joins repeatedly is listed once.
                if is_new {
                    waiting.push(Arc::clone(seat));
                }
                None
            }
            None => Some(room.members.len()),
        }
    }

    /// Removes a member; returns the number that remain.
    pub(crate) fn leave(
        &self,
        name: &R,
        seat: &Arc<Seat<K, R, M>>,
        engine: &dyn Engine<K, R>,
    ) -> usize {
        let mut rooms = self.shards.of(name);
        let Some(room) = rooms.get_mut(name) else { return 0 };
        room.members.remove(&seat.key);
        if let Some(waiting) = &mut room.waiting {
            waiting.retain(|waiting| !Arc::ptr_eq(waiting, seat));
        }
        seat.outbox.forget_ready(name);
        let left = room.members.len();
        if room.members.is_empty() {
            rooms.remove(name);
            if rooms.is_empty() {
                // Memory of a burst is returned.
                *rooms = HashMap::new();
            }
            lock(&self.names).remove(name);
            engine.close_room(name);
        }
        left
    }

    /// Marks the room as ready and notifies the members that wait for it; `elsewhere` is added to the
    /// number of members.
    pub(crate) fn ready(&self, name: &R, opening: u64, elsewhere: usize) {
        let mut rooms = self.shards.of(name);
        let Some(room) = rooms.get_mut(name).filter(|room| room.opening == opening) else { return };
        let Some(waiting) = room.waiting.take() else { return };
        let members = room.members.len() + elsewhere;
        // With the lock held, so that a member that leaves afterwards can remove the notice from its outbox.
        let push = |seat: Arc<Seat<K, R, M>>| {
            seat.outbox.push_ready(Ready { room: name.clone(), members })
        };
        let wakers: Vec<Waker> = waiting.into_iter().filter_map(push).collect();
        drop(rooms);
        wakers.into_iter().for_each(Waker::wake);
    }

    pub(crate) fn snapshot(&self, name: &R) -> Option<Snapshot<K, R, M>> {
        Some(self.shards.of(name).get_mut(name)?.members.snapshot())
    }

    pub(crate) fn len(&self) -> usize {
        lock(&self.names).len()
    }

    fn members(&self, name: &R) -> Option<usize> {
        self.shards.of(name).get(name).map(|room| room.members.len())
    }

    /// The first rooms in the range, with the number of their members.
    pub(crate) fn list<Q>(
        &self,
        (start, end): (Bound<&Q>, Bound<&Q>),
        limit: usize,
    ) -> Vec<(R, usize)>
    where
        R: Borrow<Q>,
        Q: Ord + ?Sized,
    {
        let mut listed = Vec::new();
        let mut last: Option<R> = None;
        loop {
            let start = last.as_ref().map_or(start, |name| Bound::Excluded(name.borrow()));
            let missing = limit - listed.len();
            let names: Vec<R> =
                lock(&self.names).range((start, end)).take(missing).cloned().collect();
            let is_end = names.len() < missing;
            last = names.last().cloned();
            for name in names {
                // It may have vanished since.
                if let Some(members) = self.members(&name) {
                    listed.push((name, members));
                }
            }
            if is_end || listed.len() == limit {
                return listed;
            }
        }
    }

    pub(crate) fn visit(&self, mut visit: impl FnMut(&R, usize)) {
        for rooms in self.shards.each() {
            rooms.iter().for_each(|(name, room)| visit(name, room.members.len()));
        }
    }
}
