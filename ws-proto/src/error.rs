//! Errors: those that the peer causes ([`Error`]), and those of a call ([`SendError`]).

use core::fmt;

use crate::close_code::CloseCode;

/// The peer broke the protocol or a limit, or ran out of time.
///
/// It is final: the connection that returned it returns it again from every later call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Error(ErrorKind);

/// What exactly the peer did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// A reserved bit is set that no extension uses (RFC 6455 §5.2).
    ReservedBit,
    /// A reserved opcode (RFC 6455 §5.2).
    UnknownOpcode,
    /// A control frame without FIN (RFC 6455 §5.4).
    FragmentedControl,
    /// A control frame with more than 125 bytes (RFC 6455 §5.5).
    ControlTooLong,
    /// A client's frame without a mask (RFC 6455 §5.1).
    MaskMissing,
    /// A server's frame with a mask (RFC 6455 §5.1).
    MaskUnexpected,
    /// A 64-bit length with its top bit set (RFC 6455 §5.2).
    LengthTopBit,
    /// A length in more bytes than it needs (RFC 6455 §5.2).
    LengthNotMinimal,
    /// A continuation frame with nothing to continue (RFC 6455 §5.4).
    UnexpectedContinuation,
    /// A new message inside a fragmented one (RFC 6455 §5.4).
    ContinuationExpected,
    /// A frame over [`Limits::max_frame_size`](crate::Limits::max_frame_size).
    FrameTooBig,
    /// A message over [`Limits::max_message_size`](crate::Limits::max_message_size).
    MessageTooBig,
    /// More fragments than [`Limits::max_fragments`](crate::Limits::max_fragments).
    TooManyFragments,
    /// Text that is not UTF-8 (RFC 6455 §8.1).
    InvalidUtf8,
    /// A compressed message that is not DEFLATE, or ends within a block (RFC 7692 §7.2.2).
    InvalidDeflate,
    /// A compressed message with more DEFLATE streams than its size can explain.
    TooManyStreams,
    /// A Close frame with a payload of one byte (RFC 6455 §5.5.1).
    InvalidCloseLength,
    /// A Close frame with a code that must not be sent (RFC 6455 §7.4).
    InvalidCloseCode,
    /// The byte stream ended without a Close frame (RFC 6455 §7.1.5).
    UnexpectedEof,
    /// The peer was unresponsive for [`Config::ping_timeout`](crate::Config::ping_timeout) after a ping.
    PingTimeout,
}

impl Error {
    /// Returns what the peer did.
    pub const fn kind(&self) -> ErrorKind {
        self.0
    }

    /// Returns the code of the Close frame that reports the error, or 1006 if the stream has ended and none
    /// can be sent (RFC 6455 §7.4.1).
    pub const fn close_code(&self) -> CloseCode {
        match self.0 {
            ErrorKind::ReservedBit
            | ErrorKind::UnknownOpcode
            | ErrorKind::FragmentedControl
            | ErrorKind::ControlTooLong
            | ErrorKind::MaskMissing
            | ErrorKind::MaskUnexpected
            | ErrorKind::LengthTopBit
            | ErrorKind::LengthNotMinimal
            | ErrorKind::UnexpectedContinuation
            | ErrorKind::ContinuationExpected
            | ErrorKind::InvalidCloseLength
            | ErrorKind::InvalidCloseCode => CloseCode::PROTOCOL_ERROR,
            // The frames are valid and their payload is not: the same fault as text that is not UTF-8.
            ErrorKind::InvalidUtf8 | ErrorKind::InvalidDeflate => CloseCode::INVALID_DATA,
            ErrorKind::FrameTooBig | ErrorKind::MessageTooBig => CloseCode::TOO_BIG,
            ErrorKind::TooManyFragments | ErrorKind::TooManyStreams => CloseCode::POLICY_VIOLATION,
            ErrorKind::UnexpectedEof => CloseCode::ABNORMAL,
            ErrorKind::PingTimeout => CloseCode::INTERNAL_ERROR,
        }
    }

    pub(crate) const fn message(self) -> &'static str {
        match self.0 {
            ErrorKind::ReservedBit => "reserved bit set",
            ErrorKind::UnknownOpcode => "reserved opcode",
            ErrorKind::FragmentedControl => "fragmented control frame",
            ErrorKind::ControlTooLong => "control frame over 125 bytes",
            ErrorKind::MaskMissing => "frame of a client without a mask",
            ErrorKind::MaskUnexpected => "frame of a server with a mask",
            ErrorKind::LengthTopBit => "top bit of the length set",
            ErrorKind::LengthNotMinimal => "length not minimally encoded",
            ErrorKind::UnexpectedContinuation => "continuation frame outside a message",
            ErrorKind::ContinuationExpected => "new message inside a fragmented one",
            ErrorKind::FrameTooBig => "frame too big",
            ErrorKind::MessageTooBig => "message too big",
            ErrorKind::TooManyFragments => "too many fragments",
            ErrorKind::InvalidUtf8 => "text is not UTF-8",
            ErrorKind::InvalidDeflate => "compressed message is corrupt",
            ErrorKind::TooManyStreams => "too many streams in a compressed message",
            ErrorKind::InvalidCloseLength => "close frame of one byte",
            ErrorKind::InvalidCloseCode => "invalid close code",
            ErrorKind::UnexpectedEof => "stream ended without a close frame",
            ErrorKind::PingTimeout => "ping timeout",
        }
    }
}

impl From<ErrorKind> for Error {
    fn from(kind: ErrorKind) -> Self {
        Self(kind)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.message())
    }
}

impl core::error::Error for Error {}

/// A call that cannot be carried out. Nothing was written, and the connection is unchanged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SendError {
    /// A Close frame was sent or is pending, or the stream has ended (RFC 6455 §5.5.1).
    Closed,
    /// The fragmented message in progress is not finished, and this would have begun another one
    /// (RFC 6455 §5.4).
    MessageUnfinished,
    /// A fragment of text in a binary message, or the reverse.
    FragmentKind,
    /// Over a limit of [`Config::outgoing`](crate::Config::outgoing).
    TooBig,
    /// A client's frames cannot be shared: each is masked with a key of its own (RFC 6455 §5.3).
    Masked,
    /// A ping's or pong's payload has more than 125 bytes (RFC 6455 §5.5).
    ControlTooLong,
    /// A close code that must not be sent (RFC 6455 §7.4), or a reason without a code.
    InvalidCloseCode,
    /// A close reason of more than [`MAX_REASON`](crate::MAX_REASON) bytes.
    ReasonTooLong,
}

impl fmt::Display for SendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Closed => "the connection is closed for sending",
            Self::MessageUnfinished => "a fragmented message is not finished",
            Self::FragmentKind => "fragment of another kind than its message",
            Self::TooBig => "over the limit for outgoing messages",
            Self::Masked => "a client's frames cannot be shared",
            Self::ControlTooLong => "control frame over 125 bytes",
            Self::InvalidCloseCode => "close code that must not be sent",
            Self::ReasonTooLong => "close reason over 123 bytes",
        })
    }
}

impl core::error::Error for SendError {}
