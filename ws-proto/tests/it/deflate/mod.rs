//! Compressed messages (RFC 7692).

mod any_conversation;
mod engines;
mod fragments;
mod limits;
mod negotiation;
mod oddities;
mod prepared;
mod round_trip;
mod stats;
mod streams;
mod window;
