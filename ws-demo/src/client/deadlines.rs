//! Deadlines of a client that are not the protocol's.

use std::future::Future as _;
use std::pin::Pin;
use std::task::Context;
use std::time::Duration;

use tokio::time::{Instant, Sleep, sleep, sleep_until};

/// Deadlines of ours; those of the protocol are the connection's. Nothing is allocated for a client
/// that keeps up.
#[derive(Default)]
pub(super) struct Deadlines {
    /// To say who it is.
    auth: Option<Pin<Box<Sleep>>>,
    stall: Option<Stall>,
    /// A round trip has ended. How long it took is known once the connection has seen the clock.
    pub(super) pong: bool,
}

/// Output that the stream does not take.
struct Stall {
    /// What it had taken.
    written: u64,
    since: Instant,
    sleep: Pin<Box<Sleep>>,
}

impl Deadlines {
    /// It has so long to say who it is.
    pub(super) fn begin_auth(&mut self, limit: Duration) {
        self.auth = Some(Box::pin(sleep(limit)));
    }

    /// It has said it.
    pub(super) fn end_auth(&mut self) {
        self.auth = None;
    }

    pub(super) fn auth_has_passed(&mut self, cx: &mut Context<'_>) -> bool {
        self.auth.as_mut().is_some_and(|sleep| sleep.as_mut().poll(cx).is_ready())
    }

    /// The stream takes its output.
    pub(super) fn end_stall(&mut self) {
        self.stall = None;
    }

    /// Whether nothing was taken for as long as `limit`. Then the time begins anew.
    pub(super) fn stall_has_passed(
        &mut self,
        written: u64,
        limit: Duration,
        cx: &mut Context<'_>,
    ) -> bool {
        let now = Instant::now();
        let stall = self.stall.get_or_insert_with(|| Stall {
            written,
            since: now,
            sleep: Box::pin(sleep_until(now + limit)),
        });
        if stall.written != written {
            (stall.written, stall.since) = (written, now);
        }
        while stall.sleep.as_mut().poll(cx).is_ready() {
            let passed = stall.since + limit <= now;
            if passed {
                stall.since = now;
            }
            stall.sleep.as_mut().reset(stall.since + limit);
            if passed {
                return true;
            }
        }
        false
    }
}
