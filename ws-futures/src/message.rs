//! Owned messages, cheap to clone.

use std::borrow::Cow;
use std::fmt;

use bytes::Bytes;
use bytestring::ByteString;
use ws_proto::{Close, Event};

/// A message, a chunk of one, or a control frame, with an owned payload.
///
/// Exhaustive on purpose: a variant that falls into the `_` arm of a `match` is lost data. A new one is a
/// breaking change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// Text.
    Text(ByteString),
    /// Binary data.
    Binary(Bytes),
    /// The next chunk of a text message: received where [`Config::delivery`](crate::Config::delivery)
    /// is [`Delivery::Chunked`](crate::Delivery::Chunked), sent as a fragment (RFC 6455 §5.4). So a
    /// chunked `Stream` that is forwarded into a `Sink` keeps messages whole.
    TextChunk {
        /// The data. A received chunk is empty only if it is the last one.
        data: ByteString,
        /// Whether the message ends here.
        fin: bool,
    },
    /// The next chunk of a binary message, likewise.
    BinaryChunk {
        /// The data. A received chunk is empty only if it is the last one.
        data: Bytes,
        /// Whether the message ends here.
        fin: bool,
    },
    /// A ping, at most 125 bytes. A received one has been answered, unless
    /// [`Config::automatic_pong`](crate::Config::automatic_pong) is off.
    Ping(Bytes),
    /// A pong, at most 125 bytes.
    Pong(Bytes),
    /// A Close frame. A received one is the last message, and has been answered unless
    /// [`Config::automatic_close`](crate::Config::automatic_close) is off; a sent one ends the sending
    /// direction.
    Close(Close<'static>),
}

impl Message {
    /// Creates a text message.
    pub fn text(text: impl Into<ByteString>) -> Self {
        Self::Text(text.into())
    }

    /// Creates a binary message.
    pub fn binary(data: impl Into<Bytes>) -> Self {
        Self::Binary(data.into())
    }

    /// Creates a ping; sending one of more than 125 bytes fails.
    pub fn ping(payload: impl Into<Bytes>) -> Self {
        Self::Ping(payload.into())
    }

    /// Creates a pong; sending one of more than 125 bytes fails.
    pub fn pong(payload: impl Into<Bytes>) -> Self {
        Self::Pong(payload.into())
    }

    /// Creates a Close frame from a [`Close`], or from a [`CloseCode`](crate::CloseCode) alone.
    pub fn close(close: impl Into<Close<'static>>) -> Self {
        Self::Close(close.into())
    }

    /// Returns the text of a text message or chunk.
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

    /// Returns the payload; for a Close frame the reason.
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

    /// Converts a text message into its text, without a copy.
    ///
    /// # Errors
    ///
    /// Any other message is returned; also a chunk, because its `fin` would be lost.
    pub fn into_text(self) -> Result<ByteString, Self> {
        match self {
            Self::Text(text) => Ok(text),
            other => Err(other),
        }
    }

    /// Converts into the payload, without a copy; for a Close frame the reason.
    pub fn into_data(self) -> Bytes {
        match self {
            Self::Text(text) | Self::TextChunk { data: text, .. } => text.into_bytes(),
            Self::Binary(data)
            | Self::BinaryChunk { data, .. }
            | Self::Ping(data)
            | Self::Pong(data) => data,
            Self::Close(close) => close.reason.into_owned().into(),
        }
    }

    /// Returns the length of the payload in bytes; for a Close frame that of the reason.
    pub fn len(&self) -> usize {
        self.as_bytes().len()
    }

    /// Whether the payload is empty.
    pub fn is_empty(&self) -> bool {
        self.as_bytes().is_empty()
    }

    /// Whether it is a text message or chunk.
    pub fn is_text(&self) -> bool {
        matches!(self, Self::Text(_) | Self::TextChunk { .. })
    }

    /// Whether it is a binary message or chunk.
    pub fn is_binary(&self) -> bool {
        matches!(self, Self::Binary(_) | Self::BinaryChunk { .. })
    }

    /// Whether it is a ping.
    pub fn is_ping(&self) -> bool {
        matches!(self, Self::Ping(_))
    }

    /// Whether it is a pong.
    pub fn is_pong(&self) -> bool {
        matches!(self, Self::Pong(_))
    }

    /// Whether it is a Close frame.
    pub fn is_close(&self) -> bool {
        matches!(self, Self::Close(_))
    }

    /// Whether it is a text or binary message or chunk.
    pub fn is_data(&self) -> bool {
        self.is_text() || self.is_binary()
    }
}

/// Displays text verbatim, a Close frame with code and reason, and anything else by kind and size.
impl fmt::Display for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self {
            Self::Text(text) | Self::TextChunk { data: text, .. } => return f.write_str(text),
            Self::Close(Close { code, reason }) if reason.is_empty() => {
                return write!(f, "close {code}");
            }
            Self::Close(Close { code, reason }) => return write!(f, "close {code}: {reason}"),
            Self::Binary(_) | Self::BinaryChunk { .. } => "binary",
            Self::Ping(_) => "ping",
            Self::Pong(_) => "pong",
        };
        write!(f, "{kind}, {} bytes", self.len())
    }
}

/// Copies a borrowed event.
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

macro_rules! from {
    ($variant:ident: $($source:ty => $convert:expr),+ $(,)?) => {
        $(impl From<$source> for Message {
            fn from(source: $source) -> Self {
                Self::$variant($convert(source))
            }
        })+
    };
}

from!(Text:
    ByteString => |text| text,
    String => ByteString::from,
    Box<str> => ByteString::from,
    &str => ByteString::from,
    &String => |text: &String| text.as_str().into(),
    Cow<'_, str> => |text: Cow<'_, str>| text.into_owned().into(),
);

from!(Binary:
    Bytes => |data| data,
    Vec<u8> => Bytes::from,
    Box<[u8]> => Bytes::from,
    &[u8] => Bytes::copy_from_slice,
    &Vec<u8> => |data: &Vec<u8>| Bytes::copy_from_slice(data),
    Cow<'_, [u8]> => |data: Cow<'_, [u8]>| data.into_owned().into(),
);

from!(Close:
    Close<'static> => |close| close,
);

impl<const N: usize> From<[u8; N]> for Message {
    fn from(data: [u8; N]) -> Self {
        Self::Binary(Bytes::copy_from_slice(&data))
    }
}

impl<const N: usize> From<&[u8; N]> for Message {
    fn from(data: &[u8; N]) -> Self {
        Self::Binary(Bytes::copy_from_slice(data))
    }
}

/// [`Message::into_data`].
impl From<Message> for Bytes {
    fn from(message: Message) -> Self {
        message.into_data()
    }
}

/// [`Message::into_data`].
impl From<Message> for Vec<u8> {
    fn from(message: Message) -> Self {
        message.into_data().into()
    }
}

/// [`Message::into_text`].
impl TryFrom<Message> for ByteString {
    type Error = Message;

    fn try_from(message: Message) -> Result<Self, Message> {
        message.into_text()
    }
}

/// [`Message::into_text`].
impl TryFrom<Message> for String {
    type Error = Message;

    fn try_from(message: Message) -> Result<Self, Message> {
        message.into_text().map(Self::from)
    }
}
