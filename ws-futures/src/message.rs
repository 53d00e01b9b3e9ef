//! Owned messages, cheap to clone.

use bytes::Bytes;
use bytestring::ByteString;
use ws_proto::{Close, Event};

/// A message or a control frame that owns its payload.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Message {
    /// Text.
    Text(ByteString),
    /// Binary data.
    Binary(Bytes),
    /// A ping, at most 125 bytes. One that came is answered already.
    Ping(Bytes),
    /// A pong, at most 125 bytes.
    Pong(Bytes),
    /// A Close frame. One that came is the last message, and answered already; one that is sent
    /// ends the sending direction.
    Close(Close<'static>),
}

impl Message {
    /// A text message.
    pub fn text(text: impl Into<ByteString>) -> Self {
        Self::Text(text.into())
    }

    /// A binary message.
    pub fn binary(data: impl Into<Bytes>) -> Self {
        Self::Binary(data.into())
    }

    /// The text, if it is a text message.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The payload of a message, ping or pong.
    pub fn as_bytes(&self) -> &[u8] {
        match self {
            Self::Text(text) => text.as_bytes(),
            Self::Binary(data) | Self::Ping(data) | Self::Pong(data) => data,
            Self::Close(close) => close.reason.as_bytes(),
        }
    }

    /// Whether it is a text or a binary message.
    pub fn is_data(&self) -> bool {
        matches!(self, Self::Text(_) | Self::Binary(_))
    }
}

/// An owned copy of what was lent. Pieces of messages become messages of their own.
impl From<Event<'_>> for Message {
    fn from(event: Event<'_>) -> Self {
        match event {
            Event::Text(text) | Event::TextChunk { data: text, .. } => {
                Self::Text(text.into_owned().into())
            }
            Event::Binary(data) | Event::BinaryChunk { data, .. } => {
                Self::Binary(data.into_owned().into())
            }
            Event::Ping(data) => Self::Ping(data.into_owned().into()),
            Event::Pong(data) => Self::Pong(data.into_owned().into()),
            Event::Close(close) => Self::Close(close.into_owned()),
            _ => Self::Binary(Bytes::new()),
        }
    }
}

impl From<&str> for Message {
    fn from(text: &str) -> Self {
        Self::Text(text.into())
    }
}

impl From<String> for Message {
    fn from(text: String) -> Self {
        Self::Text(text.into())
    }
}

impl From<ByteString> for Message {
    fn from(text: ByteString) -> Self {
        Self::Text(text)
    }
}

impl From<&[u8]> for Message {
    fn from(data: &[u8]) -> Self {
        Self::Binary(Bytes::copy_from_slice(data))
    }
}

impl From<Vec<u8>> for Message {
    fn from(data: Vec<u8>) -> Self {
        Self::Binary(data.into())
    }
}

impl From<Bytes> for Message {
    fn from(data: Bytes) -> Self {
        Self::Binary(data)
    }
}
