//! A hub, for the application.

use std::fmt;
use std::hash::Hash;
use std::sync::Arc;

use ws_futures::proto::SendError;
use ws_futures::{Close, Prepared};

use crate::engine::{Engine, Memory, To};
use crate::leaving::Drain;
use crate::member::Member;
use crate::roster::{Seat, Snapshot};
use crate::shared::{HubConfig, Published, Shared};

/// The members of this process, and their rooms.
///
/// `K` is the key of a member, `R` the name of a room, `M` what the application keeps of a member for
/// others to see. It is one pointer, and its clones are the same hub.
///
/// Each connection enters as a [`Member`], which its task holds. Messages are encoded once, as
/// [`Prepared`], and left in the outbox of each receiver: publishing never waits. What one member
/// publishes reaches another in order; what two publish at once may reach others in different orders.
pub struct Hub<K, R = Arc<str>, M = ()>(Arc<Shared<K, R, M>>);

/// There is a member with this key already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyTaken;

impl fmt::Display for KeyTaken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the key of a member is taken")
    }
}

impl std::error::Error for KeyTaken {}

impl<K, R, M> Hub<K, R, M>
where
    K: Eq + Hash,
    R: Clone + Eq + Hash,
{
    /// Creates an empty hub without other nodes.
    pub fn new(config: HubConfig) -> Self {
        Self::with_engine(config, Memory)
    }

    /// Creates an empty hub that `engine` connects with those of other nodes.
    pub fn with_engine(config: HubConfig, engine: impl Engine<K, R> + 'static) -> Self {
        Self(Arc::new(Shared::new(config, Box::new(engine))))
    }

    /// Adds a member. `data` is kept for others to see ([`members`](Self::members)).
    ///
    /// If the hub is [closed](Self::close) the member is asked to leave at once.
    ///
    /// # Errors
    ///
    /// [`KeyTaken`] if there is a member with this key on this node.
    pub fn enter(&self, key: K, data: M) -> Result<Member<K, R, M>, KeyTaken> {
        self.admit(key, data, true)
    }

    /// Adds a member that has its key, and is not [shown](Member::show) yet: it is not counted, gets
    /// nothing that is published and can join no room. It is asked to leave when the hub is closed.
    ///
    /// # Errors
    ///
    /// [`KeyTaken`] if there is a member with this key on this node.
    pub fn enter_hidden(&self, key: K, data: M) -> Result<Member<K, R, M>, KeyTaken> {
        self.admit(key, data, false)
    }

    fn admit(&self, key: K, data: M, shown: bool) -> Result<Member<K, R, M>, KeyTaken> {
        let seat = Arc::new(Seat::new(key, data, shown));
        match self.0.enter(&seat) {
            true => Ok(Member::new(seat, Arc::clone(&self.0))),
            false => Err(KeyTaken),
        }
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

    /// Calls `visit` with each room that has members on this node, and their number. A lock is held
    /// meanwhile: do not call the hub or its members from within.
    pub fn visit_rooms(&self, visit: impl FnMut(&R, usize)) {
        self.0.rooms.visit(visit);
    }

    /// The number of rooms that have members on this node.
    pub fn room_count(&self) -> usize {
        self.0.rooms.len()
    }

    /// The number of members on this node.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is no member on this node.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What waits in all outboxes, in bytes as [`OutboxLimits::capacity`](crate::OutboxLimits::capacity) counts
    /// them.
    pub fn queued_bytes(&self) -> usize {
        let mut bytes = 0;
        self.0.each_snapshot(|members| {
            bytes += members.iter().map(|seat| seat.outbox.bytes()).sum::<usize>();
        });
        bytes
    }

    /// Closes the connections of all members with this Close frame, behind what waits for them, and
    /// those of members that enter later at once. It does not wait for that; see
    /// [`drained`](Self::drained). Only the first call that returns `Ok` counts.
    ///
    /// # Errors
    ///
    /// Those of [`Close::check_sendable`]; nothing has changed then.
    pub fn close(&self, close: impl Into<Close<'static>>) -> Result<(), SendError> {
        self.drain(close).map(drop)
    }

    /// The same, but the caller decides when each connection is closed, so that peers which connect
    /// again do not do so all at once.
    ///
    /// # Errors
    ///
    /// Those of [`Close::check_sendable`]; nothing has changed then.
    pub fn drain(&self, close: impl Into<Close<'static>>) -> Result<Drain<K, R, M>, SendError> {
        let close = close.into();
        close.check_sendable()?;
        let close = self.0.closing.get_or_init(|| close).clone();
        Ok(Drain::new(self.0.seats(), close))
    }

    /// Waits until there is no member, shown or hidden. After [`close`](Self::close) that is when all
    /// connections have ended: an HTTP server's own shutdown does not wait for WebSockets. There is no
    /// deadline but those of the connections
    /// ([`Config::close_timeout`](ws_futures::Config::close_timeout)).
    ///
    /// # Cancel safety
    ///
    /// Cancel safe.
    pub async fn drained(&self) {
        self.0.present.none().await;
    }
}

impl<K, R, M> Clone for Hub<K, R, M> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<K, R, M> fmt::Debug for Hub<K, R, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hub").field("config", &self.0.config).finish_non_exhaustive()
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
