//! Who is connected, in which rooms, and how they reach each other. No socket is known here.
//!
//! Nothing waits for a member: publishing takes a snapshot of the receivers under a short lock and
//! then leaves the message, encoded once, in the outbox of each. Members and rooms are spread over
//! shards with a lock each, so that publishers run side by side.

mod engine;
mod leaving;
mod member;
mod outbox;
mod rooms;
mod roster;

use std::collections::hash_map::RandomState;
use std::fmt;
use std::hash::{BuildHasher as _, Hash};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use ws_futures::{Close, Prepared};

pub use engine::{Engine, Memory, Opened, To};
pub use leaving::Drain;
pub use member::{Cause, JoinError, Joined, Member, MemberEvent, NotInRoom};
pub use outbox::{Bounds, Slow};

use leaving::Present;
use outbox::Pushed;
use rooms::Rooms;
use roster::{Roster, Seat, Snapshot};

/// Members and rooms are spread over this many locks each.
const SHARDS: usize = 64;

/// All members of this process, and their rooms.
///
/// `K` is the key of a member, `R` the name of a room, `M` what the application keeps of a member.
/// It is one pointer, and its clones are the same hub.
///
/// What one member publishes reaches another in order; what two publish at once may reach others in
/// different orders.
pub struct Hub<K, R = Arc<str>, M = ()>(Arc<Core<K, R, M>>);

struct Core<K, R, M> {
    shards: [Mutex<Roster<K, R, M>>; SHARDS],
    hasher: RandomState,
    rooms: Rooms<K, R, M>,
    /// The members that are shown, over all shards.
    shown: AtomicUsize,
    present: Present,
    /// How all members are asked to leave, those that enter later included.
    closing: OnceLock<Close<'static>>,
    settings: Settings,
    engine: Box<dyn Engine<K, R>>,
}

/// The limits of a hub.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// What may wait for each member.
    pub bounds: Bounds,
    /// The number of rooms that a member may be in. 64 by default.
    pub max_rooms: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self { bounds: Bounds::default(), max_rooms: 64 }
    }
}

/// There is a member with this key already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Taken;

impl fmt::Display for Taken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the key of a member is taken")
    }
}

impl std::error::Error for Taken {}

/// What became of a message on this node.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Published {
    /// The members that will be sent it.
    pub queued: usize,
    /// The slow members that miss it ([`Slow::Drop`]).
    pub dropped: usize,
    /// The slow members that are closed because of it ([`Slow::Close`]).
    pub given_up: usize,
}

impl<K, R, M> Hub<K, R, M>
where
    K: Eq + Hash,
    R: Clone + Eq + Hash,
{
    /// Creates an empty hub without other nodes.
    pub fn new(settings: Settings) -> Self {
        Self::with_engine(settings, Memory)
    }

    /// Creates an empty hub that `engine` connects with those of other nodes.
    pub fn with_engine(settings: Settings, engine: impl Engine<K, R> + 'static) -> Self {
        Self(Arc::new(Core {
            shards: std::array::from_fn(|_| Mutex::default()),
            hasher: RandomState::new(),
            rooms: Rooms::default(),
            shown: AtomicUsize::new(0),
            present: Present::default(),
            closing: OnceLock::new(),
            settings,
            engine: Box::new(engine),
        }))
    }

    /// Adds a member. `data` is kept for others to see ([`members`](Self::members)).
    ///
    /// If the hub is [closed](Self::close) the member is asked to leave at once.
    ///
    /// # Errors
    ///
    /// [`Taken`] if there is a member with this key on this node.
    pub fn enter(&self, key: K, data: M) -> Result<Member<K, R, M>, Taken> {
        self.admit(key, data, true)
    }

    /// Adds a member that has its key, and is not [shown](Member::show) yet: it is not counted, gets
    /// nothing that is published and can join no room. It is asked to leave when the hub is closed.
    ///
    /// # Errors
    ///
    /// [`Taken`] if there is a member with this key on this node.
    pub fn enter_hidden(&self, key: K, data: M) -> Result<Member<K, R, M>, Taken> {
        self.admit(key, data, false)
    }

    fn admit(&self, key: K, data: M, shown: bool) -> Result<Member<K, R, M>, Taken> {
        let core = &*self.0;
        let seat = Arc::new(Seat::new(key, data, shown));
        let mut shard = core.shard(&seat.key);
        if !shard.insert(Arc::clone(&seat)) {
            return Err(Taken);
        }
        core.present.add();
        if shown {
            core.shown.fetch_add(1, Ordering::Relaxed);
        }
        drop(shard);
        // `drain` sets this first and collects the members then.
        if let Some(close) = core.closing.get() {
            seat.outbox.close(close);
        }
        if shown {
            core.engine.changed();
        }
        Ok(Member::new(seat, self.clone()))
    }

    /// Sends a message to members here and on other nodes, encoded once. It never waits.
    pub fn publish(&self, to: To<'_, K, R>, message: impl Into<Arc<Prepared>>) -> Published {
        self.0.publish(None, to, &message.into())
    }

    /// Sends a message to members here alone: what an [`Engine`] received from another node.
    pub fn deliver(&self, to: To<'_, K, R>, message: impl Into<Arc<Prepared>>) -> Published {
        self.0.deliver(None, to, &message.into())
    }

    /// A room misses nothing from now on: notifies the members that wait for that. `opening` is what
    /// [`Engine::open_room`] was given; that of an earlier time is ignored.
    pub fn room_ready(&self, room: &R, opening: u64) {
        let elsewhere = self.0.engine.members_elsewhere(room);
        self.0.rooms.ready(room, opening, elsewhere);
    }

    /// The members of a room on this node, as of now.
    pub fn members(&self, room: &R) -> Members<K, R, M> {
        Members(self.0.rooms.snapshot(room).unwrap_or_default())
    }

    /// Calls `visit` with each room that has members on this node, and their number.
    pub fn visit_rooms(&self, visit: impl FnMut(&R, usize)) {
        self.0.rooms.visit(visit);
    }

    /// The number of rooms that have members on this node.
    pub fn rooms(&self) -> usize {
        self.0.rooms.len()
    }

    /// The number of members on this node.
    pub fn len(&self) -> usize {
        self.0.shown.load(Ordering::Relaxed)
    }

    /// What waits in all outboxes, in bytes as [`Bounds::capacity`] counts them.
    pub fn queued_bytes(&self) -> usize {
        let bytes = |shard: &Mutex<Roster<K, R, M>>| {
            let snapshot = lock(shard).snapshot();
            snapshot.iter().map(|seat| seat.outbox.bytes()).sum::<usize>()
        };
        self.0.shards.iter().map(bytes).sum()
    }

    /// Asks all members to leave with this Close frame, behind what waits for them, and those that
    /// enter later at once. Only the first call counts.
    pub fn close(&self, close: Close<'static>) {
        drop(self.drain(close));
    }

    /// The same, but the members are asked as the caller decides, so that they do not come back all
    /// at once.
    pub fn drain(&self, close: Close<'static>) -> Drain<K, R, M> {
        let close = self.0.closing.get_or_init(|| close).clone();
        let mut seats = Vec::new();
        for shard in &self.0.shards {
            seats.extend(lock(shard).seats().cloned());
        }
        Drain::new(seats, close)
    }

    /// Waits until there is no member, be it shown or not. After [`close`](Self::close) this is the
    /// end of all connections whose tasks hold a member.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe.
    pub async fn drained(&self) {
        self.0.present.none().await;
    }
}

impl<K, R, M> Core<K, R, M>
where
    K: Eq + Hash,
    R: Clone + Eq + Hash,
{
    /// Delivers a message here first, then to other nodes.
    fn publish(
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

    /// A message to all, or to a room, does not go back to the member that it is from.
    fn deliver(
        &self,
        from: Option<&Arc<Seat<K, R, M>>>,
        to: To<'_, K, R>,
        message: &Arc<Prepared>,
    ) -> Published {
        let mut published = Published::default();
        let mut fan_out = |receivers: &[Arc<Seat<K, R, M>>]| {
            for seat in receivers {
                if from.is_none_or(|from| !Arc::ptr_eq(from, seat)) {
                    published.count(seat.outbox.push(message, &self.settings.bounds));
                }
            }
        };
        match to {
            To::All => {
                for shard in &self.shards {
                    let members = lock(shard).snapshot();
                    fan_out(&members);
                }
            }
            To::Room(room) => fan_out(&self.rooms.snapshot(room).unwrap_or_default()),
            To::Member(key) => {
                if let Some(seat) = self.member(key) {
                    published.count(seat.outbox.push(message, &self.settings.bounds));
                }
            }
        }
        published
    }

    /// The member with this key, if it is shown.
    fn member(&self, key: &K) -> Option<Arc<Seat<K, R, M>>> {
        self.shard(key).get(key).filter(|seat| seat.is_shown()).cloned()
    }

    fn shard(&self, key: &K) -> MutexGuard<'_, Roster<K, R, M>> {
        lock(&self.shards[self.hasher.hash_one(key) as usize % SHARDS])
    }
}

impl Published {
    fn count(&mut self, pushed: Pushed) {
        match pushed {
            Pushed::Queued => self.queued += 1,
            Pushed::Dropped => self.dropped += 1,
            Pushed::GivenUp => self.given_up += 1,
            Pushed::Ended => {}
        }
    }
}

impl<K, R, M> Clone for Hub<K, R, M> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<K, R, M> fmt::Debug for Hub<K, R, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hub")
            .field("members", &self.0.shown)
            .field("settings", &self.0.settings)
            .finish_non_exhaustive()
    }
}

/// The members of a room at one moment.
pub struct Members<K, R = Arc<str>, M = ()>(Snapshot<K, R, M>);

impl<K, R, M> Members<K, R, M> {
    /// Their number.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Their keys, and what the application keeps of them, in no order.
    pub fn iter(&self) -> impl Iterator<Item = (&K, &M)> {
        self.0.iter().map(|seat| (&seat.key, &seat.data))
    }
}

impl<K: fmt::Debug, R, M> fmt::Debug for Members<K, R, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter().map(|(key, _)| key)).finish()
    }
}

/// A panic elsewhere leaves what is behind the locks here valid.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
