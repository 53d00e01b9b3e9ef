//! The seam between the hub of this process and those of others.

use std::sync::Arc;

use ws_futures::Prepared;

/// Connects a hub with those of other processes, its nodes. No method may wait.
///
/// Members of this process are served by the [`Hub`](crate::Hub) alone: it delivers here first, and
/// calls its engine afterwards. An engine never makes a member wait. What it is handed it puts into a
/// bounded queue of its own and counts what finds no room; a task of its own does the rest.
///
/// ```text
///   Member ──► Hub ── open_room, close_room, publish, changed ──► Engine ──► other nodes
///   Member ◄── Hub ◄──────────── deliver, room_ready ──────────── task   ◄── other nodes
/// ```
///
/// - The hub's side of the calls is this trait. `open_room` and `close_room` are called with a lock
///   of the hub held, so that they come in their order; an engine must not call the hub from within.
/// - The engine's side is [`Hub::deliver`](crate::Hub::deliver) for what other nodes published, never
///   for what this one did, and [`Hub::room_ready`](crate::Hub::room_ready) once nothing published to
///   a room anywhere can be missed. An engine that cannot reach the other nodes answers
///   [`Opened::Ready`], or calls `room_ready`, rather than let members wait.
/// - Numbers of members elsewhere come from the engine's memory of what the other nodes reported.
pub trait Engine<K, R>: Send + Sync {
    /// A room has its first member here. `opening` tells this time from earlier and later ones: pass
    /// it to [`Hub::room_ready`](crate::Hub::room_ready).
    fn open_room(&self, room: &R, opening: u64) -> Opened;

    /// A room has lost its last member here.
    fn close_room(&self, room: &R);

    /// A message was published here, by a member or by the application, and is delivered here
    /// already; one to a [member](To::Member) only if that is not here.
    fn publish(&self, from: Option<&K>, to: To<'_, K, R>, message: &Arc<Prepared>);

    /// The number of a room's members on other nodes.
    fn members_elsewhere(&self, room: &R) -> usize;

    /// Members came, left, or joined or left rooms; the hub has the numbers.
    fn changed(&self) {}
}

/// Whether a room that was opened misses nothing from now on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "members wait until the room is ready"]
pub enum Opened {
    /// It misses nothing.
    Ready,
    /// [`Hub::room_ready`](crate::Hub::room_ready) will be called.
    Pending,
}

/// The receivers of a message. It is exhaustive: an engine must reach each kind of them.
#[derive(Debug, PartialEq, Eq)]
pub enum To<'t, K, R> {
    /// All members.
    All,
    /// The members of a room.
    Room(&'t R),
    /// The member with this key.
    Member(&'t K),
}

impl<K, R> Clone for To<'_, K, R> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<K, R> Copy for To<'_, K, R> {}

/// The engine of a process that is alone: there are no other nodes.
#[derive(Clone, Copy, Debug, Default)]
pub struct Memory;

impl<K, R> Engine<K, R> for Memory {
    fn open_room(&self, _room: &R, _opening: u64) -> Opened {
        Opened::Ready
    }

    fn close_room(&self, _room: &R) {}

    fn publish(&self, _from: Option<&K>, _to: To<'_, K, R>, _message: &Arc<Prepared>) {}

    fn members_elsewhere(&self, _room: &R) -> usize {
        0
    }
}

impl<K, R, E: Engine<K, R> + ?Sized> Engine<K, R> for Arc<E> {
    fn open_room(&self, room: &R, opening: u64) -> Opened {
        (**self).open_room(room, opening)
    }

    fn close_room(&self, room: &R) {
        (**self).close_room(room);
    }

    fn publish(&self, from: Option<&K>, to: To<'_, K, R>, message: &Arc<Prepared>) {
        (**self).publish(from, to, message);
    }

    fn members_elsewhere(&self, room: &R) -> usize {
        (**self).members_elsewhere(room)
    }

    fn changed(&self) {
        (**self).changed();
    }
}
