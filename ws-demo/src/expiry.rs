//! Removes from the histories of rooms what is too old.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::service::Service;

/// The times between two removals of what is too old.
const MIN_INTERVAL: Duration = Duration::from_millis(100);
const MAX_INTERVAL: Duration = Duration::from_secs(30);

/// Runs for ever.
pub(crate) async fn run(service: Arc<Service>) {
    let Some(limits) = service.hub().config().history else { return };
    let interval = (limits.age / 4).clamp(MIN_INTERVAL, MAX_INTERVAL);
    loop {
        tokio::time::sleep(interval).await;
        service.hub().expire_history(Instant::now());
    }
}
