//! A thread with its share of the clients.

use std::cell::RefCell;
use std::io;
use std::rc::Rc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tokio::runtime::Builder;
use tokio::sync::{Semaphore, mpsc, watch};
use tokio::task::LocalSet;

use super::clock::Clock;
use super::open::OpenError;
use super::pacer::{self, Schedule, Told};
use super::plan::Plan;
use super::recorder::{Window, record};
use super::server::Server;
use super::sources::Sources;
use super::tally::Tally;
use super::{Mode, churn, client, cpu};

/// How many connections each thread opens at once.
const OPENING: usize = 64;

/// What all threads know.
pub(super) struct Shared {
    pub(super) plan: Plan,
    pub(super) clock: Clock,
    pub(super) server: Server,
    pub(super) sources: Sources,
    pub(super) authentication: Option<String>,
    pub(super) timeout: Duration,
    /// Set before the load begins.
    pub(super) window: OnceLock<Window>,
    /// How many messages each sender has sent.
    pub(super) sent: Vec<AtomicU32>,
    /// One for each thread.
    pub(super) live: Vec<Live>,
}

/// What can be watched while it goes on.
#[derive(Default)]
pub(super) struct Live {
    pub(super) opened: AtomicU64,
    pub(super) failed: AtomicU64,
    pub(super) lost: AtomicU64,
    pub(super) sent: AtomicU64,
    /// How often what was sent should arrive, and how often it did.
    pub(super) expected: AtomicU64,
    pub(super) arrived: AtomicU64,
    /// The 99th percentile of the latency a moment ago.
    pub(super) p99: AtomicU64,
}

/// What the clients are to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    Opening,
    /// The load is on.
    Running,
    /// No more is sent, and what is on its way may arrive.
    Draining,
    /// All say goodbye.
    Stopping,
}

pub(super) struct Shard {
    pub(super) shared: Arc<Shared>,
    pub(super) tally: RefCell<Tally>,
    index: u16,
    opening: Semaphore,
    told: RefCell<Vec<Told>>,
}

impl Shard {
    /// Runs this share of the clients until they all have ended.
    ///
    /// # Errors
    ///
    /// If there can be no runtime.
    pub(super) fn run(
        shared: Arc<Shared>,
        index: u16,
        mut phase: watch::Receiver<Phase>,
    ) -> io::Result<Tally> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let shard = Rc::new(Self {
            shared,
            index,
            tally: RefCell::new(Tally::new()),
            opening: Semaphore::new(OPENING),
            told: RefCell::default(),
        });
        let clients = LocalSet::new();
        for number in
            (u32::from(index)..shard.shared.plan.clients).step_by(shard.shared.plan.threads.into())
        {
            let (shard, phase) = (Rc::clone(&shard), phase.clone());
            match shard.shared.plan.mode {
                Mode::Churn => clients.spawn_local(churn::run(shard, number, phase)),
                _ => clients.spawn_local(client::run(shard, number, phase)),
            };
        }
        runtime.block_on(async {
            let lead = async {
                shard.lead(&mut phase).await;
            };
            clients.run_until(lead).await;
            clients.await;
        });
        let shard = Rc::into_inner(shard).ok_or_else(|| io::Error::other("a client is left"))?;
        Ok(shard.tally.into_inner())
    }

    /// Starts what is this thread's own to start.
    async fn lead(&self, phase: &mut watch::Receiver<Phase>) {
        let at = |wanted: Phase| move |phase: &Phase| *phase as u8 >= wanted as u8;
        // The sender outlives the threads.
        let _ = phase.wait_for(at(Phase::Running)).await;
        if let (Some(per_second), Some(window)) =
            (self.shared.plan.rate, self.shared.window.get().copied())
        {
            let schedule = Schedule::new(&window, per_second, self.shared.plan.senders);
            let mut told = self.told.take();
            told.sort_by_key(|&(sender, _)| sender);
            pacer::start(self.shared.clock, schedule, told);
        }
        let before = cpu::thread();
        let _ = phase.wait_for(at(Phase::Draining)).await;
        if let (Some(before), Some(after)) = (before, cpu::thread()) {
            self.tally.borrow_mut().cpu = Some(after.saturating_sub(before));
        }
    }

    pub(super) fn live(&self) -> &Live {
        &self.shared.live[usize::from(self.index)]
    }

    /// Waits for the turn to open a connection.
    pub(super) async fn turn(&self, client: u32) -> Option<tokio::sync::SemaphorePermit<'_>> {
        if let Some(rate) = self.shared.plan.connect_rate {
            let due = self.shared.clock.instant((f64::from(client) * 1e9 / rate) as u64);
            tokio::time::sleep_until(due.into()).await;
        }
        // It is never closed.
        self.opening.acquire().await.ok()
    }

    /// What tells a client when its messages are due; `None` if the server's replies do.
    pub(super) fn told(&self, client: u32) -> Option<mpsc::UnboundedReceiver<u64>> {
        let plan = &self.shared.plan;
        (plan.rate.is_some() && client < plan.senders).then(|| {
            let (tell, told) = mpsc::unbounded_channel();
            self.told.borrow_mut().push((client.into(), tell));
            told
        })
    }

    /// Makes the tally ready for what is measured; each client says so, and the first does it.
    pub(super) fn begin(&self) -> Option<Window> {
        let window = *self.shared.window.get()?;
        let mut tally = self.tally.borrow_mut();
        if tally.recorder.is_none() {
            let broadcasters = match self.shared.plan.mode {
                Mode::Broadcast | Mode::Rooms => self.shared.plan.senders,
                _ => 0,
            };
            tally.begin(window, broadcasters);
        }
        Some(window)
    }

    pub(super) fn opened_in(&self, nanoseconds: u64) {
        record(&mut self.tally.borrow_mut().opening, nanoseconds);
    }

    pub(super) fn failed(&self, error: &OpenError) {
        self.live().failed.fetch_add(1, Ordering::Relaxed);
        let mut tally = self.tally.borrow_mut();
        tally.walls.extend(error.wall());
        tally.failures.add(error.to_string());
    }

    pub(super) fn lost(&self, reason: String) {
        self.live().lost.fetch_add(1, Ordering::Relaxed);
        self.tally.borrow_mut().losses.add(reason);
    }

    /// Takes account of what arrived.
    pub(super) fn arrived(&self, tally: &mut Tally, due: u64, now: u64, bytes: usize) {
        let live = self.live();
        live.arrived.fetch_add(1, Ordering::Relaxed);
        let Some(window) = self.shared.window.get() else { return };
        if window.measures(now) {
            tally.measured += 1;
            tally.measured_bytes += bytes as u64;
        }
        if let Some(recorder) = &mut tally.recorder
            && recorder.record(due, now)
        {
            live.p99.store(recorder.latest(), Ordering::Relaxed);
        }
    }
}
