//! Who is connected, in which rooms, and how they reach each other. No socket is known here.
//!
//! Nothing waits for a client: a broadcast takes a snapshot of its receivers under a short lock and
//! then leaves the message, encoded once, in the outbox of each. Clients and rooms are spread over
//! shards with a lock each, so that broadcasts go on side by side. What one client sends reaches
//! another in order; what two send at once may reach others in different orders.

mod member;
mod outbox;
mod rooms;
mod roster;

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Instant;

use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use ws_tokio::{Close, Deflate, Prepared};

use crate::engine::{Engine, Publication};
use crate::id::ClientId;
use crate::metrics::Metrics;
use crate::protocol;
use crate::room::RoomName;
pub(crate) use member::{Joining, Member};
pub(crate) use outbox::{Bounds, End, Next, Outbox, Pushed, Slow, Waiting};
use rooms::Rooms;
use roster::{Entry, Roster};

const SHARDS: usize = 64;

/// All clients.
pub(crate) struct Hub {
    shards: [Mutex<Shard>; SHARDS],
    rooms: Rooms,
    /// Those that have joined, over all shards.
    clients: AtomicUsize,
    ids: Mutex<StdRng>,
    /// How everybody is asked to leave, those who still come included.
    closing: OnceLock<Close<'static>>,
    settings: Settings,
    engine: Box<dyn Engine>,
    metrics: Arc<Metrics>,
}

/// What the hub can be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Settings {
    /// What may wait for each client.
    pub(crate) bounds: Bounds,
    /// In how many rooms a client may be.
    pub(crate) max_rooms: usize,
    /// How broadcasts are compressed for those who have agreed to it.
    pub(crate) deflate: Option<Deflate>,
}

impl Default for Settings {
    fn default() -> Self {
        Self { bounds: Bounds::default(), max_rooms: 64, deflate: None }
    }
}

#[derive(Default)]
struct Shard {
    clients: Roster,
    /// Those that are connected and still have to say who they are.
    lobby: HashMap<ClientId, Arc<Outbox>>,
}

impl Hub {
    /// Nobody. The names of clients are drawn from `seed`.
    pub(crate) fn new(
        seed: [u8; 32],
        settings: Settings,
        engine: Box<dyn Engine>,
        metrics: Arc<Metrics>,
    ) -> Self {
        Self {
            shards: std::array::from_fn(|_| Mutex::default()),
            rooms: Rooms::default(),
            clients: AtomicUsize::new(0),
            ids: Mutex::new(StdRng::from_seed(seed)),
            closing: OnceLock::new(),
            settings,
            engine,
            metrics,
        }
    }

    /// Adds somebody, with a name that nobody has, who gets nothing before it
    /// [joins](Member::join).
    pub(crate) fn enter(self: &Arc<Self>) -> Member {
        let outbox = Arc::new(Outbox::new(self.settings.bounds));
        let id = loop {
            let id = ClientId::new(lock(&self.ids).next_u32());
            let mut shard = self.shard(id);
            if !shard.clients.contains(id) && !shard.lobby.contains_key(&id) {
                shard.lobby.insert(id, Arc::clone(&outbox));
                break id;
            }
        };
        // Whoever closes everybody sets this first and looks for everybody then.
        if let Some(close) = self.closing.get() {
            outbox.close(close);
        }
        Member::new(id, outbox, Arc::clone(self))
    }

    /// Delivers what came from another node to everybody, or to the members of a room.
    pub(crate) fn deliver(&self, publication: Publication<'_>) {
        // A client of ours may have the name of one there.
        self.deliver_but(None, publication);
    }

    /// The room misses nothing from now on. `opening` is what
    /// [`Engine::open_room`] was given; that of an earlier time
    /// is ignored.
    pub(crate) fn room_ready(&self, room: &RoomName, opening: u64) {
        let Some((waiting, here)) = self.rooms.ready(room, opening) else { return };
        let members = here + self.engine.members_elsewhere(room);
        for rooms::Waiting { outbox, reference, .. } in waiting {
            let joined = protocol::joined(room, members, reference.as_deref());
            self.push(&outbox, &Arc::new(Prepared::new(joined.as_str())));
        }
    }

    /// Everybody is to leave, now and from now on: those who still come are told at once, those who
    /// are here by the caller, by [`Outbox::close`].
    pub(crate) fn close(&self, close: Close<'static>) -> Vec<Arc<Outbox>> {
        // Only the first time counts.
        let _ = self.closing.set(close);
        let mut everybody = Vec::new();
        for shard in &self.shards {
            let mut shard = lock(shard);
            everybody.extend(shard.clients.snapshot().iter().map(|(_, outbox)| Arc::clone(outbox)));
            everybody.extend(shard.lobby.values().cloned());
        }
        everybody
    }

    /// How many clients there are on this node.
    pub(crate) fn len(&self) -> usize {
        self.clients.load(Ordering::Relaxed)
    }

    /// How many clients there are, those of other nodes included.
    pub(crate) fn clients_everywhere(&self) -> usize {
        self.len() + self.engine.clients_elsewhere()
    }

    /// How many rooms have members on this node.
    pub(crate) fn rooms_here(&self) -> usize {
        self.rooms.len()
    }

    /// Calls `visit` with each room that has members on this node, and their number.
    pub(crate) fn visit_rooms_here(&self, visit: impl FnMut(&RoomName, usize)) {
        self.rooms.visit(visit);
    }

    /// All rooms and their members, those of other nodes included.
    pub(crate) fn rooms(&self) -> Vec<(RoomName, usize)> {
        let mut rooms = HashMap::new();
        self.rooms.visit(|room, members| {
            rooms.insert(room.clone(), members);
        });
        self.engine.rooms_elsewhere(&mut |room, members| {
            *rooms.entry(room.clone()).or_default() += members;
        });
        rooms.into_iter().collect()
    }

    /// What waits in all outboxes.
    pub(crate) fn queued_bytes(&self) -> usize {
        let bytes = |shard: &Mutex<Shard>| {
            let snapshot = lock(shard).clients.snapshot();
            snapshot.iter().map(|(_, outbox)| outbox.bytes()).sum::<usize>()
        };
        self.shards.iter().map(bytes).sum()
    }

    pub(crate) fn engine(&self) -> &dyn Engine {
        &*self.engine
    }

    pub(crate) fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    /// Whether a message can be broadcast, to other nodes as well.
    pub(crate) fn takes(&self, message: &str) -> bool {
        message.len() <= self.engine.max_message()
    }

    /// A client's broadcast: first to everybody here, then to other nodes.
    fn broadcast(&self, publication: Publication<'_>) {
        self.deliver_but(Some(publication.from), publication);
        self.engine.publish(publication);
    }

    fn deliver_but(&self, sender: Option<ClientId>, publication: Publication<'_>) {
        let started = Instant::now();
        let Publication { from, room, message } = publication;
        let frame = || {
            let text = protocol::broadcast(from, room, message);
            Arc::new(match &self.settings.deflate {
                Some(deflate) => Prepared::deflated(text.as_str(), deflate),
                None => Prepared::new(text.as_str()),
            })
        };
        match room {
            Some(room) => {
                let Some(members) = self.rooms.snapshot(room) else { return };
                self.fan_out(&members, sender, &frame());
            }
            None => {
                let frame = frame();
                for shard in &self.shards {
                    let clients = lock(shard).clients.snapshot();
                    self.fan_out(&clients, sender, &frame);
                }
            }
        }
        self.metrics.broadcast(started.elapsed());
    }

    fn fan_out(&self, receivers: &[Entry], sender: Option<ClientId>, frame: &Arc<Prepared>) {
        for (id, outbox) in receivers {
            if Some(*id) != sender {
                self.push(outbox, frame);
            }
        }
    }

    fn push(&self, outbox: &Outbox, frame: &Arc<Prepared>) {
        match outbox.push(frame) {
            Pushed::Queued | Pushed::Ended => {}
            Pushed::Dropped => self.metrics.miss(1),
            Pushed::GivenUp => self.metrics.give_up_slow(),
        }
    }

    fn shard(&self, id: ClientId) -> MutexGuard<'_, Shard> {
        lock(&self.shards[id.number() as usize % SHARDS])
    }

    /// Nobody, and no other node.
    #[cfg(test)]
    pub(crate) fn for_tests(seed: u8) -> Arc<Self> {
        Self::with_engine(seed, Settings::default(), Box::new(crate::engine::Memory))
    }

    #[cfg(test)]
    pub(crate) fn with_engine(seed: u8, settings: Settings, engine: Box<dyn Engine>) -> Arc<Self> {
        Arc::new(Self::new([seed; 32], settings, engine, Arc::default()))
    }
}

/// A panic elsewhere leaves what is behind the locks here valid.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
