//! Rooms, members, fan-out and bounded outboxes for WebSocket servers.

mod hub;

pub use hub::{
    Bounds, Cause, Drain, Engine, Hub, JoinError, Joined, Member, MemberEvent, Members, Memory,
    NotInRoom, Opened, Published, Settings, Slow, Taken, To,
};
