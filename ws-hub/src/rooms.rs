//! The rooms that have members on this node.

use std::borrow::Borrow;
use std::collections::hash_map::Entry;
use std::collections::{BTreeSet, HashMap};
use std::hash::Hash;
use std::ops::Bound;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::task::Waker;
use std::time::Instant;

use crate::engine::Engine;
use crate::history::HistoryLimits;
use crate::ordered::Ordered;
use crate::outbox::{OutboxLimits, Ready};
use crate::room::{Entered, Exited, JoinOptions, Room, Waiting};
use crate::roster::{Seat, Snapshot};
use crate::shards::{Shards, lock};

pub(crate) struct Rooms<K, R, M> {
    kind: Kind<K, R, M>,
    open: OpenRooms<R>,
}

enum Kind<K, R, M> {
    /// Without histories. A room exists while it has a member.
    Plain(Shards<HashMap<R, Room<K, R, M>>>),
    Ordered(Ordered<K, R, M>),
}

/// The names of the rooms that have members.
pub(crate) struct OpenRooms<R> {
    /// In order. Its lock is taken last, and held for no other call.
    names: Mutex<BTreeSet<R>>,
    openings: AtomicU64,
}

impl<K: Eq + Hash, R: Clone + Ord + Hash, M> Rooms<K, R, M> {
    pub(crate) fn new(history: Option<HistoryLimits>) -> Self {
        let kind = match history {
            Some(limits) => Kind::Ordered(Ordered::new(limits)),
            None => Kind::Plain(Shards::default()),
        };
        Self { kind, open: OpenRooms { names: Mutex::default(), openings: AtomicU64::new(0) } }
    }

    /// The rooms with history, if the rooms have one.
    pub(crate) fn ordered(&self) -> Option<&Ordered<K, R, M>> {
        match &self.kind {
            Kind::Plain(_) => None,
            Kind::Ordered(ordered) => Some(ordered),
        }
    }

    /// Adds a member.
    pub(crate) fn join(
        &self,
        name: &R,
        seat: &Arc<Seat<K, R, M>>,
        options: JoinOptions,
        engine: &dyn Engine<K, R>,
        bounds: &OutboxLimits,
    ) -> Entered<K, R, M> {
        match &self.kind {
            Kind::Plain(shards) => {
                let mut rooms = shards.of(name);
                let room = match rooms.entry(name.clone()) {
                    Entry::Occupied(room) => room.into_mut(),
                    Entry::Vacant(place) => place.insert(self.open.open(name, engine)),
                };
                let is_new = room.join(seat, options);
                let members = room.is_ready().then_some(room.len());
                Entered { is_new, members, history: None, watchers: room.watchers() }
            }
            Kind::Ordered(ordered) => {
                let open = || self.open.open(name, engine);
                ordered.join(name, seat, options, open, bounds, Instant::now())
            }
        }
    }

    /// Removes a member.
    pub(crate) fn leave(
        &self,
        name: &R,
        seat: &Arc<Seat<K, R, M>>,
        engine: &dyn Engine<K, R>,
    ) -> Exited<K, R, M> {
        let close = || self.open.close(name, engine);
        let shards = match &self.kind {
            Kind::Plain(shards) => shards,
            Kind::Ordered(ordered) => return ordered.leave(name, seat, close, Instant::now()),
        };
        let mut rooms = shards.of(name);
        let Some(room) = rooms.get_mut(name) else {
            return Exited { members: 0, watchers: None };
        };
        let members = room.leave(name, seat);
        let watchers = room.watchers();
        if members == 0 {
            rooms.remove(name);
            if rooms.is_empty() {
                // Memory of a burst is returned.
                *rooms = HashMap::new();
            }
            close();
        }
        Exited { members, watchers }
    }

    /// Marks the room as ready and notifies the members that wait for it; `elsewhere` is added to the
    /// number of members.
    pub(crate) fn ready(&self, name: &R, opening: u64, elsewhere: usize, bounds: &OutboxLimits) {
        let shards = match &self.kind {
            Kind::Plain(shards) => shards,
            Kind::Ordered(ordered) => {
                return ordered.ready(name, opening, elsewhere, bounds, Instant::now());
            }
        };
        let mut rooms = shards.of(name);
        let Some(room) = rooms.get_mut(name) else { return };
        let waiting = room.make_ready(opening);
        let members = room.len() + elsewhere;
        // With the lock held, so that a member that leaves afterwards can remove the notice from its outbox.
        let push = |Waiting { seat, .. }: Waiting<K, R, M>| {
            seat.outbox.push_ready(Ready { room: name.clone(), members, history: None })
        };
        let wakers: Vec<Waker> = waiting.into_iter().filter_map(push).collect();
        drop(rooms);
        wakers.into_iter().for_each(Waker::wake);
    }

    pub(crate) fn snapshot(&self, name: &R) -> Option<Snapshot<K, R, M>> {
        match &self.kind {
            Kind::Plain(shards) => Some(shards.of(name).get_mut(name)?.snapshot()),
            Kind::Ordered(ordered) => ordered.snapshot(name),
        }
    }

    /// The members that watch a room, if there are any.
    pub(crate) fn watchers(&self, name: &R) -> Option<Snapshot<K, R, M>> {
        match &self.kind {
            Kind::Plain(shards) => shards.of(name).get_mut(name)?.watchers(),
            Kind::Ordered(ordered) => ordered.watchers(name),
        }
    }

    pub(crate) fn len(&self) -> usize {
        lock(&self.open.names).len()
    }

    fn members(&self, name: &R) -> Option<usize> {
        match &self.kind {
            Kind::Plain(shards) => shards.of(name).get(name).map(Room::len),
            Kind::Ordered(ordered) => ordered.members(name),
        }
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
                lock(&self.open.names).range((start, end)).take(missing).cloned().collect();
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
        match &self.kind {
            Kind::Plain(shards) => shards
                .each()
                .for_each(|rooms| rooms.iter().for_each(|(name, room)| visit(name, room.len()))),
            Kind::Ordered(ordered) => ordered.visit(visit),
        }
    }
}

impl<R: Clone + Ord> OpenRooms<R> {
    /// The room has its first member.
    fn open<K: Eq + Hash, M>(&self, name: &R, engine: &dyn Engine<K, R>) -> Room<K, R, M> {
        lock(&self.names).insert(name.clone());
        let opening = self.openings.fetch_add(1, Ordering::Relaxed);
        Room::new(opening, engine.open_room(name, opening))
    }

    /// The room has lost its last member.
    fn close<K>(&self, name: &R, engine: &dyn Engine<K, R>) {
        lock(&self.names).remove(name);
        engine.close_room(name);
    }
}
