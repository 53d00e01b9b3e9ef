//! The connection to other nodes, as far as the hub does not use it itself.

pub(crate) mod nats;
pub(crate) mod status;

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

    /// Calls `visit` with each room of other nodes, and its members there: once for a room.
    pub(crate) fn rooms_elsewhere(&self, visit: impl FnMut(&RoomName, usize)) {
        match self {
            Self::Memory => {}
            Self::Nats(nats) => nats.rooms_elsewhere(visit),
        }
    }

    pub(crate) fn status(&self) -> Status {
        match self {
            Self::Memory => Status { up: true, nodes: 1, ..Status::default() },
            Self::Nats(nats) => nats.status(),
        }
    }
}
