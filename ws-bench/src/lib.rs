//! A load tool for WebSocket servers, as a command and as its command line.

mod bench;

pub use bench::Bench;
