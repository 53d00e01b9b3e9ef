//! Nodes that exchange messages over a NATS broker.
//!
//! What clients do is handed to one task, the [`Link`], without waiting: broadcasts through a queue that
//! is bounded in number and bytes and drops what does not fit, subscriptions through a map of pending
//! changes, which cannot overflow.
//!
//! A room is subscribed while it has a member here. Joining is answered when the broker has answered a
//! request that was sent after the subscription: then the broker has it, and nothing published later can
//! be missed. While the broker cannot be reached joining is answered at once; what other nodes publish
//! before it has this node's subscriptions again is not received here, neither by new members nor by
//! former ones.

mod envelope;
mod gaps;
mod inbox;
mod link;
mod members;
mod nodes;
mod pulse;
mod report;
mod servers;
mod subjects;

use std::collections::HashMap;
use std::mem;
use std::ops::Bound;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{Notify, mpsc};

use ws_tokio::Prepared;

use super::Status;
use crate::disconnect::Disconnect;
use crate::id::{ClientAndUser, ClientId};
use crate::protocol;
use crate::room::RoomName;
use envelope::{Draft, HEADER, Kind};
use nodes::Nodes;
use ws_hub::{Engine, Opened, To};

pub(crate) use link::{Link, Running};
pub(crate) use servers::Servers;
pub(crate) use subjects::Prefix;

/// The number and the bytes of broadcasts that may wait for the broker.
const MAX_WAITING: usize = 8192;
const MAX_WAITING_BYTES: usize = 32 * 1024 * 1024;

/// The settings of the engine.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) servers: Servers,
    pub(crate) prefix: Prefix,
}

/// The hub's end.
pub(crate) struct Nats {
    shared: Arc<Shared>,
    waiting: mpsc::Sender<Outgoing>,
}

/// The state that the hub's end and the link share.
struct Shared {
    pending: Mutex<PendingChanges>,
    /// There are pending changes.
    requested: Notify,
    /// The number of clients or members has changed.
    changed: Notify,
    nodes: Mutex<Nodes>,
    /// The bytes of the broadcasts that wait for the broker.
    waiting_bytes: AtomicUsize,
    /// The size of the largest message that the broker accepts.
    max_message: AtomicUsize,
    published: AtomicU64,
    received: AtomicU64,
    dropped: AtomicU64,
    gaps: AtomicU64,
}

/// Changes of subscriptions that were not applied yet.
#[derive(Default)]
struct PendingChanges {
    /// Whether the broker answers. If so, a room is ready only once it has answered.
    up: bool,
    rooms: HashMap<RoomName, SubscriptionChange>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum SubscriptionChange {
    Open(u64),
    Close,
}

/// A message that waits for the broker.
struct Outgoing {
    kind: Kind,
    sender: ClientId,
    to: Destination,
    draft: Draft,
}

/// The subject of a message that waits.
enum Destination {
    All,
    Room(RoomName),
    Nodes,
}

impl Nats {
    /// Creates the two ends. Nothing happens before the link runs.
    ///
    /// # Errors
    ///
    /// There are no random numbers.
    pub(crate) fn new(settings: Settings) -> Result<(Self, Link), rand::rngs::SysError> {
        let shared = Arc::new(Shared {
            pending: Mutex::default(),
            requested: Notify::new(),
            changed: Notify::new(),
            nodes: Mutex::default(),
            waiting_bytes: AtomicUsize::new(0),
            max_message: AtomicUsize::new(usize::MAX),
            published: AtomicU64::new(0),
            received: AtomicU64::new(0),
            dropped: AtomicU64::new(0),
            gaps: AtomicU64::new(0),
        });
        let (waiting, queue) = mpsc::channel(MAX_WAITING);
        let link = Link::new(settings, Arc::clone(&shared), queue)?;
        Ok((Self { shared, waiting }, link))
    }

    fn request(&self, room: &RoomName, change: SubscriptionChange) -> bool {
        let mut pending = lock(&self.shared.pending);
        pending.rooms.insert(room.clone(), change);
        let up = pending.up;
        drop(pending);
        self.shared.requested.notify_one();
        up
    }
}

impl Nats {
    /// The size of the largest message that the broker accepts, in bytes.
    pub(crate) fn max_message(&self) -> usize {
        self.shared.max_message.load(Ordering::Relaxed)
    }

    pub(crate) fn clients_elsewhere(&self) -> usize {
        lock(&self.shared.nodes).clients()
    }

    /// The first rooms of other nodes from `start` on, in order, at most `count`, and the number of
    /// members of each.
    pub(crate) fn rooms_elsewhere(
        &self,
        start: Bound<&str>,
        count: usize,
    ) -> Vec<(RoomName, usize)> {
        let nodes = lock(&self.shared.nodes);
        nodes.rooms(start).take(count).map(|(room, members)| (room.clone(), members)).collect()
    }

    /// The members of a room that other nodes have listed, at most `count`.
    pub(crate) fn members_listed(&self, room: &RoomName, count: usize) -> Vec<ClientAndUser> {
        let mut listed = Vec::new();
        lock(&self.shared.nodes).visit_members(room, |members| {
            let missing = count - listed.len();
            let members = members.iter().map(|(client, user)| (*client, user.clone()));
            listed.extend(members.take(missing));
        });
        listed
    }

    pub(crate) fn room_count_elsewhere(&self) -> usize {
        lock(&self.shared.nodes).room_count()
    }

    pub(crate) fn status(&self) -> Status {
        let Shared { published, received, dropped, gaps, .. } = &*self.shared;
        Status {
            up: lock(&self.shared.pending).up,
            nodes: 1 + lock(&self.shared.nodes).len(),
            published: published.load(Ordering::Relaxed),
            received: received.load(Ordering::Relaxed),
            dropped: dropped.load(Ordering::Relaxed),
            gaps: gaps.load(Ordering::Relaxed),
        }
    }

    /// Hands a message of the backend, in JSON, to other nodes.
    pub(crate) fn publish_from_server(
        &self,
        except: Option<ClientId>,
        room: Option<&RoomName>,
        message: &str,
    ) {
        let sender = except.unwrap_or(ClientId::NONE);
        self.send(Kind::ServerBroadcast, sender, room.into(), message.as_bytes());
    }

    /// Asks other nodes to disconnect clients.
    pub(crate) fn disconnect(&self, request: &Disconnect) {
        let request = request.to_json();
        self.send(Kind::Disconnect, ClientId::NONE, Destination::Nodes, request.as_bytes());
    }

    /// Queues a message for the broker.
    fn send(&self, kind: Kind, sender: ClientId, to: Destination, message: &[u8]) {
        let bytes = HEADER + message.len();
        let before = self.shared.waiting_bytes.fetch_add(bytes, Ordering::Relaxed);
        // A single one may have any size.
        if before > 0 && before + bytes > MAX_WAITING_BYTES {
            self.shared.drop_outgoing(bytes);
            return;
        }
        let outgoing = Outgoing { kind, sender, to, draft: Draft::new(message) };
        if self.waiting.try_send(outgoing).is_err() {
            self.shared.drop_outgoing(bytes);
        }
    }
}

impl Engine<ClientId, RoomName> for Nats {
    fn open_room(&self, room: &RoomName, opening: u64) -> Opened {
        match self.request(room, SubscriptionChange::Open(opening)) {
            true => Opened::Pending,
            false => Opened::Ready,
        }
    }

    fn close_room(&self, room: &RoomName) {
        self.request(room, SubscriptionChange::Close);
    }

    /// Nodes exchange what the client wrote, and each makes its own broadcast of it.
    fn publish(
        &self,
        from: Option<&ClientId>,
        to: To<'_, ClientId, RoomName>,
        broadcast: &Arc<Prepared>,
    ) {
        let room = match to {
            To::All => None,
            To::Room(room) => Some(room),
            To::Member(_) => return,
        };
        // Broadcasts of the backend are handed over by `publish_from_server`.
        let Some(from) = from.copied() else { return };
        if let Some(message) = protocol::broadcast_message(from, room, broadcast.payload()) {
            self.send(Kind::Broadcast, from, room.into(), message);
        }
    }

    fn members_elsewhere(&self, room: &RoomName) -> usize {
        lock(&self.shared.nodes).members(room)
    }

    fn changed(&self) {
        self.shared.changed.notify_one();
    }
}

impl From<Option<&RoomName>> for Destination {
    fn from(room: Option<&RoomName>) -> Self {
        room.map_or(Self::All, |room| Self::Room(room.clone()))
    }
}

impl Shared {
    /// The broker cannot be reached; returns the rooms that clients wait for, which stay pending.
    fn go_down(&self) -> Vec<(RoomName, u64)> {
        let mut pending = lock(&self.pending);
        pending.up = false;
        let opened = |(room, change): (&RoomName, &SubscriptionChange)| match change {
            SubscriptionChange::Open(opening) => Some((room.clone(), *opening)),
            SubscriptionChange::Close => None,
        };
        pending.rooms.iter().filter_map(opened).collect()
    }

    fn go_up(&self, max_message: usize) {
        self.max_message.store(max_message, Ordering::Relaxed);
        lock(&self.pending).up = true;
    }

    fn take_pending(&self) -> HashMap<RoomName, SubscriptionChange> {
        mem::take(&mut lock(&self.pending).rooms)
    }

    /// Puts back a change that could not be applied, unless there is a newer one.
    fn put_back(&self, room: RoomName, change: SubscriptionChange) {
        lock(&self.pending).rooms.entry(room).or_insert(change);
    }

    /// A broadcast leaves the queue.
    fn take_outgoing(&self, bytes: usize) {
        self.waiting_bytes.fetch_sub(bytes, Ordering::Relaxed);
    }

    /// A broadcast leaves the queue, or does not enter it, and other nodes miss it.
    fn drop_outgoing(&self, bytes: usize) {
        self.take_outgoing(bytes);
        self.dropped.fetch_add(1, Ordering::Relaxed);
    }
}

/// A panic elsewhere leaves what is behind the locks here valid.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nats() -> (Nats, Link) {
        let servers = "nats://127.0.0.1:1".parse().expect("an address");
        let prefix = "test".parse().expect("a prefix");
        Nats::new(Settings { servers, prefix }).expect("random numbers")
    }

    fn room(name: &str) -> RoomName {
        RoomName::new(name).expect("a name")
    }

    fn publish(nats: &Nats, message: &str) {
        let from = ClientId::new(1);
        let broadcast = Prepared::new(protocol::broadcast(from, None, message));
        nats.publish(Some(&from), To::All, &Arc::new(broadcast));
    }

    #[test]
    fn while_the_broker_is_away_rooms_are_ready_and_stay_pending() {
        let (nats, _link) = nats();
        assert_eq!(nats.open_room(&room("a"), 1), Opened::Ready);
        nats.shared.go_up(10);
        assert_eq!(nats.open_room(&room("b"), 2), Opened::Pending);
        assert_eq!(nats.open_room(&room("c"), 3), Opened::Pending);
        nats.close_room(&room("c"));
        let mut opened = nats.shared.go_down();
        opened.sort();
        assert_eq!(opened, [(room("a"), 1), (room("b"), 2)]);
        let pending = nats.shared.take_pending();
        assert_eq!(pending.len(), 3);
        assert_eq!(pending[&room("c")], SubscriptionChange::Close);
    }

    #[test]
    fn a_newer_change_stays() {
        let (nats, _link) = nats();
        let _ = nats.open_room(&room("a"), 1);
        for (name, change) in nats.shared.take_pending() {
            nats.close_room(&room("a"));
            nats.shared.put_back(name, change);
        }
        assert_eq!(nats.shared.take_pending()[&room("a")], SubscriptionChange::Close);
    }

    #[test]
    fn broadcasts_over_the_number_are_dropped_and_counted() {
        let (nats, _link) = nats();
        (0..MAX_WAITING + 5).for_each(|_| publish(&nats, "1"));
        assert_eq!(nats.status().dropped, 5);
        assert_eq!(nats.status().published, 0);
    }

    #[test]
    fn broadcasts_over_the_bytes_are_dropped_and_counted() {
        let (nats, _link) = nats();
        let message = "1".repeat(MAX_WAITING_BYTES / 2 - HEADER);
        (0..4).for_each(|_| publish(&nats, &message));
        assert_eq!(nats.status().dropped, 2);
        assert_eq!(nats.shared.waiting_bytes.load(Ordering::Relaxed), MAX_WAITING_BYTES);
    }

    #[test]
    fn one_broadcast_may_have_any_size() {
        let (nats, _link) = nats();
        publish(&nats, &"1".repeat(MAX_WAITING_BYTES));
        publish(&nats, "1");
        assert_eq!(nats.status().dropped, 1);
    }
}
