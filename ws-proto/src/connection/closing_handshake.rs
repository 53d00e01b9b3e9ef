//! The closing handshake and what cuts it short (RFC 6455 §7).

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::mem;

use super::role::Role;
use super::state::State;
use crate::close::{Close, Closed, Initiator};
use crate::close_code::CloseCode;
use crate::config::Config;
use crate::error::{Error, ErrorKind};
use crate::time::{CompactInstant, Instant};

/// How the connection ends: the Close frames of both sides, the error, the deadline. Holds nothing
/// before the first step.
///
/// ```text
/// open ──► closed by us ───► answered, or the deadline has passed
///      ──► closed by peer ─► answered by us (at once, or by the application before the deadline)
///      ──► failed ─────────► our Close frame sent; a server drains what the peer still sends
/// ```
#[derive(Default)]
pub(super) struct ClosingHandshake(Option<Box<Steps>>);

/// What has been done so far. Once our Close frame is known nothing is sent any more but that.
struct Steps {
    facts: Closed,
    /// Whether `facts.sent` is still to be sent.
    pending: bool,
    error: Option<Error>,
    /// Whether the peer's byte stream has ended.
    eof: bool,
    /// Whether the end of our sending direction was requested.
    half_closed: bool,
    /// The bytes thrown away since the error.
    drained: u64,
    deadline: Option<CompactInstant>,
    /// Whether the deadline has passed.
    expired: bool,
    /// Whether the last answer of [`ClosingHandshake::poll_timeout`] still holds.
    settled: bool,
}

impl Steps {
    fn by(initiator: Initiator) -> Self {
        Self {
            facts: Closed { initiator, sent: None, received: None },
            pending: false,
            error: None,
            eof: false,
            half_closed: false,
            drained: 0,
            deadline: None,
            expired: false,
            settled: false,
        }
    }

    /// Whether the peer's Close frame is for the application to answer ([`Config::automatic_close`]).
    fn awaits_answer(&self) -> bool {
        self.facts.received.is_some() && self.facts.sent.is_none()
    }

    /// Replaces the deadline: each step has one of its own.
    fn restart_deadline(&mut self) {
        self.deadline = None;
        self.settled = false;
    }

    fn send(&mut self, close: Close<'static>) {
        self.facts.sent = Some(close);
        self.pending = true;
    }
}

impl ClosingHandshake {
    /// Whether a first step was made.
    #[inline]
    pub(super) fn has_begun(&self) -> bool {
        self.0.is_some()
    }

    pub(super) fn facts(&self) -> Option<&Closed> {
        self.0.as_ref().map(|steps| &steps.facts)
    }

    pub(super) fn error(&self) -> Option<Error> {
        self.0.as_ref()?.error
    }

    pub(super) fn state(&self) -> State {
        match &self.0 {
            None => State::Open,
            Some(steps) if steps.pending || self.can_send() => State::Closing,
            Some(steps) if steps.eof || self.is_over() => State::Closed,
            Some(_) => State::Closing,
        }
    }

    /// Whether messages may be sent.
    #[inline]
    pub(super) fn can_send(&self) -> bool {
        match &self.0 {
            None => true,
            Some(steps) => steps.awaits_answer() && !steps.expired,
        }
    }

    /// Whether no further message can pass in either direction.
    pub(super) fn is_over(&self) -> bool {
        self.0.as_ref().is_some_and(|steps| steps.error.is_some() || steps.facts.is_clean())
    }

    /// Begins, or answers the peer's Close frame, with `close`, which becomes pending.
    pub(super) fn close(&mut self, close: Close<'static>) {
        let steps = self.first_step(Initiator::Local);
        steps.send(close);
        steps.restart_deadline();
    }

    /// Records the peer's Close frame. If ours was not first (RFC 6455 §5.5.1) the answer becomes
    /// pending, except where the application answers.
    pub(super) fn receive_close(&mut self, close: Close<'static>, config: &Config) {
        let code = close.code;
        let steps = self.first_step(Initiator::Peer);
        steps.facts.received = Some(close);
        if steps.awaits_answer() && config.automatic_close {
            steps.send(code.into());
        }
        steps.restart_deadline();
    }

    /// Records the end of the peer's byte stream.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::UnexpectedEof`] where no Close frame has arrived: the connection has to
    /// [fail](Self::fail) with it.
    pub(super) fn receive_eof(&mut self) -> Result<(), ErrorKind> {
        let steps = self.first_step(Initiator::Peer);
        steps.eof = true;
        match steps.facts.received {
            Some(_) => Ok(()),
            None => Err(ErrorKind::UnexpectedEof),
        }
    }

    /// _Fail the WebSocket Connection_ (RFC 6455 §7.1.7): a Close frame that reports the error becomes
    /// pending, unless one was sent. The first error counts.
    pub(super) fn fail(&mut self, kind: ErrorKind) -> Error {
        let error = Error::from(kind);
        // The stream has ended: a Close frame would reach no peer.
        let ended = error.close_code() == CloseCode::ABNORMAL;
        let steps = self.first_step(if ended { Initiator::Peer } else { Initiator::Library });
        if let Some(first) = steps.error {
            return first;
        }
        steps.error = Some(error);
        if steps.facts.sent.is_none() && !ended {
            steps.send(Close::new(error.close_code(), error.message()));
        }
        steps.restart_deadline();
        error
    }

    fn first_step(&mut self, initiator: Initiator) -> &mut Steps {
        self.0.get_or_insert_with(|| Box::new(Steps::by(initiator)))
    }

    /// Whether [`take_frame`](Self::take_frame) would return a frame.
    #[inline]
    pub(super) fn is_frame_pending(&self) -> bool {
        self.0.as_ref().is_some_and(|steps| steps.pending)
    }

    /// Takes the payload of the pending Close frame, to be sent now.
    pub(super) fn take_frame(&mut self) -> Option<Vec<u8>> {
        let steps = self.0.as_mut()?;
        if !mem::take(&mut steps.pending) {
            return None;
        }
        let mut payload = Vec::new();
        if let Some(close) = steps.facts.sent.as_ref().filter(|close| **close != Close::EMPTY) {
            payload.extend_from_slice(&close.code.get().to_be_bytes());
            payload.extend_from_slice(close.reason.as_bytes());
        }
        Some(payload)
    }

    /// Records that `len` bytes behind the peer's Close frame or an error were thrown away.
    ///
    /// # Errors
    ///
    /// The error, again.
    pub(super) fn drain(&mut self, len: usize) -> Result<(), Error> {
        let Some(steps) = &mut self.0 else { return Ok(()) };
        let Some(error) = steps.error else { return Ok(()) };
        steps.drained += len as u64;
        Err(error)
    }

    /// Whether to end the TCP connection (RFC 6455 §7.1.1).
    pub(super) fn wants_close(&self, role: Role, config: &Config) -> bool {
        let Some(steps) = &self.0 else { return false };
        if steps.expired {
            return true;
        }
        if steps.pending {
            return false;
        }
        // A peer that has ended its direction may still read the answer.
        if steps.eof && !steps.awaits_answer() {
            return true;
        }
        match (role, steps.error) {
            // An unresponsive peer is not waited for.
            (_, Some(error)) if error.kind() == ErrorKind::PingTimeout => true,
            (Role::Client, _) => false,
            (Role::Server, Some(_)) => steps.drained > config.max_drain_size,
            (Role::Server, None) => steps.facts.is_clean(),
        }
    }

    /// Whether to end the sending direction of the TCP connection; `true` once.
    pub(super) fn poll_half_close(&mut self, role: Role) -> bool {
        let (Role::Server, Some(steps)) = (role, &mut self.0) else { return false };
        let drains = steps.error.is_some() && !steps.eof;
        drains && !steps.pending && !mem::replace(&mut steps.half_closed, true)
    }

    /// Starts the deadline of the latest step. Returns `None` before the first step, and after the
    /// deadline.
    pub(super) fn poll_timeout(
        &mut self,
        role: Role,
        config: &Config,
        now: Instant,
    ) -> Option<Instant> {
        let steps = self.0.as_mut()?;
        steps.settled = true;
        if steps.expired {
            return None;
        }
        let timeout = match (role, steps.error) {
            (Role::Server, Some(_)) => config.drain_timeout,
            _ => config.close_timeout,
        };
        Some((*steps.deadline.get_or_insert((now + timeout).into())).into())
    }

    /// Whether [`poll_timeout`](Self::poll_timeout) would do more than repeat its last answer.
    #[inline]
    pub(super) fn timeout_changed(&self) -> bool {
        self.0.as_ref().is_some_and(|steps| !steps.settled)
    }

    /// The last answer of [`poll_timeout`](Self::poll_timeout).
    #[inline]
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.0.as_ref()?.deadline.map(Instant::from)
    }

    /// Stops waiting for the peer, or for the application's answer, if the deadline has passed.
    pub(super) fn handle_timeout(&mut self, now: Instant) {
        let Some(steps) = &mut self.0 else { return };
        if steps.deadline.is_some_and(|deadline| Instant::from(deadline) <= now) {
            steps.restart_deadline();
            steps.expired = true;
        }
    }
}
