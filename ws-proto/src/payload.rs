//! The payload of outgoing messages and fragments.

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;

use crate::frame::Opcode;

/// The payload of a message, or of a fragment of one, to be sent.
///
/// Borrowed data is copied to the output; owned data lets [`Connection::encode`] mask in place and
/// an adapter write without a copy.
///
/// [`Connection::encode`]: crate::Connection::encode
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Payload<'a> {
    /// Text (opcode 1).
    Text(Cow<'a, str>),
    /// Binary data (opcode 2).
    Binary(Cow<'a, [u8]>),
}

impl<'a> Payload<'a> {
    /// Returns the bytes, of text and of binary data.
    pub fn as_bytes(&self) -> &[u8] {
        match self {
            Self::Text(text) => text.as_bytes(),
            Self::Binary(data) => data,
        }
    }

    /// Converts into the bytes, of text and of binary data.
    pub fn into_bytes(self) -> Cow<'a, [u8]> {
        match self {
            Self::Text(Cow::Borrowed(text)) => Cow::Borrowed(text.as_bytes()),
            Self::Text(Cow::Owned(text)) => Cow::Owned(text.into_bytes()),
            Self::Binary(data) => data,
        }
    }

    pub(crate) fn opcode(&self) -> Opcode {
        match self {
            Self::Text(_) => Opcode::Text,
            Self::Binary(_) => Opcode::Binary,
        }
    }
}

impl<'a> From<&'a str> for Payload<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(Cow::Borrowed(text))
    }
}

impl<'a> From<&'a String> for Payload<'a> {
    fn from(text: &'a String) -> Self {
        Self::Text(Cow::Borrowed(text))
    }
}

impl From<String> for Payload<'_> {
    fn from(text: String) -> Self {
        Self::Text(Cow::Owned(text))
    }
}

impl<'a> From<Cow<'a, str>> for Payload<'a> {
    fn from(text: Cow<'a, str>) -> Self {
        Self::Text(text)
    }
}

impl<'a> From<&'a [u8]> for Payload<'a> {
    fn from(data: &'a [u8]) -> Self {
        Self::Binary(Cow::Borrowed(data))
    }
}

impl<'a, const N: usize> From<&'a [u8; N]> for Payload<'a> {
    fn from(data: &'a [u8; N]) -> Self {
        Self::Binary(Cow::Borrowed(data))
    }
}

impl<'a> From<&'a Vec<u8>> for Payload<'a> {
    fn from(data: &'a Vec<u8>) -> Self {
        Self::Binary(Cow::Borrowed(data))
    }
}

impl From<Vec<u8>> for Payload<'_> {
    fn from(data: Vec<u8>) -> Self {
        Self::Binary(Cow::Owned(data))
    }
}

impl<'a> From<Cow<'a, [u8]>> for Payload<'a> {
    fn from(data: Cow<'a, [u8]>) -> Self {
        Self::Binary(data)
    }
}

/// Whether a message is compressed, where permessage-deflate was negotiated (RFC 7692 §6).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Compression {
    /// Compressed from the configured threshold on.
    #[default]
    Automatic,
    /// Compressed at any size.
    Always,
    /// Not compressed: for data that is compressed already, or that mixes secrets with data that a peer
    /// can choose (RFC 7457 §2.6).
    Never,
}
