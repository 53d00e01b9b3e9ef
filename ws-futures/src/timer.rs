//! The timer that a runtime provides besides a byte stream.

use std::task::{Context, Poll};

use ws_proto::Instant;

/// A clock and a deadline timer, one for each connection.
///
/// ```
/// use std::task::{Context, Poll};
/// use ws_futures::{Instant, Timer};
///
/// /// No deadlines: for tests, and for streams with deadlines of their own.
/// struct Never;
///
/// impl Timer for Never {
///     fn now(&self) -> Instant {
///         Instant::EPOCH
///     }
///
///     fn poll_until(&mut self, _deadline: Instant, _cx: &mut Context<'_>) -> Poll<()> {
///         Poll::Pending
///     }
/// }
/// ```
pub trait Timer {
    /// Returns the current time, by one monotonic clock with one epoch for the lifetime of this value.
    fn now(&self) -> Instant;

    /// Is ready when `deadline` has passed; otherwise wakes the task when it does. A call with
    /// another deadline replaces the earlier one. Allocate lazily: many connections never wait.
    fn poll_until(&mut self, deadline: Instant, cx: &mut Context<'_>) -> Poll<()>;
}
