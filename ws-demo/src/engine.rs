//! The connection to other nodes, as far as the hub does not use it itself.

pub(crate) mod nats;
pub(crate) mod status;

use std::ops::Bound;
use std::sync::Arc;

use crate::disconnect::Disconnect;
use crate::id::{ClientAndUser, ClientId};
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
    /// The size of the largest message that can be handed to other nodes, in bytes.
    pub(crate) fn max_message(&self) -> usize {
        match self {
            Self::Memory => usize::MAX,
            Self::Nats(nats) => nats.max_message(),
        }
    }

    /// Whether a message is short enough to be handed to other nodes. A client that broadcasts a
    /// longer one receives an error, and it is sent to no client.
    pub(crate) fn takes(&self, message: &str) -> bool {
        message.len() <= self.max_message()
    }

    /// Hands a message of the backend to other nodes, whose clients receive it except one.
    pub(crate) fn publish_from_server(
        &self,
        except: Option<ClientId>,
        room: Option<&RoomName>,
        message: &str,
    ) {
        match self {
            Self::Memory => {}
            Self::Nats(nats) => nats.publish_from_server(except, room, message),
        }
    }

    /// Asks other nodes to disconnect clients.
    pub(crate) fn disconnect(&self, request: &Disconnect) {
        match self {
            Self::Memory => {}
            Self::Nats(nats) => nats.disconnect(request),
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

    /// The members of a room that other nodes have listed, at most `count`, each with its user.
    pub(crate) fn members_listed(&self, room: &RoomName, count: usize) -> Vec<ClientAndUser> {
        match self {
            Self::Memory => Vec::new(),
            Self::Nats(nats) => nats.members_listed(room, count),
        }
    }

    pub(crate) fn status(&self) -> Status {
        match self {
            Self::Memory => Status { up: true, nodes: 1, ..Status::default() },
            Self::Nats(nats) => nats.status(),
        }
    }
}
