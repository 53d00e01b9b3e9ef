//! The delay before the next attempt.

use std::time::Duration;

/// Exponential backoff with full jitter: each delay is uniformly distributed between zero and a ceiling
/// that doubles with each attempt, so that the clients of a failed server do not reconnect at the same
/// moment.
///
/// ```
/// use std::time::Duration;
/// use ws_tokio::Backoff;
///
/// let mut backoff = Backoff::new(Duration::from_secs(1), Duration::from_secs(60));
/// assert_eq!(backoff.next_delay(u64::MAX / 2).as_millis(), 499); // of 1 s at most
/// assert_eq!(backoff.next_delay(u64::MAX / 2).as_millis(), 999); // of 2 s at most
/// backoff.reset();
/// assert_eq!(backoff.next_delay(0), Duration::ZERO);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Backoff {
    first: Duration,
    max: Duration,
    attempts: u32,
}

impl Backoff {
    /// Creates delays of at most `first`, then twice that, and so on, up to `max`.
    pub const fn new(first: Duration, max: Duration) -> Self {
        Self { first, max, attempts: 0 }
    }

    /// Returns the delay before the next attempt. `random` must be uniformly distributed.
    pub fn next_delay(&mut self, random: u64) -> Duration {
        let factor = 1_u32.checked_shl(self.attempts).unwrap_or(u32::MAX);
        let ceiling = self.first.saturating_mul(factor).min(self.max);
        self.attempts = self.attempts.saturating_add(1);
        // Delays beyond 584 years are clamped.
        let nanos = u64::try_from(ceiling.as_nanos()).unwrap_or(u64::MAX);
        Duration::from_nanos(((u128::from(nanos) * u128::from(random)) >> 64) as u64)
    }

    /// Returns the number of delays since creation or the last [`reset`](Self::reset).
    pub fn attempts(&self) -> u32 {
        self.attempts
    }

    /// Starts again, after a successful attempt.
    pub fn reset(&mut self) {
        self.attempts = 0;
    }
}

/// At most 1 s, then at most 2 s, and so on, up to 60 s.
impl Default for Backoff {
    fn default() -> Self {
        Self::new(Duration::from_secs(1), Duration::from_secs(60))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ceilings_double_up_to_the_largest() {
        let mut backoff = Backoff::default();
        let rounded = |delay: Duration| delay.as_secs_f64().ceil() as u64;
        for ceiling in [1, 2, 4, 8, 16, 32, 60, 60] {
            assert_eq!(rounded(backoff.next_delay(u64::MAX)), ceiling);
        }
        for _ in 0..100 {
            assert_eq!(rounded(backoff.next_delay(u64::MAX)), 60);
        }
        assert_eq!(backoff.attempts(), 108);
    }

    #[test]
    fn the_whole_range_is_used() {
        for (random, millis) in [(0, 0), (1 << 62, 250), (1 << 63, 500), (3 << 62, 750)] {
            assert_eq!(Backoff::default().next_delay(random), Duration::from_millis(millis));
        }
    }

    #[test]
    fn extremes() {
        let mut endless = Backoff::new(Duration::MAX, Duration::MAX);
        assert!(endless.next_delay(u64::MAX) > Duration::from_secs(1 << 32));
        let mut none = Backoff::new(Duration::ZERO, Duration::ZERO);
        assert_eq!(none.next_delay(u64::MAX), Duration::ZERO);
    }
}
