//! Changes of who is in a room.

use std::sync::Arc;

use ws_hub::PresenceChange;

use crate::id::ClientId;
use crate::room::RoomName;

/// A member of a room on another node has entered or exited.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct RemoteChange {
    pub(crate) change: PresenceChange,
    pub(crate) room: RoomName,
    pub(crate) client: ClientId,
    pub(crate) user: Option<Arc<str>>,
}
