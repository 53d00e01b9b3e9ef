//! The state that the clients of one thread share.

use std::cell::RefCell;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use tokio::sync::{Semaphore, mpsc, watch};

use crate::options::Mode;
use crate::pacer::{self, DueSender, Schedule};
use crate::recorder::{Window, record};
use crate::shared::{Live, Shared, Stage};
use crate::system_limits::SystemLimit;
use crate::tally::Tally;
use crate::usage;

/// The number of connections that each thread opens at the same time.
const OPENING: usize = 64;

/// The shared state of the clients of one thread.
pub(crate) struct Shard {
    pub(crate) shared: Arc<Shared>,
    pub(crate) tally: RefCell<Tally>,
    index: u16,
    opening: Semaphore,
    due_senders: RefCell<Vec<DueSender>>,
}

impl Shard {
    pub(crate) fn new(shared: Arc<Shared>, index: u16) -> Self {
        Self {
            shared,
            index,
            tally: RefCell::new(Tally::new()),
            opening: Semaphore::new(OPENING),
            due_senders: RefCell::default(),
        }
    }

    /// Starts the schedule of this thread's messages with the load, and measures the processor time of
    /// the thread until the load ends.
    pub(crate) async fn run_load(&self, stage: &mut watch::Receiver<Stage>) {
        let at = |wanted: Stage| move |stage: &Stage| *stage as u8 >= wanted as u8;
        // The sender outlives the threads.
        let _ = stage.wait_for(at(Stage::Running)).await;
        if let (Some(per_second), Some(window)) =
            (self.shared.plan.rate, self.shared.window.get().copied())
        {
            let schedule = Schedule::new(&window, per_second, self.shared.plan.senders);
            let mut senders = self.due_senders.take();
            senders.sort_by_key(|&(sender, _)| sender);
            pacer::start(self.shared.clock, schedule, senders);
        }
        let before = usage::thread();
        let _ = stage.wait_for(at(Stage::Draining)).await;
        if let (Some(before), Some(after)) = (before, usage::thread()) {
            self.tally.borrow_mut().cpu = Some(after.saturating_sub(before));
        }
    }

    pub(crate) fn live(&self) -> &Live {
        &self.shared.live[usize::from(self.index)]
    }

    /// Waits until a client may open its connection.
    pub(crate) async fn permit_to_open(
        &self,
        client: u32,
    ) -> Option<tokio::sync::SemaphorePermit<'_>> {
        if let Some(rate) = self.shared.plan.connect_rate {
            let due = self.shared.clock.instant((f64::from(client) * 1e9 / rate) as u64);
            tokio::time::sleep_until(due.into()).await;
        }
        // The semaphore is never closed.
        self.opening.acquire().await.ok()
    }

    /// Returns the channel of a client's due times; `None` if it does not send on a schedule.
    pub(crate) fn due_times(&self, client: u32) -> Option<mpsc::UnboundedReceiver<u64>> {
        let plan = &self.shared.plan;
        (plan.rate.is_some() && client < plan.senders).then(|| {
            let (sender, due_times) = mpsc::unbounded_channel();
            self.due_senders.borrow_mut().push((client.into(), sender));
            due_times
        })
    }

    /// Prepares the tally for the load, at the first of the calls that each client makes.
    pub(crate) fn begin(&self) -> Option<Window> {
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

    /// Records the time that it took to open a connection.
    pub(crate) fn opened_in(&self, nanoseconds: u64) {
        record(&mut self.tally.borrow_mut().opening, nanoseconds);
    }

    /// Counts a connection that could not be opened, and the limit of this machine that caused it.
    pub(crate) fn failed(&self, reason: String, limit: Option<SystemLimit>) {
        self.live().failed.fetch_add(1, Ordering::Relaxed);
        let mut tally = self.tally.borrow_mut();
        tally.system_limits.extend(limit);
        tally.failures.add(reason);
    }

    /// Counts a connection that ended early.
    pub(crate) fn lost(&self, reason: String) {
        self.live().lost.fetch_add(1, Ordering::Relaxed);
        self.tally.borrow_mut().losses.add(reason);
    }

    /// Counts an arrival, and records its latency.
    pub(crate) fn arrived(&self, tally: &mut Tally, due: u64, now: u64, bytes: usize) {
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
