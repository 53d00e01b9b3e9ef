//! Time as data: the caller passes the time, and the core never reads a clock.

use core::num::NonZero;
use core::ops::{Add, Sub};
use core::time::Duration;

/// A point in time, as the time passed since an epoch of the caller's choice.
///
/// The core never reads a clock. The caller passes the current time, measured by one monotonic clock from
/// one epoch as long as a connection exists: by `std::time::Instant`, a hardware timer,
/// `performance.now()` or the counter of a test.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(Duration);

impl Instant {
    /// The epoch itself.
    pub const EPOCH: Self = Self(Duration::ZERO);

    /// Returns the instant `elapsed` after the epoch.
    pub const fn from_epoch(elapsed: Duration) -> Self {
        Self(elapsed)
    }

    /// Returns the time between the epoch and this instant.
    pub const fn since_epoch(self) -> Duration {
        self.0
    }

    /// Returns the time from `earlier` to this instant; zero if `earlier` is later.
    pub const fn saturating_since(self, earlier: Self) -> Duration {
        self.0.saturating_sub(earlier.0)
    }
}

/// Saturates at the end of time, so that `Duration::MAX` means "never".
impl Add<Duration> for Instant {
    type Output = Self;

    fn add(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(duration))
    }
}

/// Saturates at zero, like `std::time::Instant`.
impl Sub for Instant {
    type Output = Duration;

    fn sub(self, earlier: Self) -> Duration {
        self.saturating_since(earlier)
    }
}

/// An instant in half the space, as there is one for each connection. The end of time is 584 years
/// after the epoch.
#[derive(Clone, Copy)]
pub(crate) struct CompactInstant(NonZero<u64>);

impl CompactInstant {
    const END: Self = Self(NonZero::<u64>::MAX);
}

impl From<Instant> for CompactInstant {
    fn from(instant: Instant) -> Self {
        let nanos = u64::try_from(instant.0.as_nanos()).unwrap_or(u64::MAX);
        NonZero::new(nanos.saturating_add(1)).map_or(Self::END, Self)
    }
}

impl From<CompactInstant> for Instant {
    fn from(CompactInstant(instant): CompactInstant) -> Self {
        match instant {
            NonZero::<u64>::MAX => Self(Duration::MAX),
            nanos => Self(Duration::from_nanos(nanos.get() - 1)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_compact_instant_is_the_same_one() {
        for nanos in [0, 1, 999_999_999, 1_000_000_000, u64::MAX - 2] {
            let instant = Instant(Duration::from_nanos(nanos));
            assert_eq!(Instant::from(CompactInstant::from(instant)), instant);
        }
        for later in [Duration::from_nanos(u64::MAX - 1), Duration::from_secs(1 << 40)] {
            let end = Instant::from(CompactInstant::from(Instant(later)));
            assert_eq!(end, Instant(Duration::MAX));
        }
    }
}
