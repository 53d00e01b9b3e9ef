//! The timer of async-std.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::OnceLock;
use std::task::{Context, Poll, ready};
use std::time;

use async_std::task::sleep;
use ws_futures::{Instant, Timer};

/// A timer by async-std's clock; allocates only for the first deadline.
#[derive(Default)]
pub struct AsyncStdTimer(Option<Alarm>);

struct Alarm {
    rings: Instant,
    sleep: Pin<Box<dyn Future<Output = ()> + Send + Sync>>,
}

fn now() -> Instant {
    static EPOCH: OnceLock<time::Instant> = OnceLock::new();
    Instant::from_epoch(EPOCH.get_or_init(time::Instant::now).elapsed())
}

impl Timer for AsyncStdTimer {
    fn now(&self) -> Instant {
        now()
    }

    fn poll_until(&mut self, deadline: Instant, cx: &mut Context<'_>) -> Poll<()> {
        // Deadlines usually move later: an earlier timer is kept, and reset when it fires.
        loop {
            let now = now();
            if now >= deadline {
                return Poll::Ready(());
            }
            let alarm = match &mut self.0 {
                Some(alarm) if alarm.rings <= deadline => alarm,
                _ => self.0.insert(Alarm {
                    rings: deadline,
                    sleep: Box::pin(sleep(deadline.saturating_since(now))),
                }),
            };
            ready!(alarm.sleep.as_mut().poll(cx));
            self.0 = None;
        }
    }
}

impl fmt::Debug for AsyncStdTimer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rings = self.0.as_ref().map(|alarm| alarm.rings);
        f.debug_tuple("AsyncStdTimer").field(&rings).finish()
    }
}
