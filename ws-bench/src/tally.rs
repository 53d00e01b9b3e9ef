//! The results of one thread.

use std::collections::BTreeSet;
use std::time::Duration;

use hdrhistogram::Histogram;

use crate::reasons::Reasons;
use crate::recorder::{Recorder, Window, histogram, merge};
use crate::system_limits::SystemLimit;

/// The counts and latencies of one thread, or of several.
pub(crate) struct Tally {
    pub(crate) opening: Histogram<u64>,
    pub(crate) failures: Reasons,
    pub(crate) system_limits: BTreeSet<SystemLimit>,
    /// Connections that ended early.
    pub(crate) losses: Reasons,
    pub(crate) faults: Faults,
    /// Error messages of the server, by code.
    pub(crate) errors: Reasons,
    /// `None` before the load.
    pub(crate) recorder: Option<Recorder>,
    /// From the due time of a message to its sending.
    pub(crate) lag: Histogram<u64>,
    /// Arrivals during the measurement, and their bytes.
    pub(crate) measured: u64,
    pub(crate) measured_bytes: u64,
    pub(crate) deliveries: Vec<Vec<Delivery>>,
    /// The processor time of the thread during the load; of several threads, the longest.
    pub(crate) cpu: Option<Duration>,
}

/// Messages that did not arrive as they should.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Faults {
    pub(crate) lost: u64,
    pub(crate) duplicate: u64,
    pub(crate) misordered: u64,
    /// They arrived at the wrong client.
    pub(crate) misdirected: u64,
    pub(crate) damaged: u64,
}

/// The arrivals of one broadcast.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Delivery {
    pub(crate) due: u64,
    pub(crate) receivers: u32,
    /// The time of the last one.
    pub(crate) last: u64,
}

impl Tally {
    pub(crate) fn new() -> Self {
        Self {
            opening: histogram(),
            failures: Reasons::default(),
            system_limits: BTreeSet::new(),
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
        self.system_limits.extend(other.system_limits);
        self.losses.merge(other.losses);
        self.faults.lost += other.faults.lost;
        self.faults.duplicate += other.faults.duplicate;
        self.faults.misordered += other.faults.misordered;
        self.faults.misdirected += other.faults.misdirected;
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
        self.cpu = self.cpu.max(other.cpu);
    }
}
