//! The application's handle of a hub.

use std::borrow::Borrow;
use std::fmt;
use std::hash::Hash;
use std::ops::RangeBounds;
use std::sync::Arc;
use std::time::Instant;

use ws_futures::proto::SendError;
use ws_futures::{Close, Prepared};

use crate::engine::{Engine, Memory, To};
use crate::history::{HistoryPage, Position};
use crate::leaving::Drain;
use crate::member::Member;
use crate::ordered::Ordered;
use crate::presence::PresenceChange;
use crate::published::Published;
use crate::roster::{Seat, Snapshot};
use crate::shared::{HubConfig, Shared};

/// The members of this process, and their rooms.
///
/// `K` is the key of a member, `R` the name of a room, `M` the application's data of a member, which
/// others can read. A hub is one pointer; its clones refer to the same hub.
///
/// Each connection enters as a [`Member`], which its task holds. Messages are encoded once, as
/// [`Prepared`], and queued in the outbox of each receiver: publishing never waits. Messages of one
/// member reach another in order; messages that two members publish concurrently may reach others in
/// different orders, except in rooms with a [history](HubConfig::history).
pub struct Hub<K, R = Arc<str>, M = ()>(Arc<Shared<K, R, M>>);

/// The key is taken by another member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyTaken;

impl fmt::Display for KeyTaken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("key is taken by another member")
    }
}

impl std::error::Error for KeyTaken {}

impl<K, R, M> Hub<K, R, M>
where
    K: Eq + Hash,
    R: Clone + Ord + Hash,
{
    /// Creates an empty hub without other nodes.
    pub fn new(config: HubConfig) -> Self {
        Self::with_engine(config, Memory)
    }

    /// Creates an empty hub that `engine` connects to the hubs of other nodes.
    pub fn with_engine(config: HubConfig, engine: impl Engine<K, R> + 'static) -> Self {
        Self(Arc::new(Shared::new(config, Box::new(engine))))
    }

    /// Returns the configuration.
    pub fn config(&self) -> &HubConfig {
        &self.0.config
    }

    /// Adds a member. Others can read `data` ([`members`](Self::members)).
    ///
    /// If the hub is [closed](Self::close), the new member is closed at once.
    ///
    /// # Errors
    ///
    /// [`KeyTaken`] if there is a member with this key on this node.
    pub fn enter(&self, key: K, data: M) -> Result<Member<K, R, M>, KeyTaken> {
        self.admit(key, data, true)
    }

    /// Adds a member that is not [shown](Member::show) yet: it holds its key, but is not counted, receives
    /// no published messages and can join no room. It is closed when the hub is closed.
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

    /// Publishes a message, encoded once, to members on this node and on other nodes. Never waits.
    pub fn publish(&self, to: To<'_, K, R>, message: impl Into<Arc<Prepared>>) -> Published {
        self.0.publish(None, to, &message.into())
    }

    /// Publishes a message to the members of a room, on all nodes, like [`publish`](Self::publish), but not
    /// to the member with the key `except`, if it is on this node. `encode` is called with the position of
    /// the message, or with `None` if the hub has no [history](HubConfig::history). It must not call the hub or
    /// its members: the lock of the room is held.
    pub fn publish_to_room(
        &self,
        room: &R,
        except: Option<&K>,
        encode: impl FnOnce(Option<Position>) -> Prepared,
    ) -> Published {
        let except = except.and_then(|key| self.0.seat(key));
        self.0.publish_to_room(None, except.as_ref(), room, |position| Arc::new(encode(position)))
    }

    /// Delivers a message that an [`Engine`] received from another node to members on this node only.
    pub fn deliver(&self, to: To<'_, K, R>, message: impl Into<Arc<Prepared>>) -> Published {
        self.0.deliver(None, to, &message.into())
    }

    /// Like [`deliver`](Self::deliver), but not to the member with the key `except`.
    pub fn deliver_except(
        &self,
        except: &K,
        to: To<'_, K, R>,
        message: impl Into<Arc<Prepared>>,
    ) -> Published {
        self.0.deliver(self.0.seat(except).as_ref(), to, &message.into())
    }

    /// Notifies the members that wait for a room: from now on it misses nothing. `opening` is the value
    /// that [`Engine::open_room`] received; the value of an earlier opening is ignored.
    pub fn room_ready(&self, room: &R, opening: u64) {
        let elsewhere = self.0.engine.members_elsewhere(room);
        self.0.rooms.ready(room, opening, elsewhere, &self.0.config.bounds);
    }

    /// Returns a snapshot of a room's members on this node.
    pub fn members(&self, room: &R) -> Members<K, R, M> {
        Members(self.0.rooms.snapshot(room).unwrap_or_default())
    }

    /// Sets the encoding of the notices that members receive who [watch](crate::JoinOptions::watch) a
    /// room, when another member enters or exits it. `encode` is called with the change, the room, and the
    /// key and the data of the member. Only the first call has an effect.
    ///
    /// Notices are queued like messages, but have no part in the history of the room.
    pub fn announce_presence(
        &self,
        encode: impl Fn(PresenceChange, &R, &K, &M) -> Prepared + Send + Sync + 'static,
    ) {
        let encode =
            move |change, room: &R, key: &K, data: &M| Arc::new(encode(change, room, key, data));
        self.0.encode_presence.get_or_init(|| Box::new(encode));
    }

    /// Notifies the members on this node that [watch](crate::JoinOptions::watch) a room, as an [`Engine`] does
    /// when a member on another node enters or exits. `encode` is called if there are any.
    pub fn notify_watchers(&self, room: &R, encode: impl FnOnce() -> Prepared) -> Published {
        self.0.notify_watchers(room, encode)
    }

    /// Returns up to `limit` messages of a room behind an offset, the oldest first, and the position of the
    /// latest one; `None` if the room has no history.
    pub fn history(&self, room: &R, after: u64, limit: usize) -> Option<HistoryPage> {
        self.0.rooms.ordered()?.page(room, after, limit, Instant::now())
    }

    /// Returns the bytes of all histories, as [`HistoryLimits::total_bytes`](crate::HistoryLimits::total_bytes)
    /// counts them.
    pub fn history_bytes(&self) -> usize {
        self.0.rooms.ordered().map_or(0, Ordered::bytes)
    }

    /// Removes messages that are too old at this time, and rooms that have had no member for that long.
    /// Call it from time to time: without it they keep their memory, within the limits, until their rooms
    /// are used again. Takes a time that grows with the number of rooms.
    pub fn expire_history(&self, now: Instant) {
        if let Some(ordered) = self.0.rooms.ordered() {
            ordered.expire(now);
        }
    }

    /// Calls `visit` with each room that has members on this node, and their number. A lock is held
    /// during the calls: do not call the hub or its members from within.
    pub fn visit_rooms(&self, visit: impl FnMut(&R, usize)) {
        self.0.rooms.visit(visit);
    }

    /// Returns the first rooms of a range that have members on this node, in order, and the number of
    /// members of each; at most `limit`. Takes a time that grows with `limit` only, so that all rooms can
    /// be listed page by page: the next page starts behind the last room of this one.
    ///
    /// # Panics
    ///
    /// If the range is empty because its start is behind its end, like `BTreeSet::range`.
    pub fn list_rooms<Q>(&self, range: impl RangeBounds<Q>, limit: usize) -> Vec<(R, usize)>
    where
        R: Borrow<Q>,
        Q: Ord + ?Sized,
    {
        self.0.rooms.list((range.start_bound(), range.end_bound()), limit)
    }

    /// Returns the number of rooms that have members on this node.
    pub fn room_count(&self) -> usize {
        self.0.rooms.len()
    }

    /// Returns the number of members on this node.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is no member on this node.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns the queued bytes of all outboxes, as [`OutboxLimits::capacity`](crate::OutboxLimits::capacity) counts
    /// them.
    pub fn queued_bytes(&self) -> usize {
        let mut bytes = 0;
        self.0.each_snapshot(|members| {
            bytes += members.iter().map(|seat| seat.outbox.bytes()).sum::<usize>();
        });
        bytes
    }

    /// Closes the connections of all members with this Close frame, after their queued messages, and
    /// those of members that enter later at once. Returns without waiting; see
    /// [`drained`](Self::drained). Only the first call that returns `Ok` has an effect.
    ///
    /// # Errors
    ///
    /// Those of [`Close::check_sendable`]; nothing has changed then.
    pub fn close(&self, close: impl Into<Close<'static>>) -> Result<(), SendError> {
        self.drain(close).map(drop)
    }

    /// Like [`close`](Self::close), but the caller decides when each connection is closed, so that
    /// clients do not all reconnect at once.
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

    /// Closes the connection of one member, shown or hidden, with this Close frame, after its queued
    /// messages. Returns whether a member of this node is closed by it: `false` if there is none with this
    /// key, or its connection is being closed already.
    ///
    /// # Errors
    ///
    /// Those of [`Close::check_sendable`]; nothing has changed then.
    pub fn disconnect(&self, key: &K, close: impl Into<Close<'static>>) -> Result<bool, SendError> {
        let close = close.into();
        close.check_sendable()?;
        Ok(self.0.seat(key).is_some_and(|seat| seat.outbox.close(&close)))
    }

    /// Like [`disconnect`](Self::disconnect), for all members for which `is_concerned` returns `true`;
    /// returns the number of those that are closed by it. Takes a time that grows with the number of members.
    ///
    /// # Errors
    ///
    /// Those of [`Close::check_sendable`]; nothing has changed then.
    pub fn disconnect_where(
        &self,
        is_concerned: impl Fn(&K, &M) -> bool,
        close: impl Into<Close<'static>>,
    ) -> Result<usize, SendError> {
        let close = close.into();
        close.check_sendable()?;
        let seats = self.0.seats();
        let concerned = seats.iter().filter(|seat| is_concerned(&seat.key, &seat.data));
        Ok(concerned.filter(|seat| seat.outbox.close(&close)).count())
    }

    /// Waits until there is no member, shown or hidden. After [`close`](Self::close) this means that all
    /// connections have ended; an HTTP server's own shutdown does not wait for WebSockets. The only
    /// deadlines are those of the connections
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

/// A snapshot of the members of a room.
pub struct Members<K, R = Arc<str>, M = ()>(Snapshot<K, R, M>);

impl<K, R, M> Members<K, R, M> {
    /// Returns the number of members.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are no members.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Iterates over keys and application data, in no particular order.
    pub fn iter(&self) -> impl Iterator<Item = (&K, &M)> {
        self.0.iter().map(|seat| (&seat.key, &seat.data))
    }
}

impl<K: fmt::Debug, R, M> fmt::Debug for Members<K, R, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter().map(|(key, _)| key)).finish()
    }
}
