//! Notices of members that enter and exit rooms.

use std::sync::Arc;

use ws_futures::Prepared;

/// A change of the members of a room. Exhaustive on purpose: each needs a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PresenceChange {
    /// The member has joined the room.
    Entered,
    /// The member has left the room, or the hub.
    Exited,
}

/// Encodes the notice of a change.
pub(crate) type EncodePresence<K, R, M> =
    Box<dyn Fn(PresenceChange, &R, &K, &M) -> Arc<Prepared> + Send + Sync>;
