//! The state that a hub and its members share, without sockets.
//!
//! Publishing never waits for a member: it takes a snapshot of the receivers under a short lock and
//! queues the message, encoded once, in the outbox of each.

use std::hash::Hash;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Instant;

use ws_futures::{Close, Prepared};

use crate::engine::{Engine, To};
use crate::history::{HistoryLimits, Position};
use crate::leaving::Present;
use crate::outbox::OutboxLimits;
use crate::presence::{EncodePresence, PresenceChange};
use crate::published::Published;
use crate::room::Exited;
use crate::rooms::Rooms;
use crate::roster::{Roster, Seat, Snapshot};
use crate::shards::Shards;

/// The configuration of a hub: its limits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HubConfig {
    /// The limits of each member's outbox, and what happens to slow members.
    pub bounds: OutboxLimits,
    /// The maximum number of rooms that a member may be in. 64 by default: each costs memory, and a peer may
    /// choose the number that it joins.
    pub max_rooms: usize,
    /// The limits of the history of each room. `None`, the default: rooms have no history.
    ///
    /// With a history, all members receive the messages of a room in one order, and a member that joins
    /// again receives [what it has missed](crate::JoinOptions::since). Publishing to a room then takes a lock
    /// of that room while the message is queued for its members.
    pub history: Option<HistoryLimits>,
}

impl Default for HubConfig {
    fn default() -> Self {
        Self { bounds: OutboxLimits::default(), max_rooms: 64, history: None }
    }
}

pub(crate) struct Shared<K, R, M> {
    pub(crate) config: HubConfig,
    pub(crate) engine: Box<dyn Engine<K, R>>,
    pub(crate) rooms: Rooms<K, R, M>,
    pub(crate) encode_presence: OnceLock<EncodePresence<K, R, M>>,
    /// All members, including hidden ones.
    pub(crate) present: Present,
    /// The Close frame for all members, including those that enter later.
    pub(crate) closing: OnceLock<Close<'static>>,
    members: Shards<Roster<K, R, M>>,
    /// The number of members that are shown.
    shown: AtomicUsize,
}

impl<K, R, M> Shared<K, R, M>
where
    K: Eq + Hash,
    R: Clone + Ord + Hash,
{
    pub(crate) fn new(config: HubConfig, engine: Box<dyn Engine<K, R>>) -> Self {
        Self {
            rooms: Rooms::new(config.history),
            config,
            engine,
            encode_presence: OnceLock::new(),
            present: Present::default(),
            closing: OnceLock::new(),
            members: Shards::default(),
            shown: AtomicUsize::new(0),
        }
    }

    /// Adds a member; `false`: its key is taken.
    pub(crate) fn enter(&self, seat: &Arc<Seat<K, R, M>>) -> bool {
        let mut members = self.members.of(&seat.key);
        if !members.insert(Arc::clone(seat)) {
            return false;
        }
        self.present.add();
        if seat.is_shown() {
            self.shown.fetch_add(1, Ordering::Relaxed);
        }
        drop(members);
        // `Hub::drain` sets this before it collects the members.
        if let Some(close) = self.closing.get() {
            seat.outbox.close(close);
        }
        if seat.is_shown() {
            self.engine.changed();
        }
        true
    }

    /// Shows a member; returns the number of those that are shown.
    pub(crate) fn show(&self, seat: &Seat<K, R, M>) -> usize {
        let mut members = self.members.of(&seat.key);
        if !members.show(&seat.key) {
            return self.len();
        }
        let shown = self.shown.fetch_add(1, Ordering::Relaxed) + 1;
        drop(members);
        self.engine.changed();
        shown
    }

    /// Removes a member that is in no room; returns the number of those that are shown.
    pub(crate) fn depart(&self, seat: &Seat<K, R, M>) -> usize {
        let mut members = self.members.of(&seat.key);
        members.remove(&seat.key);
        let remaining = match seat.is_shown() {
            true => self.shown.fetch_sub(1, Ordering::Relaxed) - 1,
            false => self.len(),
        };
        drop(members);
        seat.outbox.depart();
        self.present.remove();
        if seat.is_shown() {
            self.engine.changed();
        }
        remaining
    }

    /// Removes a member from a room; returns the number of those that remain.
    pub(crate) fn leave(&self, room: &R, seat: &Arc<Seat<K, R, M>>) -> usize {
        let Exited { members, watchers } = self.rooms.leave(room, seat, &*self.engine);
        self.announce(PresenceChange::Exited, room, seat, watchers);
        members
    }

    /// Notifies the members that watched a room when another member entered or left it.
    pub(crate) fn announce(
        &self,
        change: PresenceChange,
        room: &R,
        seat: &Arc<Seat<K, R, M>>,
        watchers: Option<Snapshot<K, R, M>>,
    ) {
        let Some((watchers, encode)) = watchers.zip(self.encode_presence.get()) else { return };
        if watchers.iter().any(|watcher| !Arc::ptr_eq(watcher, seat)) {
            let notice = encode(change, room, &seat.key, &seat.data);
            self.fan_out(Some(seat), &watchers, &notice, &mut Published::default());
        }
    }

    pub(crate) fn notify_watchers(&self, room: &R, encode: impl FnOnce() -> Prepared) -> Published {
        let mut published = Published::default();
        if let Some(watchers) = self.rooms.watchers(room) {
            self.fan_out(None, &watchers, &Arc::new(encode()), &mut published);
        }
        published
    }

    /// Delivers a message on this node, then to other nodes.
    pub(crate) fn publish(
        &self,
        from: Option<&Arc<Seat<K, R, M>>>,
        to: To<'_, K, R>,
        message: &Arc<Prepared>,
    ) -> Published {
        let published = self.deliver(from, to, message);
        let is_here = matches!(to, To::Member(key) if self.member(key).is_some());
        if !is_here {
            self.engine.publish(from.map(|seat| &seat.key), to, message);
        }
        published
    }

    /// Delivers a message to a room on this node, but not to `except`, then to other nodes.
    pub(crate) fn publish_to_room(
        &self,
        from: Option<&K>,
        except: Option<&Arc<Seat<K, R, M>>>,
        room: &R,
        encode: impl FnOnce(Option<Position>) -> Arc<Prepared>,
    ) -> Published {
        let (published, message) = match self.rooms.ordered() {
            Some(ordered) => {
                let encode = |position| encode(Some(position));
                ordered.publish(except, room, encode, &self.config.bounds, Instant::now())
            }
            None => {
                let message = encode(None);
                (self.deliver(except, To::Room(room), &message), message)
            }
        };
        self.engine.publish(from, To::Room(room), &message);
        published
    }

    /// Delivers a message on this node; one to all, or to a room, is not sent back to its sender.
    pub(crate) fn deliver(
        &self,
        from: Option<&Arc<Seat<K, R, M>>>,
        to: To<'_, K, R>,
        message: &Arc<Prepared>,
    ) -> Published {
        let mut published = Published::default();
        match to {
            To::All => {
                self.each_snapshot(|members| self.fan_out(from, members, message, &mut published));
            }
            To::Room(room) => match self.rooms.ordered() {
                None => {
                    let members = self.rooms.snapshot(room).unwrap_or_default();
                    self.fan_out(from, &members, message, &mut published);
                }
                Some(ordered) => {
                    let encode = |_| Arc::clone(message);
                    let bounds = &self.config.bounds;
                    return ordered.publish(from, room, encode, bounds, Instant::now()).0;
                }
            },
            To::Member(key) => {
                if let Some(seat) = self.member(key) {
                    published.count(seat.outbox.push(message, &self.config.bounds));
                }
            }
        }
        published
    }

    fn fan_out(
        &self,
        from: Option<&Arc<Seat<K, R, M>>>,
        receivers: &[Arc<Seat<K, R, M>>],
        message: &Arc<Prepared>,
        published: &mut Published,
    ) {
        for seat in receivers {
            if from.is_none_or(|from| !Arc::ptr_eq(from, seat)) {
                published.count(seat.outbox.push(message, &self.config.bounds));
            }
        }
    }

    /// The number of members that are shown.
    pub(crate) fn len(&self) -> usize {
        self.shown.load(Ordering::Relaxed)
    }

    /// All members, including hidden ones.
    pub(crate) fn seats(&self) -> Vec<Arc<Seat<K, R, M>>> {
        let mut seats = Vec::new();
        for members in self.members.each() {
            seats.extend(members.seats().cloned());
        }
        seats
    }

    /// Calls `visit` with the members that are shown, one shard at a time, with no lock held.
    pub(crate) fn each_snapshot(&self, mut visit: impl FnMut(&[Arc<Seat<K, R, M>>])) {
        for mut members in self.members.each() {
            let snapshot = members.snapshot();
            drop(members);
            visit(&snapshot);
        }
    }

    /// The member with this key, if it is shown.
    fn member(&self, key: &K) -> Option<Arc<Seat<K, R, M>>> {
        self.seat(key).filter(|seat| seat.is_shown())
    }

    /// The member with this key, shown or hidden.
    pub(crate) fn seat(&self, key: &K) -> Option<Arc<Seat<K, R, M>>> {
        self.members.of(key).get(key).cloned()
    }
}
