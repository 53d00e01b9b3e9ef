//! Limits of rates.

use std::time::Duration;

use tokio::time::Instant;

/// An average rate and a burst: the limit of each [`Bucket`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Rate {
    /// The time that one takes.
    interval: Duration,
    /// The time that a full bucket is ahead.
    burst: Duration,
}

impl Rate {
    /// `None` if `per_second` is 0: no limit. A burst is one at least.
    pub(crate) fn new(per_second: u32, burst: u32) -> Option<Self> {
        let interval = Duration::from_secs(1).checked_div(per_second)?;
        Some(Self { interval, burst: interval * burst.max(1) })
    }
}

/// The state of a [`Rate`]: one instant (the generic cell rate algorithm).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bucket {
    /// When it will be full again.
    full: Instant,
}

impl Bucket {
    /// A full one.
    pub(crate) fn new(now: Instant) -> Self {
        Self { full: now }
    }

    /// Takes one, if there is one.
    pub(crate) fn take(&mut self, rate: Rate, now: Instant) -> bool {
        let full = self.full.max(now) + rate.interval;
        let taken = full <= now + rate.burst;
        if taken {
            self.full = full;
        }
        taken
    }

    pub(crate) fn is_full(&self, now: Instant) -> bool {
        self.full <= now
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_then_the_rate() {
        let rate = Rate::new(10, 3).expect("a rate");
        let begin = Instant::now();
        let mut bucket = Bucket::new(begin);
        let at = |milliseconds| begin + Duration::from_millis(milliseconds);
        for (time, taken) in [
            (0, true),
            (0, true),
            (0, true),
            (0, false),
            (99, false),
            (100, true),
            (100, false),
            (350, true),
            (350, true),
            (350, false),
            (10_000, true),
            (10_000, true),
            (10_000, true),
            (10_000, false),
        ] {
            assert_eq!(bucket.take(rate, at(time)), taken, "{time}");
        }
        assert!(!bucket.is_full(at(10_000)));
        assert!(bucket.is_full(at(10_300)));
    }

    #[test]
    fn none_is_no_limit_and_no_burst_is_one() {
        assert_eq!(Rate::new(0, 5), None);
        let rate = Rate::new(1, 0).expect("a rate");
        let now = Instant::now();
        let mut bucket = Bucket::new(now);
        assert!(bucket.take(rate, now));
        assert!(!bucket.take(rate, now));
    }
}
