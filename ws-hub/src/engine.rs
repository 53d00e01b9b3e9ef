//! The interface between the hub of this process and those of other processes.

use std::sync::Arc;

use ws_futures::Prepared;

/// Connects a hub to those of other processes (nodes). No method may block.
///
/// The [`Hub`](crate::Hub) itself delivers to the members of this process, and calls its engine
/// afterwards. An engine never delays a member: it puts messages into a bounded queue of its own, counts
/// those that do not fit, and forwards them from a task of its own.
///
/// ```text
///   Member ──► Hub ── open_room, close_room, publish, changed ──► Engine ──► other nodes
///   Member ◄── Hub ◄──────────── deliver, room_ready ──────────── task   ◄── other nodes
/// ```
///
/// - The hub calls this trait. It calls `open_room` and `close_room` with a lock held, so that the calls
///   are in order; an engine must not call the hub from within them.
/// - The engine calls [`Hub::deliver`](crate::Hub::deliver) for messages published on other nodes, never
///   for those of this node, and [`Hub::room_ready`](crate::Hub::room_ready) once no message published to
///   a room on any node can be missed. An engine that cannot reach the other nodes returns
///   [`Opened::Ready`], or calls `room_ready`, rather than let members wait.
/// - The engine stores the numbers of members on other nodes, as those nodes reported them.
pub trait Engine<K, R>: Send + Sync {
    /// Called when a room has its first member on this node. `opening` identifies this opening of the
    /// room: pass it to [`Hub::room_ready`](crate::Hub::room_ready).
    fn open_room(&self, room: &R, opening: u64) -> Opened;

    /// Called when the last member on this node has left a room.
    fn close_room(&self, room: &R);

    /// Called when a member or the application has published a message on this node, after it was
    /// delivered on this node. For a message to one [member](To::Member) it is called only if the member
    /// is not on this node.
    fn publish(&self, from: Option<&K>, to: To<'_, K, R>, message: &Arc<Prepared>);

    /// Returns the number of a room's members on other nodes.
    fn members_elsewhere(&self, room: &R) -> usize;

    /// Called when members enter, leave, join or leave rooms; query the hub for the new numbers.
    fn changed(&self) {}
}

/// Whether a room that was opened receives all messages of other nodes from now on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "members wait until the room is ready"]
pub enum Opened {
    /// It receives all messages.
    Ready,
    /// [`Hub::room_ready`](crate::Hub::room_ready) will be called.
    Pending,
}

/// The receivers of a message. Exhaustive on purpose: an engine must handle each kind.
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

/// The engine of a single process, without other nodes.
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
