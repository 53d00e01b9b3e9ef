//! The events of a connection.

use alloc::borrow::Cow;

use crate::close::Close;

/// What the peer sent, checked by the rules of the protocol.
///
/// A payload that lay whole in the input is lent from there, unmasked in place; one that had to be
/// gathered from several reads or fragments is owned. [`Cow::into_owned`] keeps either.
///
/// Exhaustive on purpose: a variant that falls into the `_` of a `match` is data lost. A new one is a
/// breaking change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event<'a> {
    /// A text message.
    Text(Cow<'a, str>),
    /// A binary message.
    Binary(Cow<'a, [u8]>),
    /// The next piece of a text message ([`Delivery::Chunked`](crate::Delivery::Chunked)).
    /// Characters are never cut; pieces need not match frames.
    TextChunk {
        /// The piece; empty only if it is the last one.
        data: Cow<'a, str>,
        /// Whether the message ends here.
        fin: bool,
    },
    /// The next piece of a binary message ([`Delivery::Chunked`](crate::Delivery::Chunked)).
    BinaryChunk {
        /// The piece; empty only if it is the last one.
        data: Cow<'a, [u8]>,
        /// Whether the message ends here.
        fin: bool,
    },
    /// A ping. Its pong is pending already, unless
    /// [`Config::automatic_pong`](crate::Config::automatic_pong) is off.
    Ping(Cow<'a, [u8]>),
    /// A pong, solicited or not (RFC 6455 §5.5.3).
    Pong(Cow<'a, [u8]>),
    /// A Close frame; the last event of a connection. Its answer is pending already, unless
    /// [`Config::automatic_close`](crate::Config::automatic_close) is off: then
    /// [`Connection::close`](crate::Connection::close) answers.
    Close(Close<'a>),
}
