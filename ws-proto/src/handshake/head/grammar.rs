//! The byte-wise grammar of a head (RFC 9112 §2 to §5): input that cannot become a head fails at the first
//! byte that shows it, at any chunking.

use super::HeadError;
use crate::handshake::characters::{TARGET, TEXT, TOKEN, is};

/// Where in a head the next byte belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// Before a request line.
    Request,
    /// Behind the carriage return of an empty line before a request line.
    EmptyLine,
    Method,
    /// Before the first byte of a request target.
    TargetStart,
    Target,
    /// Behind this many bytes of a request's version.
    RequestVersion(u8),
    /// Behind this many bytes of a response's version.
    ResponseVersion(u8),
    /// Behind this many digits of a status code.
    Status(u8),
    Reason,
    /// Behind the carriage return of a line.
    LineEnd,
    /// Before a field line or the blank line.
    FieldStart,
    FieldName,
    FieldValue,
    /// Behind the carriage return of the blank line.
    BlankLine,
    /// Behind the blank line.
    Complete,
}

/// What the versions that have this grammar have in common.
const VERSION: [u8; 7] = *b"HTTP/1.";

impl State {
    /// The state behind `byte`.
    pub(super) fn next(self, byte: u8) -> Result<Self, HeadError> {
        Ok(match (self, byte) {
            // A server ignores empty lines before a request (RFC 9112 §2.2).
            (Self::Request, b'\r') => Self::EmptyLine,
            (Self::EmptyLine, b'\n') => Self::Request,
            (Self::Request | Self::Method, _) if is(byte, TOKEN) => Self::Method,
            (Self::Method, b' ') => Self::TargetStart,
            (Self::TargetStart | Self::Target, _) if is(byte, TARGET) => Self::Target,
            (Self::Target, b' ') => Self::RequestVersion(0),
            (Self::RequestVersion(at @ 0..7), _) if byte == VERSION[usize::from(at)] => {
                Self::RequestVersion(at + 1)
            }
            (Self::RequestVersion(7), b'0' | b'1') => Self::RequestVersion(8),
            (Self::RequestVersion(5 | 7), b'0'..=b'9') => {
                return Err(HeadError::UnsupportedVersion);
            }
            (Self::RequestVersion(8), b'\r') => Self::LineEnd,

            (Self::ResponseVersion(at @ 0..7), _) if byte == VERSION[usize::from(at)] => {
                Self::ResponseVersion(at + 1)
            }
            (Self::ResponseVersion(7), b'0' | b'1') => Self::ResponseVersion(8),
            (Self::ResponseVersion(8), b' ') => Self::Status(0),
            (Self::Status(at @ 0..3), b'0'..=b'9') => Self::Status(at + 1),
            (Self::Status(3), b' ') => Self::Reason,
            // Without the space that RFC 9112 §4 asks for, as some servers write it.
            (Self::Status(3), b'\r') => Self::LineEnd,
            (Self::Reason, _) if is(byte, TEXT) => Self::Reason,
            (Self::Reason, b'\r') => Self::LineEnd,

            // RFC 9112 §2.2 permits a recipient to accept a bare line feed as a line end, which enables
            // request smuggling.
            (Self::LineEnd, b'\n') => Self::FieldStart,
            // Neither a folded line nor a blank before the colon (RFC 9112 §5.1 and §5.2).
            (Self::FieldStart | Self::FieldName, _) if is(byte, TOKEN) => Self::FieldName,
            (Self::FieldName, b':') => Self::FieldValue,
            (Self::FieldValue, _) if is(byte, TEXT) => Self::FieldValue,
            (Self::FieldValue, b'\r') => Self::LineEnd,
            (Self::FieldStart, b'\r') => Self::BlankLine,
            (Self::BlankLine, b'\n') => Self::Complete,
            _ => return Err(HeadError::Malformed),
        })
    }

    /// The number of bytes at the front of `bytes` that leave the state as it is.
    pub(super) fn run(self, bytes: &[u8]) -> usize {
        let class = match self {
            Self::Method | Self::FieldName => TOKEN,
            Self::Target => TARGET,
            Self::Reason | Self::FieldValue => TEXT,
            _ => return 0,
        };
        bytes.iter().position(|byte| !is(*byte, class)).unwrap_or(bytes.len())
    }
}
