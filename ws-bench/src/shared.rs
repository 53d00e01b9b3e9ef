//! The state that all threads of a run share.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use crate::clock::Clock;
use crate::plan::Plan;
use crate::recorder::Window;
use crate::server::Server;
use crate::sources::Sources;

/// The plan of a run, its clock, its server, and the counters of all threads.
pub(crate) struct Shared {
    pub(crate) plan: Plan,
    pub(crate) clock: Clock,
    pub(crate) server: Server,
    pub(crate) sources: Sources,
    pub(crate) authentication: Option<String>,
    pub(crate) timeout: Duration,
    /// Set before the load begins.
    pub(crate) window: OnceLock<Window>,
    /// The number of messages that each sender has sent.
    pub(crate) sent: Vec<AtomicU32>,
    /// One for each thread.
    pub(crate) live: Vec<Live>,
}

impl Shared {
    /// Returns the sum of a counter over all threads.
    pub(crate) fn total(&self, counter: impl Fn(&Live) -> &AtomicU64) -> u64 {
        self.live.iter().map(|live| counter(live).load(Ordering::Relaxed)).sum()
    }
}

/// The counters of one thread, to be read while it runs.
#[derive(Default)]
pub(crate) struct Live {
    pub(crate) opened: AtomicU64,
    pub(crate) failed: AtomicU64,
    pub(crate) lost: AtomicU64,
    pub(crate) sent: AtomicU64,
    /// The number of arrivals that the sent messages should cause, and of those that happened.
    pub(crate) expected: AtomicU64,
    pub(crate) arrived: AtomicU64,
    /// The 99th percentile of the latency in the last complete time step, in nanoseconds.
    pub(crate) p99: AtomicU64,
}

/// The stage of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// Clients connect.
    Opening,
    /// Clients put load on the server.
    Running,
    /// Nothing is sent any more; messages in flight may arrive.
    Draining,
    /// Clients close their connections.
    Stopping,
}
