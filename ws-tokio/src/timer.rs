//! The timer of Tokio.

use std::future::Future;
use std::pin::Pin;
use std::sync::OnceLock;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::{Instant, Sleep, sleep_until};
use ws_futures::Timer;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// A timer by Tokio's clock; allocates only for the first deadline.
#[derive(Debug, Default)]
pub struct TokioTimer(Option<Pin<Box<Sleep>>>);

/// The epoch of each connection's clock: usually before any runtime started, because a paused clock
/// (`tokio::time::pause`) counts from there, separately for each runtime.
fn epoch() -> Instant {
    static EPOCH: OnceLock<Instant> = OnceLock::new();
    *EPOCH.get_or_init(|| {
        let now = std::time::Instant::now();
        now.checked_sub(DAY).unwrap_or(now).into()
    })
}

impl Timer for TokioTimer {
    fn now(&self) -> ws_futures::Instant {
        let epoch = epoch();
        ws_futures::Instant::from_epoch(Instant::now().saturating_duration_since(epoch))
    }

    fn poll_until(&mut self, deadline: ws_futures::Instant, cx: &mut Context<'_>) -> Poll<()> {
        // A deadline beyond the range of the clock is no deadline.
        let Some(deadline) = epoch().checked_add(deadline.since_epoch()) else {
            return Poll::Pending;
        };
        let sleep = self.0.get_or_insert_with(|| Box::pin(sleep_until(deadline)));
        if sleep.deadline() != deadline {
            sleep.as_mut().reset(deadline);
        }
        sleep.as_mut().poll(cx)
    }
}
