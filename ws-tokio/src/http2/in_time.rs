//! The deadline of a handshake.

use std::io;

use tokio::time::{Instant, timeout_at};
use ws_futures::Config;

use super::Http2Error;

/// The deadline of a handshake that begins now.
pub(super) fn deadline(config: &Config) -> Option<Instant> {
    // A deadline beyond the range of the clock is no deadline.
    config.handshake_timeout.and_then(|timeout| Instant::now().checked_add(timeout))
}

/// Runs a step of a handshake up to its deadline.
pub(super) async fn in_time<T>(
    deadline: Option<Instant>,
    step: impl Future<Output = Result<T, Http2Error>>,
) -> Result<T, Http2Error> {
    let Some(deadline) = deadline else { return step.await };
    match timeout_at(deadline, step).await {
        Ok(outcome) => outcome,
        Err(_elapsed) => Err(io::Error::from(io::ErrorKind::TimedOut).into()),
    }
}
