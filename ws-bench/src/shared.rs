//! What all threads know.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use crate::clock::Clock;
use crate::plan::Plan;
use crate::recorder::Window;
use crate::server::Server;
use crate::sources::Sources;

pub(crate) struct Shared {
    pub(crate) plan: Plan,
    pub(crate) clock: Clock,
    pub(crate) server: Server,
    pub(crate) sources: Sources,
    pub(crate) authentication: Option<String>,
    pub(crate) timeout: Duration,
    /// Set before the load begins.
    pub(crate) window: OnceLock<Window>,
    /// How many messages each sender has sent.
    pub(crate) sent: Vec<AtomicU32>,
    /// One for each thread.
    pub(crate) live: Vec<Live>,
}

impl Shared {
    /// The sum of a counter over all threads.
    pub(crate) fn total(&self, counter: impl Fn(&Live) -> &AtomicU64) -> u64 {
        self.live.iter().map(|live| counter(live).load(Ordering::Relaxed)).sum()
    }
}

/// What can be watched while it goes on.
#[derive(Default)]
pub(crate) struct Live {
    pub(crate) opened: AtomicU64,
    pub(crate) failed: AtomicU64,
    pub(crate) lost: AtomicU64,
    pub(crate) sent: AtomicU64,
    /// How often what was sent should arrive, and how often it did.
    pub(crate) expected: AtomicU64,
    pub(crate) arrived: AtomicU64,
    /// The 99th percentile of the latency a moment ago.
    pub(crate) p99: AtomicU64,
}

/// What the clients are to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    Opening,
    /// The load is on.
    Running,
    /// No more is sent, and what is on its way may arrive.
    Draining,
    /// All say goodbye.
    Stopping,
}
