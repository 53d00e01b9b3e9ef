//! The times at which a node reports.

use std::time::Duration;

use tokio::time::Instant;

/// The longest time between two reports.
pub(super) const INTERVAL: Duration = Duration::from_secs(2);

/// The time for which a change waits for others after a report, for each part of that report: thousands of
/// clients that connect at once, or thousands of rooms, must not keep the nodes busy with counting.
const SPACING: Duration = Duration::from_millis(100);

#[derive(Debug)]
pub(super) struct Pulse {
    last: Instant,
    /// The time from the last report to the next one if something has changed.
    spacing: Duration,
    has_changed: bool,
}

impl Pulse {
    /// The first report is to be sent now.
    pub(super) fn new(now: Instant) -> Self {
        Self { last: now, spacing: Duration::ZERO, has_changed: true }
    }

    /// There is something to report.
    pub(super) fn change(&mut self) {
        self.has_changed = true;
    }

    /// The time of the next report.
    pub(super) fn next_report(&self) -> Instant {
        self.last + if self.has_changed { self.spacing } else { INTERVAL }
    }

    /// A report is sent, in this number of parts.
    pub(super) fn beat(&mut self, now: Instant, parts: usize) {
        let parts = u32::try_from(parts).unwrap_or(u32::MAX);
        *self = Self {
            last: now,
            spacing: SPACING.saturating_mul(parts).min(INTERVAL),
            has_changed: false,
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reports_come_at_an_interval() {
        let start = Instant::now();
        let mut pulse = Pulse::new(start);
        assert_eq!(pulse.next_report(), start);
        pulse.beat(start, 1);
        assert_eq!(pulse.next_report(), start + INTERVAL);
    }

    #[test]
    fn a_change_is_reported_soon_but_not_each_by_itself() {
        let start = Instant::now();
        let mut pulse = Pulse::new(start);
        pulse.beat(start, 1);
        pulse.change();
        pulse.change();
        assert_eq!(pulse.next_report(), start + SPACING);
        pulse.beat(start + SPACING, 1);
        assert_eq!(pulse.next_report(), start + SPACING + INTERVAL);
    }

    #[test]
    fn long_reports_come_less_often() {
        let start = Instant::now();
        let mut pulse = Pulse::new(start);
        pulse.beat(start, 5);
        pulse.change();
        assert_eq!(pulse.next_report(), start + 5 * SPACING);
        pulse.beat(start, 1000);
        pulse.change();
        assert_eq!(pulse.next_report(), start + INTERVAL);
    }
}
