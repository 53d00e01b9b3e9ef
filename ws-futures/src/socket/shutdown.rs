//! What a connection does when the shutdown begins that it is registered with.

use std::io;
use std::task::{Poll, Waker};

use futures_io::{AsyncRead, AsyncWrite};
use ws_proto::{Closed, Instant};

use super::{Socket, Stage};
use crate::shutdown::{Demand, ShutdownGuard};
use crate::timer::Timer;

/// The activity of a connection, as relevant for a shutdown.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Activity {
    /// Waits for input only.
    Idle,
    /// Has work in progress.
    Busy,
}

impl<Io, T> Socket<Io, T>
where
    Io: AsyncRead + AsyncWrite + Unpin,
    T: Timer,
{
    pub(crate) fn close_on(&mut self, guard: ShutdownGuard) {
        guard.mark_socket();
        self.shutdown = Some(guard);
    }

    /// Does what a shutdown requires; ready if anything was done.
    pub(super) fn poll_shutdown(&mut self, waker: &Waker, activity: Activity) -> Poll<()> {
        let Some(guard) = &self.shutdown else { return Poll::Pending };
        match guard.poll_demand(waker) {
            Demand::Close if self.connection.closed().is_none() => {
                let now = self.timer.now();
                let deadline = guard.deadline(now + self.connection.config().close_timeout);
                if activity == Activity::Busy && now < deadline {
                    return Poll::Pending;
                }
                self.close_for_shutdown();
                Poll::Ready(())
            }
            Demand::Abort if !self.abandoned && self.stage != Stage::Done => {
                self.abandoned = true;
                self.write_error.get_or_insert_with(|| io::ErrorKind::ConnectionAborted.into());
                self.end_input();
                Poll::Ready(())
            }
            _ => Poll::Pending,
        }
    }

    /// The deadline at which a busy connection closes; `None` until it has started.
    pub(super) fn shutdown_deadline(&self) -> Option<Instant> {
        let guard = self.shutdown.as_ref().filter(|guard| guard.has_begun())?;
        if self.connection.closed().is_some() { None } else { guard.known_deadline() }
    }

    /// The next deadline of the connection.
    #[inline]
    pub(super) fn next_timeout(&self) -> Option<Instant> {
        if self.shutdown.is_none() {
            return self.connection.next_timeout();
        }
        let deadlines = [self.connection.next_timeout(), self.shutdown_deadline()];
        deadlines.into_iter().flatten().min()
    }

    /// Whether the deadline of a busy connection has passed; it starts at the first call after the shutdown has begun.
    pub(super) fn is_overdue(&self) -> bool {
        match &self.shutdown {
            Some(guard) if guard.has_begun() && self.connection.closed().is_none() => {
                let now = self.timer.now();
                guard.deadline(now + self.connection.config().close_timeout) <= now
            }
            _ => false,
        }
    }

    /// Sends the Close frame. Further input is read only for the peer's Close frame, since an application
    /// could not reply to messages any more.
    pub(super) fn close_for_shutdown(&mut self) {
        let Some(close) = self.shutdown.as_ref().and_then(ShutdownGuard::close) else { return };
        // It can be sent, unless closing has begun already.
        if self.connection.close(close.clone(), self.output.tail()).is_ok() {
            self.discards = true;
        }
    }

    pub(super) fn mark_clean(&self) {
        let Some(guard) = &self.shutdown else { return };
        if self.connection.closed().is_some_and(Closed::is_clean) {
            guard.mark_clean();
        }
    }

    /// Whether the connection is bounded by its own deadlines.
    pub(super) fn is_ending(&self) -> bool {
        self.connection.closed().is_some()
            || self.shutdown.as_ref().is_some_and(ShutdownGuard::has_begun)
    }
}
