//! What a connection does when a shutdown begins that it takes part in.

use std::io;
use std::task::{Poll, Waker};

use futures_io::{AsyncRead, AsyncWrite};
use ws_proto::{Closed, Instant};

use super::{Socket, Stage};
use crate::shutdown::{Demand, ShutdownGuard};
use crate::timer::Timer;

/// What a connection waits for, as far as a shutdown is concerned.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Activity {
    /// For input that has not arrived, and nothing else.
    Idle,
    /// For something that is under way.
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

    /// Does what a shutdown asks for; ready if that was something.
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
            Demand::Abort if !self.gave_up && self.stage != Stage::Done => {
                self.gave_up = true;
                self.write_error.get_or_insert_with(|| io::ErrorKind::ConnectionAborted.into());
                self.end_input();
                Poll::Ready(())
            }
            _ => Poll::Pending,
        }
    }

    /// When a connection that is busy closes nevertheless; known once it has asked.
    pub(super) fn shutdown_deadline(&self) -> Option<Instant> {
        let guard = self.shutdown.as_ref().filter(|guard| guard.has_begun())?;
        if self.connection.closed().is_some() { None } else { guard.known_deadline() }
    }

    /// When a deadline of the connection's passes next.
    pub(super) fn next_timeout(&self) -> Option<Instant> {
        let deadlines = [self.connection.next_timeout(), self.shutdown_deadline()];
        deadlines.into_iter().flatten().min()
    }

    /// Whether the deadline of a busy connection has passed; it runs from the first call after the shutdown has begun.
    pub(super) fn is_overdue(&self) -> bool {
        match &self.shutdown {
            Some(guard) if guard.has_begun() && self.connection.closed().is_none() => {
                let now = self.timer.now();
                guard.deadline(now + self.connection.config().close_timeout) <= now
            }
            _ => false,
        }
    }

    /// What still arrives is read for the peer's Close frame alone: an application that replies to
    /// messages could not send any more.
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

    /// Whether the connection has no more time than its deadlines give it.
    pub(super) fn is_ending(&self) -> bool {
        self.connection.closed().is_some()
            || self.shutdown.as_ref().is_some_and(ShutdownGuard::has_begun)
    }
}
