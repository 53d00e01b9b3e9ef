//! The examples run, and are tested from outside.

mod client;
mod conversations;
mod endings;
mod handshakes;
mod program;
pub(crate) mod raw;
mod server;
mod simulation;
mod stalls;
