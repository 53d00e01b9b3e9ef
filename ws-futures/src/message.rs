//! Owned messages, cheap to clone.

use bytes::Bytes;
use bytestring::ByteString;
use ws_proto::{Close, Event};

/// A message, a piece of one or a control frame that owns its payload.
///
/// Exhaustive on purpose: a variant that falls into the `_` of a `match` is data lost. A new one is a
/// breaking change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// Text.
    Text(ByteString),
    /// Binary data.
    Binary(Bytes),
    /// The next piece of a text message: received where [`Config::delivery`](crate::Config::delivery)
    /// is [`Delivery::Chunked`](crate::Delivery::Chunked), sent as a fragment (RFC 6455 §5.4). So a
    /// chunked `Stream` that is forwarded into a `Sink` keeps messages whole.
    TextChunk {
        /// The piece. A received one is empty only if it is the last one.
        data: ByteString,
        /// Whether the message ends here.
        fin: bool,
    },
    /// The next piece of a binary message, likewise.
    BinaryChunk {
        /// The piece. A received one is empty only if it is the last one.
        data: Bytes,
        /// Whether the message ends here.
        fin: bool,
    },
    /// A ping, at most 125 bytes. A received one is answered already, unless
    /// [`Config::automatic_pong`](crate::Config::automatic_pong) is off.
    Ping(Bytes),
    /// A pong, at most 125 bytes.
    Pong(Bytes),
    /// A Close frame. A received one is the last message, and answered already unless
    /// [`Config::automatic_close`](crate::Config::automatic_close) is off; a sent one ends the sending
    /// direction.
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

    /// The text, if it is a text message or a piece of one.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) | Self::TextChunk { data: text, .. } => Some(text),
            Self::Binary(_)
            | Self::BinaryChunk { .. }
            | Self::Ping(_)
            | Self::Pong(_)
            | Self::Close(_) => None,
        }
    }

    /// The payload: of a Close frame the reason.
    pub fn as_bytes(&self) -> &[u8] {
        match self {
            Self::Text(text) | Self::TextChunk { data: text, .. } => text.as_bytes(),
            Self::Binary(data)
            | Self::BinaryChunk { data, .. }
            | Self::Ping(data)
            | Self::Pong(data) => data,
            Self::Close(close) => close.reason.as_bytes(),
        }
    }

    /// Whether it is a text or a binary message, or a piece of one.
    pub fn is_data(&self) -> bool {
        match self {
            Self::Text(_) | Self::Binary(_) | Self::TextChunk { .. } | Self::BinaryChunk { .. } => {
                true
            }
            Self::Ping(_) | Self::Pong(_) | Self::Close(_) => false,
        }
    }
}

/// An owned copy of what was lent.
impl From<Event<'_>> for Message {
    fn from(event: Event<'_>) -> Self {
        match event {
            Event::Text(text) => Self::Text(text.into_owned().into()),
            Event::Binary(data) => Self::Binary(data.into_owned().into()),
            Event::TextChunk { data, fin } => {
                Self::TextChunk { data: data.into_owned().into(), fin }
            }
            Event::BinaryChunk { data, fin } => {
                Self::BinaryChunk { data: data.into_owned().into(), fin }
            }
            Event::Ping(data) => Self::Ping(data.into_owned().into()),
            Event::Pong(data) => Self::Pong(data.into_owned().into()),
            Event::Close(close) => Self::Close(close.into_owned()),
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
