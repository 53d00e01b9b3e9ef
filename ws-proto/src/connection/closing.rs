//! The closing handshake and its shortcuts (RFC 6455 §7).

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::mem;

use super::{Connection, Side};
use crate::close::{Close, CloseCode, Closed, Initiator};
use crate::error::{Error, ErrorKind, SendError};

/// A connection that is closing. Once our Close frame is known nothing is sent any more but that.
pub(super) struct Closing {
    pub(super) facts: Closed,
    /// Whether `facts.sent` is still to be sent.
    owed: bool,
    /// Whether [`Connection::poll_half_close`] has returned `true`.
    half_closed: bool,
}

impl Closing {
    fn by(initiator: Initiator) -> Self {
        let facts = Closed { initiator, sent: None, received: None };
        Self { facts, owed: false, half_closed: false }
    }

    /// Whether the peer's Close frame is for the application to answer
    /// ([`Config::automatic_close`](crate::Config::automatic_close)).
    fn awaits_answer(&self) -> bool {
        self.facts.received.is_some() && self.facts.sent.is_none()
    }

    fn owe(&mut self, close: Close<'static>) {
        self.facts.sent = Some(close);
        self.owed = true;
    }

    /// The payload of the Close frame that is owed, which no longer is.
    pub(super) fn take_payload(&mut self) -> Option<Vec<u8>> {
        if !mem::take(&mut self.owed) {
            return None;
        }
        let mut payload = Vec::new();
        if let Some(close) = self.facts.sent.as_ref().filter(|close| **close != Close::EMPTY) {
            payload.extend_from_slice(&close.code.get().to_be_bytes());
            payload.extend_from_slice(close.reason.as_bytes());
        }
        Some(payload)
    }
}

impl Connection {
    /// Starts the closing handshake (RFC 6455 §7.1.2), or answers the peer's Close frame where
    /// [`Config::automatic_close`](crate::Config::automatic_close) is off: appends a Close frame,
    /// after which nothing else can be sent. Messages may still arrive until the peer's Close frame
    /// does.
    ///
    /// [`Close::EMPTY`] sends a frame without a code. Closing inside a fragmented message is
    /// allowed; the message is never finished.
    ///
    /// # Errors
    ///
    /// [`SendError::InvalidCloseCode`], [`SendError::ReasonTooLong`], or [`SendError::Closed`] if
    /// [`can_send`](Self::can_send) is `false`.
    pub fn close<'c>(
        &mut self,
        close: impl Into<Close<'c>>,
        out: &mut Vec<u8>,
    ) -> Result<(), SendError> {
        let close = close.into();
        self.check_open()?;
        close.check_sendable()?;
        let closing = self.closing.get_or_insert_with(|| Box::new(Closing::by(Initiator::Local)));
        closing.owe(close.into_owned());
        if closing.facts.is_clean() {
            self.end_messages();
        } else {
            self.clock.restart();
        }
        self.poll_transmit(out);
        Ok(())
    }

    /// Whether messages can be sent: `false` once a Close frame of ours was sent or is pending, the
    /// stream has ended or the connection has failed. After the peer's Close frame it stays `true`
    /// until it is answered, or [`Config::close_timeout`](crate::Config::close_timeout) is over, where
    /// [`Config::automatic_close`](crate::Config::automatic_close) is off (RFC 6455 §5.5.1).
    #[inline]
    pub fn can_send(&self) -> bool {
        match &self.closing {
            None => true,
            Some(closing) => closing.awaits_answer() && !self.clock.expired(),
        }
    }

    /// Whether the TCP connection should be ended now (RFC 6455 §7.1.1), once everything appended
    /// to the output is written.
    ///
    /// A server ends it when both Close frames have passed; a client waits until the server does,
    /// or for [`Config::close_timeout`](crate::Config::close_timeout). A server that failed the
    /// connection drains first, see [`poll_half_close`](Self::poll_half_close), unless it was for
    /// a peer that shows no life.
    ///
    /// Dropping the stream does it. Shutting it down before is not needed and fails if the peer has
    /// ended it as well.
    pub fn wants_close(&self) -> bool {
        let Some(closing) = &self.closing else { return false };
        if self.clock.expired() {
            return true;
        }
        if closing.owed {
            return false;
        }
        // A peer that has ended its direction may still read the answer.
        if self.receiver.eof() && !closing.awaits_answer() {
            return true;
        }
        match (&self.side, self.receiver.error()) {
            // Nobody is there to wait for.
            (_, Some(error)) if error.kind() == ErrorKind::PingTimeout => true,
            (Side::Client(_), _) => false,
            (Side::Server, Some(_)) => self.receiver.drained() > self.config.max_drain_size,
            (Side::Server, None) => closing.facts.is_clean(),
        }
    }

    /// Whether to end the sending direction of the TCP connection now, while input is still read and
    /// passed to [`receive`](Self::receive). Returns `true` once; call it when everything appended to
    /// the output is written.
    ///
    /// This is how a server that failed a connection makes its Close frame arrive: ending both
    /// directions while the peer still sends would reset the connection, and the peer would lose
    /// the frame. [`Config::drain_timeout`](crate::Config::drain_timeout) and
    /// [`Config::max_drain_size`](crate::Config::max_drain_size) bound it.
    ///
    /// An error of ending the direction needs no handling: reading finds out what has become of the
    /// stream.
    pub fn poll_half_close(&mut self) -> bool {
        let drains = matches!(self.side, Side::Server)
            && self.receiver.error().is_some()
            && !self.receiver.eof();
        match &mut self.closing {
            Some(closing) if drains && !closing.owed => {
                !mem::replace(&mut closing.half_closed, true)
            }
            _ => false,
        }
    }

    pub(super) fn close_owed(&self) -> bool {
        self.closing.as_ref().is_some_and(|closing| closing.owed)
    }

    /// Records the peer's Close frame, and owes the answer unless ours was first (RFC 6455 §5.5.1) or
    /// the application answers.
    pub(super) fn close_received(&mut self, close: &Close<'_>) {
        let closing = self.closing.get_or_insert_with(|| Box::new(Closing::by(Initiator::Peer)));
        closing.facts.received = Some(close.clone().into_owned());
        if closing.awaits_answer() {
            if !self.config.automatic_close {
                return self.clock.restart();
            }
            closing.owe(close.code.into());
        }
        self.end_messages();
    }

    /// _Fail the WebSocket Connection_ (RFC 6455 §7.1.7).
    #[cold]
    pub(super) fn fail(&mut self, kind: ErrorKind) -> Error {
        if let Some(error) = self.receiver.error() {
            return error;
        }
        let error = Error::from(kind);
        self.receiver.fail(error);
        let ended = error.close_code() == CloseCode::ABNORMAL;
        let initiator = if ended { Initiator::Peer } else { Initiator::Library };
        let closing = self.closing.get_or_insert_with(|| Box::new(Closing::by(initiator)));
        if closing.facts.sent.is_none() && !ended {
            closing.owe(Close::new(error.close_code(), error.message()));
        }
        self.end_messages();
        error
    }

    /// No message will pass any more: only deadlines of closing count, and engines go back.
    fn end_messages(&mut self) {
        self.clock.restart();
        if let Some(extension) = &mut self.extension {
            extension.end();
        }
    }
}
