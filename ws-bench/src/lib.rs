//! A load tool for WebSocket servers, as a command and as its command line.
//!
//! Clients run on threads that share nothing but counters. Messages are due by a thread that sleeps
//! precisely, and carry the time when they were due, their sender and their number: what comes back
//! tells its latency, and whether anything is missing.

mod chart;
mod client;
mod clock;
mod command;
mod course;
mod options;
mod output;
mod pacer;
mod plan;
mod progress;
mod reasons;
mod recorder;
mod report;
mod server;
mod shard;
mod shared;
mod sources;
mod stamp;
mod table;
mod tally;
mod usage;
mod walls;
mod worker;

pub use options::Bench;
