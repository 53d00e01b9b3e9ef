//! The connection to other nodes, as far as the hub does not use it itself.

pub(crate) mod nats;
pub(crate) mod status;

use std::ops::Bound;
use std::sync::Arc;

use crate::room::RoomName;
use nats::Nats;

use status::Status;

/// The engine of this server.
pub(crate) enum Engine {
    /// There are no other nodes.
    Memory,
    Nats(Arc<Nats>),
}

impl Engine {
    /// Whether a message is short enough to be handed to other nodes. A client that broadcasts a
    /// longer one receives an error, and it is sent to no client.
    pub(crate) fn takes(&self, message: &str) -> bool {
        match self {
            Self::Memory => true,
            Self::Nats(nats) => message.len() <= nats.max_message(),
        }
    }

    /// The number of clients of other nodes.
    pub(crate) fn clients_elsewhere(&self) -> usize {
        match self {
            Self::Memory => 0,
            Self::Nats(nats) => nats.clients_elsewhere(),
        }
    }

    /// The first rooms of other nodes from `start` on, in order, at most `count`, and the number of
    /// members of each.
    pub(crate) fn rooms_elsewhere(
        &self,
        start: Bound<&str>,
        count: usize,
    ) -> Vec<(RoomName, usize)> {
        match self {
            Self::Memory => Vec::new(),
            Self::Nats(nats) => nats.rooms_elsewhere(start, count),
        }
    }

    /// The number of rooms of other nodes.
    pub(crate) fn room_count_elsewhere(&self) -> usize {
        match self {
            Self::Memory => 0,
            Self::Nats(nats) => nats.room_count_elsewhere(),
        }
    }

    /// The number of a room's members on other nodes.
    pub(crate) fn members_elsewhere(&self, room: &RoomName) -> usize {
        match self {
            Self::Memory => 0,
            Self::Nats(nats) => ws_hub::Engine::members_elsewhere(nats, room),
        }
    }

    pub(crate) fn status(&self) -> Status {
        match self {
            Self::Memory => Status { up: true, nodes: 1, ..Status::default() },
            Self::Nats(nats) => nats.status(),
        }
    }
}
