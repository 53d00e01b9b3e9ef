//! The one thing a runtime must bring besides a byte stream: time.

use std::task::{Context, Poll};

use ws_proto::Instant;

/// A clock and an alarm, one for each connection.
///
/// ```
/// use std::task::{Context, Poll};
/// use ws_futures::{Instant, Timer};
///
/// /// No deadlines: for tests, and for streams that bring their own.
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
    /// The current time, from one monotonic clock and one epoch for the life of this value.
    fn now(&self) -> Instant;

    /// Is ready when `deadline` has passed; otherwise wakes the task when it does. A call with
    /// another deadline replaces the earlier one. Allocate lazily: many connections never wait.
    fn poll_until(&mut self, deadline: Instant, cx: &mut Context<'_>) -> Poll<()>;
}
