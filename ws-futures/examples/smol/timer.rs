//! The timer of smol.

use std::pin::Pin;
use std::sync::OnceLock;
use std::task::{Context, Poll, ready};
use std::time;

use ws_futures::Instant;

/// Deadlines with smol's timer, which is reset only when a deadline is earlier than before or has
/// passed.
#[derive(Debug, Default)]
pub(crate) struct SmolTimer {
    rings: Option<Instant>,
    timer: Option<smol::Timer>,
}

fn now() -> Instant {
    static EPOCH: OnceLock<time::Instant> = OnceLock::new();
    Instant::from_epoch(EPOCH.get_or_init(time::Instant::now).elapsed())
}

impl ws_futures::Timer for SmolTimer {
    fn now(&self) -> Instant {
        now()
    }

    fn poll_until(&mut self, deadline: Instant, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            let now = now();
            if now >= deadline {
                return Poll::Ready(());
            }
            let timer = self.timer.get_or_insert_with(smol::Timer::never);
            if self.rings.is_none_or(|rings| rings > deadline) {
                timer.set_after(deadline.saturating_since(now));
                self.rings = Some(deadline);
            }
            ready!(Pin::new(timer).poll(cx));
            self.rings = None;
        }
    }
}
