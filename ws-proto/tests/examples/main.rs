//! The examples run, and what they do is seen from outside.

#[path = "../pair/mod.rs"]
mod pair;

mod client;
mod conversations;
mod endings;
mod handshakes;
mod program;
mod raw;
mod server;
mod simulation;
mod stalls;
