//! A load tool for WebSocket servers. The program is `ws-bench`; [`Bench`] is its command line, for programs
//! that have the load tool as one of their commands.
//!
//! Clients run on threads that share only counters. A thread that sleeps precisely schedules the messages.
//! Each message contains the time for which it was scheduled, its sender and its number. So each arrival
//! shows its latency, including the time for which a slow server kept the message from being sent, and
//! every message that is lost, duplicated, out of order, misdirected or damaged is found.

mod chart;
mod client;
mod clock;
mod command;
mod options;
mod output;
mod pacer;
mod plan;
mod progress_display;
mod reasons;
mod recorder;
mod report;
mod run;
mod server;
mod shard;
mod shared;
mod sources;
mod stamp;
mod system_limits;
mod table;
mod tally;
mod usage;
mod worker;

pub use options::Bench;
