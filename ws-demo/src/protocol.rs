//! The messages between clients and server, in JSON.
//!
//! JSON that a client wrote is passed on as it was written: the order of its keys, the digits of
//! its numbers. It is looked at without recursion and without being built, so neither its depth nor
//! its numbers can do harm.

mod reply;
mod request;

pub(crate) use reply::{
    Mistake, auth_ok, broadcast, broadcast_message, echo_json, echo_text, error, joined, left,
    pong, presence, presence_change, room_broadcast, rooms, welcome,
};
pub(crate) use request::{Request, Room, Token};
