//! What one thread has counted and measured.

use std::collections::BTreeSet;
use std::time::Duration;

use hdrhistogram::Histogram;

use crate::reasons::Reasons;
use crate::recorder::{Recorder, Window, histogram, merge};
use crate::walls::Wall;

/// The sums of it all.
pub(crate) struct Tally {
    pub(crate) opening: Histogram<u64>,
    pub(crate) failures: Reasons,
    pub(crate) walls: BTreeSet<Wall>,
    /// Connections that ended before they were to.
    pub(crate) losses: Reasons,
    pub(crate) faults: Faults,
    /// Errors that the server told clients, by their codes.
    pub(crate) errors: Reasons,
    /// There from the beginning of the load on.
    pub(crate) recorder: Option<Recorder>,
    /// How much later than they were due messages were sent.
    pub(crate) lag: Histogram<u64>,
    /// What came while it was measured, and its bytes.
    pub(crate) measured: u64,
    pub(crate) measured_bytes: u64,
    pub(crate) deliveries: Vec<Vec<Delivery>>,
    /// The processor time of this thread while it was measured.
    pub(crate) cpu: Option<Duration>,
}

/// Messages that were not what they should have been.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Faults {
    pub(crate) lost: u64,
    pub(crate) duplicate: u64,
    pub(crate) late: u64,
    /// They belonged to somebody else.
    pub(crate) stray: u64,
    pub(crate) damaged: u64,
}

/// How far a broadcast has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Delivery {
    pub(crate) due: u64,
    pub(crate) receivers: u32,
    /// When the latest of them got it.
    pub(crate) last: u64,
}

impl Tally {
    pub(crate) fn new() -> Self {
        Self {
            opening: histogram(),
            failures: Reasons::default(),
            walls: BTreeSet::new(),
            losses: Reasons::default(),
            faults: Faults::default(),
            errors: Reasons::default(),
            recorder: None,
            lag: histogram(),
            measured: 0,
            measured_bytes: 0,
            deliveries: Vec::new(),
            cpu: None,
        }
    }

    pub(crate) fn begin(&mut self, window: Window, broadcasters: u32) {
        self.recorder = Some(Recorder::new(window));
        self.deliveries.resize(broadcasters as usize, Vec::new());
    }

    pub(crate) fn deliver(&mut self, sender: u32, sequence: u32, due: u64, now: u64) {
        let Some(deliveries) = self.deliveries.get_mut(sender as usize) else { return };
        let at = sequence as usize;
        if deliveries.len() <= at {
            deliveries.resize(at + 1, Delivery::default());
        }
        let delivery = &mut deliveries[at];
        delivery.due = due;
        delivery.receivers += 1;
        delivery.last = delivery.last.max(now);
    }

    pub(crate) fn merge(&mut self, other: Self) {
        merge(&mut self.opening, &other.opening);
        self.failures.merge(other.failures);
        self.walls.extend(other.walls);
        self.losses.merge(other.losses);
        self.faults.lost += other.faults.lost;
        self.faults.duplicate += other.faults.duplicate;
        self.faults.late += other.faults.late;
        self.faults.stray += other.faults.stray;
        self.faults.damaged += other.faults.damaged;
        self.errors.merge(other.errors);
        match (&mut self.recorder, other.recorder) {
            (Some(recorder), Some(other)) => recorder.merge(&other),
            (recorder, other) => *recorder = recorder.take().or(other),
        }
        merge(&mut self.lag, &other.lag);
        self.measured += other.measured;
        self.measured_bytes += other.measured_bytes;
        if self.deliveries.len() < other.deliveries.len() {
            self.deliveries.resize(other.deliveries.len(), Vec::new());
        }
        for (own, other) in self.deliveries.iter_mut().zip(other.deliveries) {
            if own.len() < other.len() {
                own.resize(other.len(), Delivery::default());
            }
            for (own, other) in own.iter_mut().zip(other) {
                own.due = own.due.max(other.due);
                own.receivers += other.receivers;
                own.last = own.last.max(other.last);
            }
        }
        // The busiest thread is the one that counts.
        self.cpu = self.cpu.max(other.cpu);
    }
}
