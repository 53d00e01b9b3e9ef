//! The latencies of a run, as a whole and over time.

use std::time::Duration;

use hdrhistogram::Histogram;

use crate::clock::nanoseconds;

/// The times of the load and of its measurement, in nanoseconds of the clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Window {
    /// The start of the load.
    pub(crate) start: u64,
    /// The start of the measurement.
    pub(crate) from: u64,
    /// The end of both.
    pub(crate) end: u64,
    /// The length of the time steps of the report.
    pub(crate) step: u64,
}

/// The approximate number of time steps of a run.
const STEPS: u32 = 100;
const SHORTEST_STEP: Duration = Duration::from_millis(100);

impl Window {
    pub(crate) fn new(start: u64, warmup: Duration, duration: Duration) -> Self {
        let from = start + nanoseconds(warmup);
        let step = ((warmup + duration) / STEPS).max(SHORTEST_STEP);
        Self { start, from, end: from + nanoseconds(duration), step: nanoseconds(step) }
    }

    pub(crate) fn measures(&self, time: u64) -> bool {
        (self.from..self.end).contains(&time)
    }
}

/// The latencies that one thread has measured, in nanoseconds.
pub(crate) struct Recorder {
    window: Window,
    pub(crate) latency: Histogram<u64>,
    /// One for each time step, with less precision.
    pub(crate) steps: Vec<Histogram<u64>>,
}

impl Recorder {
    pub(crate) fn new(window: Window) -> Self {
        Self { window, latency: histogram(), steps: Vec::new() }
    }

    /// Records the latency of an arrival. Returns whether a time step has ended.
    pub(crate) fn record(&mut self, due: u64, now: u64) -> bool {
        let latency = now.saturating_sub(due);
        if self.window.measures(due) {
            record(&mut self.latency, latency);
        }
        // Arrivals after the end belong to the last step.
        let now = now.min(self.window.end.saturating_sub(1));
        let step = (now.saturating_sub(self.window.start) / self.window.step) as usize;
        let ended = step >= self.steps.len() && step > 0;
        while self.steps.len() <= step {
            self.steps.push(coarse());
        }
        record(&mut self.steps[step], latency);
        ended
    }

    /// Returns the 99th percentile of the last time step that has ended.
    pub(crate) fn latest(&self) -> u64 {
        match self.steps.len() {
            0 | 1 => 0,
            len => self.steps[len - 2].value_at_quantile(0.99),
        }
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        merge(&mut self.latency, &other.latency);
        while self.steps.len() < other.steps.len() {
            self.steps.push(coarse());
        }
        for (step, other) in self.steps.iter_mut().zip(&other.steps) {
            merge(step, other);
        }
    }
}

/// Returns a histogram with a precision of three digits.
pub(crate) fn histogram() -> Histogram<u64> {
    Histogram::new(3).expect("a precision that exists")
}

fn coarse() -> Histogram<u64> {
    Histogram::new(2).expect("a precision that exists")
}

pub(crate) fn record(histogram: &mut Histogram<u64>, nanoseconds: u64) {
    histogram.record(nanoseconds).expect("a histogram that grows");
}

pub(crate) fn merge(into: &mut Histogram<u64>, from: &Histogram<u64>) {
    into.add(from).expect("a histogram that grows");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn warm_up_and_what_follows_the_end_are_not_measured() {
        let window = Window::new(1_000, Duration::from_secs(1), Duration::from_secs(2));
        assert_eq!(window.step, 100_000_000);
        let mut recorder = Recorder::new(window);
        let second = 1_000_000_000;
        recorder.record(1_000, 2_000);
        assert_eq!(recorder.latency.len(), 0);
        recorder.record(1_000 + second, 6_000 + second);
        recorder.record(999 + 3 * second, 9_999 + 3 * second);
        recorder.record(1_000 + 3 * second, 2_000 + 3 * second);
        assert_eq!((recorder.latency.len(), recorder.latency.min()), (2, 5_000));
        assert_eq!(recorder.steps.len(), 30);
        let counts: u64 = recorder.steps.iter().map(Histogram::len).sum();
        assert_eq!(counts, 4);
    }

    #[test]
    fn threads_add_up() {
        let window = Window::new(0, Duration::ZERO, Duration::from_secs(1));
        let (mut one, mut other) = (Recorder::new(window), Recorder::new(window));
        one.record(0, 10);
        other.record(0, 20);
        other.record(500_000_000, 500_000_030);
        one.merge(&other);
        assert_eq!((one.latency.len(), one.latency.max()), (3, 30));
        assert_eq!(one.steps.len(), 6);
        assert_eq!(one.steps[0].len(), 2);
    }
}
