//! Why and how a connection ends (RFC 6455 §5.5.1 and §7).

use alloc::borrow::Cow;

use crate::close_code::CloseCode;
use crate::error::SendError;

/// The longest reason a Close frame can carry, in bytes of UTF-8: a control frame's 125 less two
/// for the code (RFC 6455 §5.5).
pub const MAX_REASON: usize = 123;

/// The content of a Close frame.
///
/// A frame without a code is [`Close::EMPTY`]: code 1005, no reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Close<'a> {
    /// The status code.
    pub code: CloseCode,
    /// The reason, for people and logs: at most [`MAX_REASON`] bytes.
    pub reason: Cow<'a, str>,
}

impl<'a> Close<'a> {
    /// A Close frame without code and reason.
    pub const EMPTY: Close<'static> =
        Close { code: CloseCode::NO_STATUS, reason: Cow::Borrowed("") };

    /// A Close frame with `code` and `reason`; sending it fails if either cannot be sent.
    pub fn new(code: CloseCode, reason: impl Into<Cow<'a, str>>) -> Self {
        Self { code, reason: reason.into() }
    }

    /// Checks that a connection could send it.
    ///
    /// # Errors
    ///
    /// [`SendError::InvalidCloseCode`] (RFC 6455 §7.4), [`SendError::ReasonTooLong`] (§5.5).
    pub fn check_sendable(&self) -> Result<(), SendError> {
        if *self != Close::EMPTY && !self.code.is_sendable() {
            return Err(SendError::InvalidCloseCode);
        }
        if self.reason.len() > MAX_REASON {
            return Err(SendError::ReasonTooLong);
        }
        Ok(())
    }

    /// Converts into the same frame that owns its reason.
    pub fn into_owned(self) -> Close<'static> {
        Close { code: self.code, reason: Cow::Owned(self.reason.into_owned()) }
    }
}

impl From<CloseCode> for Close<'_> {
    fn from(code: CloseCode) -> Self {
        Self { code, reason: Cow::Borrowed("") }
    }
}

/// Who began to close the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Initiator {
    /// The application, by [`Connection::close`](crate::Connection::close).
    Local,
    /// This library, because the peer broke the protocol or a deadline.
    Library,
    /// The peer, by a Close frame or by ending the byte stream.
    Peer,
}

/// The facts about a connection that is closing or closed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Closed {
    /// Who began.
    pub initiator: Initiator,
    /// The Close frame that was sent or is about to be, if any.
    pub sent: Option<Close<'static>>,
    /// The Close frame that was received, if any.
    pub received: Option<Close<'static>>,
}

impl Closed {
    /// Returns whether both sides have sent a Close frame (RFC 6455 §7.1.4).
    pub fn is_clean(&self) -> bool {
        self.sent.is_some() && self.received.is_some()
    }

    /// _The WebSocket Connection Close Code_ (RFC 6455 §7.1.5): that of the Close frame received,
    /// 1005 if it had none, 1006 if none was received.
    pub fn code(&self) -> CloseCode {
        self.received.as_ref().map_or(CloseCode::ABNORMAL, |close| close.code)
    }

    /// _The WebSocket Connection Close Reason_ (RFC 6455 §7.1.6).
    pub fn reason(&self) -> &str {
        self.received.as_ref().map_or("", |close| &close.reason)
    }
}
