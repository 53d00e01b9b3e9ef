//! What the tests of every runtime share. No part of a release.
//!
//! [`fake`] has streams in memory, a clock and tasks for tests without a runtime.
//!
//! [`Runtime`] is what a test needs of a runtime; [`faults`] are the tests, each a function that is
//! generic over it, and [`tests!`](crate::tests) makes them tests of a crate. [`serving`] tests a
//! runtime's server, [`raw`] is a client without a library, [`network`] cuts and stalls
//! what it carries, [`seeds`] provides reproducible randomness.

pub mod echo;
pub mod fake;
pub mod faults;
mod lent;
pub mod network;
pub mod raw;
mod runtime;
pub mod seeds;
mod server;
pub mod serving;

pub use runtime::Runtime;

/// The time limit of a test, far above what a slow machine needs.
const TIMEOUT: std::time::Duration = std::time::Duration::from_secs(120);
