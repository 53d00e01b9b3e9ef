//! Accepting connections in spite of errors.

use std::future::poll_fn;
use std::io::{self, ErrorKind};
use std::time::Duration;

use ws_proto::Instant;

use super::permits::{Permit, Permits};
use super::{Listener, ServeError};
use crate::timer::Timer;

/// The pause after an error of the system: if it has no file descriptor left, a connection must end
/// first. 100 ms avoids a busy loop and adds little latency for new clients.
const PAUSE: Duration = Duration::from_millis(100);
/// The number of consecutive errors of single connections after which the server pauses.
const MAX_WITHOUT_PAUSE: u32 = 64;
/// The minimum interval between reports.
const REPORT_INTERVAL: Duration = Duration::from_secs(10);

pub(super) struct Accepting<L, T> {
    listener: L,
    timer: T,
    handshakes: Permits,
    excess: Excess,
    errors: Errors,
}

/// What happens to connections for which there is no permit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Excess {
    /// They wait in the system's queue.
    #[default]
    Wait,
    /// They are accepted and dropped.
    Drop,
}

impl<L: Listener, T: Timer> Accepting<L, T> {
    pub(super) fn new(listener: L, timer: T, handshakes: Permits, excess: Excess) -> Self {
        Self { listener, timer, handshakes, excess, errors: Errors::default() }
    }

    /// Waits for a permit and a connection.
    ///
    /// Not cancel safe: a pause would be cut short.
    pub(super) async fn next(
        &mut self,
        report: impl Fn(ServeError<L::Address>),
    ) -> (L::Opening, L::Address, Permit) {
        if self.excess == Excess::Drop {
            loop {
                let (opening, peer) = self.accept(&report).await;
                match self.handshakes.try_take() {
                    Some(permit) => return (opening, peer, permit),
                    None => report(ServeError::Excess { peer }),
                }
            }
        }
        let permit = self.handshakes.take().await;
        let (opening, peer) = self.accept(&report).await;
        (opening, peer, permit)
    }

    async fn accept(
        &mut self,
        report: impl Fn(ServeError<L::Address>),
    ) -> (L::Opening, L::Address) {
        loop {
            match self.listener.accept().await {
                Ok((opening, address)) => {
                    self.errors.without_pause = 0;
                    return (opening, address);
                }
                Err(error) => {
                    let now = self.timer.now();
                    if self.errors.needs_no_pause(&error) {
                        continue;
                    }
                    if let Some(unreported) = self.errors.report(now) {
                        report(ServeError::Accept { error, unreported });
                    }
                    poll_fn(|cx| self.timer.poll_until(now + PAUSE, cx)).await;
                }
            }
        }
    }
}

#[derive(Default)]
struct Errors {
    without_pause: u32,
    unreported: usize,
    reported: Option<Instant>,
}

impl Errors {
    fn needs_no_pause(&mut self, error: &io::Error) -> bool {
        self.without_pause += 1;
        let needs_none = is_of_a_connection(error) && self.without_pause < MAX_WITHOUT_PAUSE;
        if !needs_none {
            self.without_pause = 0;
        }
        needs_none
    }

    /// Whether to report an error now, with the number of unreported ones.
    fn report(&mut self, now: Instant) -> Option<usize> {
        if self.reported.is_some_and(|reported| now - reported < REPORT_INTERVAL) {
            self.unreported += 1;
            return None;
        }
        self.reported = Some(now);
        Some(std::mem::take(&mut self.unreported))
    }
}

/// Whether the error affects only one connection: it ended before it was accepted, or (on Linux)
/// accept reports a pending network error of it. See accept(2).
fn is_of_a_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::ConnectionAborted
            | ErrorKind::ConnectionReset
            | ErrorKind::ConnectionRefused
            | ErrorKind::HostUnreachable
            | ErrorKind::NetworkUnreachable
            | ErrorKind::NetworkDown
            | ErrorKind::PermissionDenied
            | ErrorKind::Interrupted
            | ErrorKind::WouldBlock
    )
}
