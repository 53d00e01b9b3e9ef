//! Closing and failing (RFC 6455 §7).

use alloc::vec::Vec;

use super::Connection;
use crate::close::Close;
use crate::error::{Error, ErrorKind, SendError};

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
        self.closing.close(close.into_owned());
        self.follow_closing();
        self.poll_transmit(out);
        Ok(())
    }

    /// Returns whether messages can be sent: `false` once a Close frame of ours was sent or is pending, the
    /// stream has ended or the connection has failed. After the peer's Close frame it stays `true`
    /// until it is answered, or [`Config::close_timeout`](crate::Config::close_timeout) has passed, where
    /// [`Config::automatic_close`](crate::Config::automatic_close) is off (RFC 6455 §5.5.1).
    #[inline]
    pub fn can_send(&self) -> bool {
        self.closing.can_send()
    }

    /// Returns whether to end the TCP connection now (RFC 6455 §7.1.1), once everything appended to the
    /// output is written.
    ///
    /// A server ends it when both Close frames have passed; a client waits until the server does,
    /// or for [`Config::close_timeout`](crate::Config::close_timeout). A server that failed the
    /// connection drains first, see [`poll_half_close`](Self::poll_half_close), unless the
    /// peer was unresponsive.
    ///
    /// Dropping the stream does it. Shutting it down before is not needed and fails if the peer has
    /// ended it as well.
    pub fn wants_close(&self) -> bool {
        self.closing.wants_close(self.role(), &self.config)
    }

    /// Returns whether to end the sending direction of the TCP connection now, while input is still read
    /// and passed to [`receive`](Self::receive). Returns `true` once; call it when everything appended to
    /// the output is written.
    ///
    /// A server that failed a connection needs this for its Close frame to arrive: ending both
    /// directions while the peer still sends would reset the connection, and the peer would lose the
    /// frame. [`Config::drain_timeout`](crate::Config::drain_timeout) and
    /// [`Config::max_drain_size`](crate::Config::max_drain_size) bound it.
    ///
    /// An error of ending the direction needs no handling: the next read returns it.
    pub fn poll_half_close(&mut self) -> bool {
        self.closing.poll_half_close(self.role())
    }

    /// _Fail the WebSocket Connection_ (RFC 6455 §7.1.7).
    #[cold]
    pub(super) fn fail(&mut self, kind: ErrorKind) -> Error {
        let error = self.closing.fail(kind);
        self.receiver.end();
        self.follow_closing();
        error
    }

    /// Lets the other parts follow a step of closing.
    pub(super) fn follow_closing(&mut self) {
        self.keep_alive.stop();
        if let Some(extension) = self.extension.as_mut().filter(|_| self.closing.is_over()) {
            extension.end();
        }
    }
}
