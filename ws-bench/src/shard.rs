//! A thread's share of the clients: what they have in common.

use std::cell::RefCell;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use tokio::sync::{Semaphore, mpsc, watch};

use crate::options::Mode;
use crate::pacer::{self, Schedule, Told};
use crate::recorder::{Window, record};
use crate::shared::{Live, Phase, Shared};
use crate::tally::Tally;
use crate::usage;
use crate::walls::Wall;

/// How many connections each thread opens at once.
const OPENING: usize = 64;

pub(crate) struct Shard {
    pub(crate) shared: Arc<Shared>,
    pub(crate) tally: RefCell<Tally>,
    index: u16,
    opening: Semaphore,
    told: RefCell<Vec<Told>>,
}

impl Shard {
    pub(crate) fn new(shared: Arc<Shared>, index: u16) -> Self {
        Self {
            shared,
            index,
            tally: RefCell::new(Tally::new()),
            opening: Semaphore::new(OPENING),
            told: RefCell::default(),
        }
    }

    /// Starts what is this thread's own to start.
    pub(crate) async fn lead(&self, phase: &mut watch::Receiver<Phase>) {
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
        let before = usage::thread();
        let _ = phase.wait_for(at(Phase::Draining)).await;
        if let (Some(before), Some(after)) = (before, usage::thread()) {
            self.tally.borrow_mut().cpu = Some(after.saturating_sub(before));
        }
    }

    pub(crate) fn live(&self) -> &Live {
        &self.shared.live[usize::from(self.index)]
    }

    /// Waits for the turn to open a connection.
    pub(crate) async fn turn(&self, client: u32) -> Option<tokio::sync::SemaphorePermit<'_>> {
        if let Some(rate) = self.shared.plan.connect_rate {
            let due = self.shared.clock.instant((f64::from(client) * 1e9 / rate) as u64);
            tokio::time::sleep_until(due.into()).await;
        }
        // It is never closed.
        self.opening.acquire().await.ok()
    }

    /// What tells a client when its messages are due; `None` if the server's replies do.
    pub(crate) fn told(&self, client: u32) -> Option<mpsc::UnboundedReceiver<u64>> {
        let plan = &self.shared.plan;
        (plan.rate.is_some() && client < plan.senders).then(|| {
            let (tell, told) = mpsc::unbounded_channel();
            self.told.borrow_mut().push((client.into(), tell));
            told
        })
    }

    /// Makes the tally ready for what is measured; each client says so, and the first does it.
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

    pub(crate) fn opened_in(&self, nanoseconds: u64) {
        record(&mut self.tally.borrow_mut().opening, nanoseconds);
    }

    /// A connection could not be opened, perhaps because of a limit of this machine.
    pub(crate) fn failed(&self, reason: String, wall: Option<Wall>) {
        self.live().failed.fetch_add(1, Ordering::Relaxed);
        let mut tally = self.tally.borrow_mut();
        tally.walls.extend(wall);
        tally.failures.add(reason);
    }

    pub(crate) fn lost(&self, reason: String) {
        self.live().lost.fetch_add(1, Ordering::Relaxed);
        self.tally.borrow_mut().losses.add(reason);
    }

    /// Takes account of what arrived.
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
