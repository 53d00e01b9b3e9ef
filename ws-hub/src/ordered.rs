//! Rooms with history. Each has a lock of its own, which is held while a message gets its offset, is
//! stored and is queued for the members: all members receive the messages of a room in one order, and one
//! that joins receives all that follow a position.
//!
//! ```text
//!   locks, in the order in which they are taken:   room ─► idle rooms ─► shard (of the map of rooms)
//! ```
//!
//! A thread that holds the lock of a shard waits for no other; so the room that is found in a shard may have
//! been removed when it is locked, and is then looked up again.

use std::collections::hash_map::RandomState;
use std::collections::{BTreeMap, HashMap};
use std::hash::{BuildHasher as _, Hash};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, TryLockError};
use std::task::Waker;
use std::time::Instant;

use ws_futures::Prepared;

use crate::history::{Budget, HistoryLimits, HistoryPage, Log, Position, RoomHistory, is_over};
use crate::outbox::{OutboxLimits, Ready};
use crate::published::Published;
use crate::room::{Entered, Exited, JoinOptions, Room, Waiting};
use crate::roster::{Seat, Snapshot};
use crate::shards::{Shards, lock};

pub(crate) struct Ordered<K, R, M> {
    shards: Shards<Shard<K, R, M>>,
    idle: Mutex<IdleRooms<R>>,
    limits: HistoryLimits,
    budget: Budget,
    epochs: Epochs,
}

type Shard<K, R, M> = HashMap<R, Arc<Slot<K, R, M>>>;

struct Slot<K, R, M> {
    /// The number of members, to read without the lock.
    members: AtomicUsize,
    state: Mutex<State<K, R, M>>,
}

struct State<K, R, M> {
    /// `None` while it has no member.
    room: Option<Room<K, R, M>>,
    log: Log,
    /// Its place among the rooms without members.
    idle: Option<IdleKey>,
    /// The time of the latest change while it has no member.
    touched: Instant,
    /// Whether the slot is no longer in the map.
    removed: bool,
}

/// The rooms without members, those to remove first come first.
struct IdleRooms<R> {
    rooms: BTreeMap<IdleKey, R>,
    next: u64,
}

/// Rooms without messages are removed first: a client that joins many rooms must not displace histories.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct IdleKey {
    has_messages: bool,
    number: u64,
}

/// Unpredictable epochs, of which no two are equal in practice.
#[derive(Default)]
struct Epochs {
    hasher: RandomState,
    next: AtomicU64,
}

impl Epochs {
    fn next(&self) -> u64 {
        self.hasher.hash_one(self.next.fetch_add(1, Ordering::Relaxed))
    }
}

impl<K: Eq + Hash, R: Clone + Eq + Hash, M> Ordered<K, R, M> {
    pub(crate) fn new(limits: HistoryLimits) -> Self {
        Self {
            shards: Shards::default(),
            idle: Mutex::new(IdleRooms { rooms: BTreeMap::new(), next: 0 }),
            budget: Budget::new(limits.total_bytes),
            limits,
            epochs: Epochs::default(),
        }
    }

    /// Adds a member, and queues what it has missed. `open` is called for the first one.
    pub(crate) fn join(
        &self,
        name: &R,
        seat: &Arc<Seat<K, R, M>>,
        options: JoinOptions,
        open: impl FnOnce() -> Room<K, R, M>,
        bounds: &OutboxLimits,
        now: Instant,
    ) -> Entered<K, R, M> {
        self.with(name, now, |slot, state| {
            self.wake_up(state);
            state.log.expire(now, self.limits.age, &self.budget);
            let room = state.room.get_or_insert_with(open);
            let is_new = room.join(seat, options);
            slot.members.store(room.len(), Ordering::Relaxed);
            let watchers = room.watchers();
            if !room.is_ready() {
                return Entered { is_new, members: None, history: None, watchers };
            }
            let since = options.since.filter(|_| is_new);
            let recovered = since.map(|since| match state.log.since(since) {
                // Its own task runs this: it needs no waker.
                Some(missed) => seat.outbox.push_all(missed, bounds).is_ok(),
                None => false,
            });
            let history = Some(RoomHistory { position: state.log.position(), recovered });
            Entered { is_new, members: Some(room.len()), history, watchers }
        })
    }

    /// Removes a member. `close` is called after the last one.
    pub(crate) fn leave(
        &self,
        name: &R,
        seat: &Arc<Seat<K, R, M>>,
        close: impl FnOnce(),
        now: Instant,
    ) -> Exited<K, R, M> {
        let exited = self.existing(name, |slot, state| {
            let Some(room) = &mut state.room else { return Exited { members: 0, watchers: None } };
            let members = room.leave(name, seat);
            slot.members.store(members, Ordering::Relaxed);
            let watchers = room.watchers();
            if members == 0 {
                state.room = None;
                close();
                self.rest(name, state, now);
            }
            Exited { members, watchers }
        });
        exited.unwrap_or(Exited { members: 0, watchers: None })
    }

    pub(crate) fn ready(
        &self,
        name: &R,
        opening: u64,
        elsewhere: usize,
        bounds: &OutboxLimits,
        now: Instant,
    ) {
        let mut wakers: Vec<Waker> = Vec::new();
        self.existing(name, |_, State { room, log, .. }| {
            log.expire(now, self.limits.age, &self.budget);
            let Some(room) = room else { return };
            let waiting = room.make_ready(opening);
            let members = room.len() + elsewhere;
            for Waiting { seat, since } in waiting {
                let missed = since.and_then(|since| log.since(since));
                let history =
                    |fits| RoomHistory { position: log.position(), recovered: since.map(|_| fits) };
                let ready =
                    |fits| Ready { room: name.clone(), members, history: Some(history(fits)) };
                wakers.extend(seat.outbox.push_ready_and(ready, missed, bounds));
            }
        });
        wakers.into_iter().for_each(Waker::wake);
    }

    /// Publishes a message to the members, except its sender, and stores it. `encode` is called with the
    /// lock of the room held.
    pub(crate) fn publish(
        &self,
        from: Option<&Arc<Seat<K, R, M>>>,
        name: &R,
        encode: impl FnOnce(Position) -> Arc<Prepared>,
        bounds: &OutboxLimits,
        now: Instant,
    ) -> (Published, Arc<Prepared>) {
        let mut wakers: Vec<Waker> = Vec::new();
        let published = self.with(name, now, |_, state| {
            let position = state.log.next_position();
            let message = encode(position);
            let make_room = || self.evict(&mut lock(&self.idle));
            state.log.append(&message, now, &self.limits, &self.budget, make_room);
            let mut published = Published { position: Some(position), ..Published::default() };
            let Some(room) = &mut state.room else {
                self.rest(name, state, now);
                return (published, message);
            };
            let recovering = room.recovering();
            for seat in &*room.snapshot() {
                if !recovering.is_empty() && recovering.contains(&Arc::as_ptr(seat)) {
                    continue;
                }
                if from.is_none_or(|from| !Arc::ptr_eq(from, seat)) {
                    let (pushed, waker) = seat.outbox.enqueue(&message, bounds);
                    published.count(pushed);
                    wakers.extend(waker);
                }
            }
            (published, message)
        });
        wakers.into_iter().for_each(Waker::wake);
        published
    }

    /// Removes messages that are too old, and rooms that have had no member for too long.
    pub(crate) fn expire(&self, now: Instant) {
        let age = self.limits.age;
        for rooms in self.shards.each() {
            let rooms: Vec<_> = {
                let rooms = rooms;
                rooms.iter().map(|(name, slot)| (name.clone(), Arc::clone(slot))).collect()
            };
            for (name, slot) in rooms {
                let mut state = lock(&slot.state);
                state.log.expire(now, age, &self.budget);
                if state.idle.is_some() && is_over(state.touched, now, age) {
                    self.wake_up(&mut state);
                    self.remove(&name, &mut self.shards.of(&name), &mut state);
                }
            }
        }
    }

    pub(crate) fn page(
        &self,
        name: &R,
        after: u64,
        limit: usize,
        now: Instant,
    ) -> Option<HistoryPage> {
        self.existing(name, |_, state| {
            state.log.expire(now, self.limits.age, &self.budget);
            state.log.page(after, limit)
        })
    }

    /// The bytes of all histories.
    pub(crate) fn bytes(&self) -> usize {
        self.budget.used()
    }

    pub(crate) fn snapshot(&self, name: &R) -> Option<Snapshot<K, R, M>> {
        self.existing(name, |_, state| Some(state.room.as_mut()?.snapshot()))?
    }

    pub(crate) fn watchers(&self, name: &R) -> Option<Snapshot<K, R, M>> {
        self.existing(name, |_, state| state.room.as_mut()?.watchers())?
    }

    /// The number of members; `None` if there are none.
    pub(crate) fn members(&self, name: &R) -> Option<usize> {
        let members = self.find(name)?.members.load(Ordering::Relaxed);
        (members > 0).then_some(members)
    }

    pub(crate) fn visit(&self, mut visit: impl FnMut(&R, usize)) {
        for rooms in self.shards.each() {
            for (name, slot) in rooms.iter() {
                let members = slot.members.load(Ordering::Relaxed);
                if members > 0 {
                    visit(name, members);
                }
            }
        }
    }

    /// Locks a room, which is created if there is none.
    fn with<T>(
        &self,
        name: &R,
        now: Instant,
        run: impl FnOnce(&Slot<K, R, M>, &mut State<K, R, M>) -> T,
    ) -> T {
        loop {
            let slot = self.find_or_create(name, now);
            #[cfg(test)]
            tests::pause();
            let mut state = lock(&slot.state);
            if !state.removed {
                return run(&slot, &mut state);
            }
        }
    }

    /// Locks a room, if there is one.
    fn existing<T>(
        &self,
        name: &R,
        run: impl FnOnce(&Slot<K, R, M>, &mut State<K, R, M>) -> T,
    ) -> Option<T> {
        loop {
            let slot = self.find(name)?;
            #[cfg(test)]
            tests::pause();
            let mut state = lock(&slot.state);
            if !state.removed {
                return Some(run(&slot, &mut state));
            }
        }
    }

    fn find(&self, name: &R) -> Option<Arc<Slot<K, R, M>>> {
        self.shards.of(name).get(name).cloned()
    }

    fn find_or_create(&self, name: &R, now: Instant) -> Arc<Slot<K, R, M>> {
        let mut rooms = self.shards.of(name);
        if let Some(slot) = rooms.get(name) {
            return Arc::clone(slot);
        }
        let log = Log::new(self.epochs.next());
        let state = State { room: None, log, idle: None, touched: now, removed: false };
        let slot = Arc::new(Slot { members: AtomicUsize::new(0), state: Mutex::new(state) });
        rooms.insert(name.clone(), Arc::clone(&slot));
        slot
    }

    /// A room without members was changed, or has lost the last one.
    fn rest(&self, name: &R, state: &mut State<K, R, M>, now: Instant) {
        let mut idle = lock(&self.idle);
        if let Some(key) = state.idle.take() {
            idle.rooms.remove(&key);
        }
        if self.limits.idle_rooms == 0 {
            return self.remove(name, &mut self.shards.of(name), state);
        }
        while idle.rooms.len() >= self.limits.idle_rooms && self.evict(&mut idle) {}
        let key = IdleKey { has_messages: !state.log.is_empty(), number: idle.next };
        idle.next += 1;
        idle.rooms.insert(key, name.clone());
        state.idle = Some(key);
        state.touched = now;
    }

    /// A room is about to have a member, or to be removed.
    fn wake_up(&self, state: &mut State<K, R, M>) {
        if let Some(key) = state.idle.take() {
            lock(&self.idle).rooms.remove(&key);
        }
    }

    /// Removes the first room without members that no thread uses; returns whether there was one.
    fn evict(&self, idle: &mut IdleRooms<R>) -> bool {
        let evicted = idle.rooms.iter().find_map(|(key, name)| {
            let mut rooms = self.shards.of(name);
            let slot = rooms.get(name).cloned()?;
            let mut state = match slot.state.try_lock() {
                Ok(state) => state,
                Err(TryLockError::Poisoned(state)) => state.into_inner(),
                Err(TryLockError::WouldBlock) => return None,
            };
            state.idle = None;
            self.remove(name, &mut rooms, &mut state);
            Some(*key)
        });
        match evicted {
            Some(key) => idle.rooms.remove(&key).is_some(),
            None => false,
        }
    }

    fn remove(&self, name: &R, rooms: &mut Shard<K, R, M>, state: &mut State<K, R, M>) {
        state.removed = true;
        state.log.clear(&self.budget);
        rooms.remove(name);
        if rooms.is_empty() {
            // Memory of a burst is returned.
            *rooms = HashMap::new();
        }
    }
}

#[cfg(test)]
mod tests;
