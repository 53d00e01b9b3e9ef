//! The seam between the hub of this process and those of others.
//!
//! Clients of this process are served by the [`Hub`](crate::hub::Hub) alone: it delivers here
//! first, and tells its [`Engine`] afterwards. An engine never makes a client wait. What it is told
//! it puts into one bounded queue of its own and counts what finds no room; a task of its own does
//! the rest.
//!
//! ```text
//!   client ──► Hub ── open_room, close_room, publish, changed ──► Engine ──► other nodes
//!   client ◄── Hub ◄──────────── deliver, room_ready ──────────── Engine ◄── other nodes
//! ```
//!
//! - The hub's side of the calls is this trait. `open_room` and `close_room` come with a lock of
//!   the hub held, so that they come in their order; an engine must not call the hub from within.
//! - The engine's side is [`Hub::deliver`](crate::hub::Hub::deliver) for what came from elsewhere
//!   (never for what this node published itself) and
//!   [`Hub::room_ready`](crate::hub::Hub::room_ready) once nothing published to a room anywhere can
//!   be missed any more. Until then clients that join it wait for their `joined`; so an engine whose
//!   broker is away answers [`Opening::Ready`], or calls `room_ready`, rather than let them wait.
//! - Counts of others come from the engine's memory of what they said last: the hub asks for them
//!   whenever it tells a client a number.

pub(crate) mod nats;

use std::fmt;

use crate::id::ClientId;
use crate::room::RoomName;

/// What connects this process with others like it. No method may wait.
pub(crate) trait Engine: Send + Sync {
    /// A room has its first member here. `opening` tells this time from earlier and later ones: it
    /// is to be given to [`Hub::room_ready`](crate::hub::Hub::room_ready).
    fn open_room(&self, room: &RoomName, opening: u64) -> Opening;

    /// A room has lost its last member here.
    fn close_room(&self, room: &RoomName);

    /// A client's broadcast, which everybody here has got already.
    fn publish(&self, publication: Publication<'_>);

    /// The longest message, in bytes, that other nodes can be handed. A client that broadcasts a
    /// longer one is told so, and it goes to nobody.
    fn max_message(&self) -> usize;

    /// Clients or members of rooms came or went; the hub knows the numbers.
    fn changed(&self);

    /// The clients of other nodes.
    fn clients_elsewhere(&self) -> usize;

    /// The members of a room on other nodes.
    fn members_elsewhere(&self, room: &RoomName) -> usize;

    /// Calls `visit` with each room of other nodes, and its members there: once for a room.
    fn rooms_elsewhere(&self, visit: &mut dyn FnMut(&RoomName, usize));

    /// How it is.
    fn status(&self) -> Status;
}

/// Whether a room that was opened misses nothing from now on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "clients wait until the room is ready"]
pub(crate) enum Opening {
    Ready,
    /// [`Hub::room_ready`](crate::hub::Hub::room_ready) will be called.
    Pending,
}

/// A broadcast on its way to other nodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Publication<'p> {
    pub(crate) from: ClientId,
    /// `None`: for everybody.
    pub(crate) room: Option<&'p RoomName>,
    /// The message, in JSON, as the client wrote it.
    pub(crate) message: &'p str,
}

/// The engine as operators see it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Status {
    /// Whether other nodes can be reached, if there may be any.
    pub(crate) up: bool,
    /// The nodes that are known, this one included.
    pub(crate) nodes: usize,
    /// Broadcasts handed to the broker.
    pub(crate) published: u64,
    /// Broadcasts of other nodes that came.
    pub(crate) received: u64,
    /// Broadcasts that could not be handed on.
    pub(crate) dropped: u64,
    /// Broadcasts of other nodes that are known to be missing.
    pub(crate) gaps: u64,
}

/// The engine of a server that is alone.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Memory;

impl Engine for Memory {
    fn open_room(&self, _room: &RoomName, _opening: u64) -> Opening {
        Opening::Ready
    }

    fn close_room(&self, _room: &RoomName) {}

    fn publish(&self, _publication: Publication<'_>) {}

    fn max_message(&self) -> usize {
        usize::MAX
    }

    fn changed(&self) {}

    fn clients_elsewhere(&self) -> usize {
        0
    }

    fn members_elsewhere(&self, _room: &RoomName) -> usize {
        0
    }

    fn rooms_elsewhere(&self, _visit: &mut dyn FnMut(&RoomName, usize)) {}

    fn status(&self) -> Status {
        Status { up: true, nodes: 1, ..Status::default() }
    }
}

impl fmt::Debug for dyn Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Engine").field("status", &self.status()).finish()
    }
}
