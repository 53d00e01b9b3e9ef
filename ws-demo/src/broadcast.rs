//! Clients' messages on their way to other clients.

use std::sync::Arc;
use std::time::Instant;

use ws_tokio::{Deflate, Prepared};

use crate::id::{ClientId, Sender};
use crate::identity::Identity;
use crate::metrics::Metrics;
use crate::presence::RemoteChange;
use crate::protocol;
use crate::room::RoomName;
use ws_hub::{NotInRoom, Published, To};

pub(crate) type Hub = ws_hub::Hub<ClientId, RoomName, Identity>;
pub(crate) type Member = ws_hub::Member<ClientId, RoomName, Identity>;

/// Puts messages into frames, encoded and compressed once, and counts what becomes of them.
pub(crate) struct Broadcasts {
    hub: Hub,
    /// How they are compressed for clients that have agreed to it.
    deflate: Option<Deflate>,
    metrics: Arc<Metrics>,
}

impl Broadcasts {
    pub(crate) fn new(hub: Hub, deflate: Option<Deflate>, metrics: Arc<Metrics>) -> Self {
        hub.announce_presence(|change, room, client, identity: &Identity| {
            let user = identity.user();
            Prepared::new(protocol::presence_change(change, room, *client, user.as_deref()))
        });
        Self { hub, deflate, metrics }
    }

    /// The clients that are reached.
    pub(crate) fn hub(&self) -> &Hub {
        &self.hub
    }

    /// A client's message, in JSON, to all others, or to the other members of a room; on other nodes
    /// as well.
    ///
    /// # Errors
    ///
    /// The client is not in the room.
    pub(crate) fn publish(
        &self,
        from: &Member,
        room: Option<&RoomName>,
        message: &str,
    ) -> Result<(), NotInRoom> {
        if room.is_some_and(|room| !from.is_in(room)) {
            return Err(NotInRoom);
        }
        let started = Instant::now();
        let id = *from.key();
        let published = match room {
            Some(room) => from.publish_to_room(room, |position| {
                self.prepare(&protocol::room_broadcast(id, room, position, message))
            }),
            None => from.publish(To::All, self.prepare(&protocol::broadcast(id, None, message))),
        }?;
        self.metrics.broadcast(started.elapsed(), published);
        Ok(())
    }

    /// A client of another node has entered or exited a room.
    pub(crate) fn announce(&self, change: &RemoteChange) {
        let RemoteChange { change, room, client, user } = change;
        self.hub.notify_watchers(room, || {
            Prepared::new(protocol::presence_change(*change, room, *client, user.as_deref()))
        });
    }

    /// A message of a client of another node.
    pub(crate) fn deliver(&self, from: ClientId, room: Option<&RoomName>, message: &str) {
        let started = Instant::now();
        let broadcast = self.prepare(&protocol::broadcast(from, room, message));
        let published = self.hub.deliver(room.map_or(To::All, To::Room), broadcast);
        self.metrics.broadcast(started.elapsed(), published);
    }

    /// Another node's API has disconnected this number of clients.
    pub(crate) fn count_disconnected(&self, clients: usize) {
        self.metrics.api.disconnect(clients);
    }

    /// A message of the backend, in JSON, to all clients of this node, or to those in a room, but not to
    /// `except`.
    pub(crate) fn deliver_from_server(
        &self,
        except: Option<ClientId>,
        room: Option<&RoomName>,
        message: &str,
    ) -> Published {
        let started = Instant::now();
        let from = Sender::Server;
        let published = match room {
            Some(room) => self.hub.publish_to_room(room, except.as_ref(), |position| {
                self.prepare(&protocol::room_broadcast(from, room, position, message))
            }),
            None => {
                let broadcast = self.prepare(&protocol::broadcast(from, None, message));
                match except {
                    Some(client) => self.hub.deliver_except(&client, To::All, broadcast),
                    None => self.hub.deliver(To::All, broadcast),
                }
            }
        };
        self.metrics.broadcast(started.elapsed(), published);
        published
    }

    fn prepare(&self, text: &str) -> Prepared {
        match &self.deflate {
            Some(deflate) => Prepared::deflated(text, deflate),
            None => Prepared::new(text),
        }
    }
}
