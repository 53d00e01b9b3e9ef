//! The deadline of a handshake.

use std::io;
use std::time::Duration;

use tokio::time::timeout;

use super::Error;

/// Waits for a step of a handshake, so long at most.
pub(super) async fn in_time<T>(
    limit: Option<Duration>,
    step: impl Future<Output = Result<T, Error>>,
) -> Result<T, Error> {
    let Some(limit) = limit else { return step.await };
    match timeout(limit, step).await {
        Ok(outcome) => outcome,
        Err(_elapsed) => Err(io::Error::from(io::ErrorKind::TimedOut).into()),
    }
}
