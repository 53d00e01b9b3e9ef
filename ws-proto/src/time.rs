//! Time as data: the core is told what time it is and never asks.

use core::ops::{Add, Sub};
use core::time::Duration;

/// A point in time, as the time passed since an epoch of the caller's choice.
///
/// The core never reads a clock. Whoever drives it passes the current time, measured by one
/// monotonic clock from one epoch for the whole life of a connection: `std::time::Instant`, a
/// hardware timer, `performance.now()` or a test's counter all serve.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(Duration);

impl Instant {
    /// The epoch itself.
    pub const EPOCH: Self = Self(Duration::ZERO);

    /// The instant that lies `elapsed` after the epoch.
    pub const fn from_epoch(elapsed: Duration) -> Self {
        Self(elapsed)
    }

    /// The time between the epoch and this instant.
    pub const fn since_epoch(self) -> Duration {
        self.0
    }

    /// The time from `earlier` to this instant; zero if `earlier` is later.
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
