//! When a node reports on itself.

use std::time::Duration;

use tokio::time::Instant;

/// How often at least.
pub(super) const INTERVAL: Duration = Duration::from_secs(2);

/// How long a change waits for others after a report, for each part that the report had: thousands
/// who come at once, or thousands of rooms, must not keep the nodes busy with counting.
const SPACING: Duration = Duration::from_millis(100);

#[derive(Debug)]
pub(super) struct Pulse {
    last: Instant,
    /// The next report comes so long after the last if something has changed.
    spacing: Duration,
    has_changed: bool,
}

impl Pulse {
    /// The first report is due.
    pub(super) fn new(now: Instant) -> Self {
        Self { last: now, spacing: Duration::ZERO, has_changed: true }
    }

    /// There is something to report.
    pub(super) fn change(&mut self) {
        self.has_changed = true;
    }

    /// When the next report is due.
    pub(super) fn due(&self) -> Instant {
        self.last + if self.has_changed { self.spacing } else { INTERVAL }
    }

    /// A report goes out, in so many parts.
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
        assert_eq!(pulse.due(), start);
        pulse.beat(start, 1);
        assert_eq!(pulse.due(), start + INTERVAL);
    }

    #[test]
    fn a_change_is_reported_soon_but_not_each_by_itself() {
        let start = Instant::now();
        let mut pulse = Pulse::new(start);
        pulse.beat(start, 1);
        pulse.change();
        pulse.change();
        assert_eq!(pulse.due(), start + SPACING);
        pulse.beat(start + SPACING, 1);
        assert_eq!(pulse.due(), start + SPACING + INTERVAL);
    }

    #[test]
    fn long_reports_come_less_often() {
        let start = Instant::now();
        let mut pulse = Pulse::new(start);
        pulse.beat(start, 5);
        pulse.change();
        assert_eq!(pulse.due(), start + 5 * SPACING);
        pulse.beat(start, 1000);
        pulse.change();
        assert_eq!(pulse.due(), start + INTERVAL);
    }
}
