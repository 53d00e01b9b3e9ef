//! The events of one read.

use std::fmt;

use ws_proto::{Compression, Connection, Event, Payload, SendError};

use crate::input::Cursor;
use crate::output::Output;
use crate::send::{Framing, send};
use crate::socket::HIGH_WATER;
use crate::trace;

/// The events of one read, lent one at a time.
///
/// Replies may be sent while an event is held. They are buffered, and the next
/// [`WebSocket::read`](crate::WebSocket::read) writes them before it waits: one write for each read,
/// whatever the number of messages. Events that are not taken remain for the next `read`.
pub struct Batch<'a> {
    connection: &'a mut Connection,
    input: &'a mut [u8],
    cursor: Cursor<'a>,
    output: &'a mut Output,
}

impl<'a> Batch<'a> {
    pub(crate) fn new(
        connection: &'a mut Connection,
        (input, cursor): (&'a mut [u8], Cursor<'a>),
        output: &'a mut Output,
    ) -> Self {
        Self { connection, input, cursor, output }
    }

    /// Returns the next event. `None`: more must be read first, or the connection is closing; in both
    /// cases [`WebSocket::read`](crate::WebSocket::read) continues and reports errors.
    #[inline]
    #[expect(clippy::should_implement_trait, reason = "an iterator could not lend its input")]
    pub fn next(&mut self) -> Option<Event<'a>> {
        // Answer each ping while the output has room; beyond that pongs coalesce.
        if self.connection.wants_transmit() && self.output.len() < HIGH_WATER {
            self.connection.poll_transmit(self.output.tail());
        }
        let event = self.connection.receive_whole(&mut self.input).ok().flatten();
        if let Some(event) = &event {
            trace::received(event);
        }
        event
    }

    /// Sends a message. Borrowed data is copied; owned data of 8 KiB or more is not.
    ///
    /// # Errors
    ///
    /// [`SendError`]; nothing was sent then.
    #[inline]
    pub fn send<'m>(&mut self, message: impl Into<Payload<'m>>) -> Result<(), SendError> {
        self.send_with(message, Compression::Automatic)
    }

    /// Like [`send`](Self::send), with a choice of compression.
    ///
    /// # Errors
    ///
    /// Those of [`send`](Self::send).
    #[inline]
    pub fn send_with<'m>(
        &mut self,
        message: impl Into<Payload<'m>>,
        compression: Compression,
    ) -> Result<(), SendError> {
        self.send_as(message.into(), Framing::Message, compression)
    }

    /// Sends a fragment of a message (RFC 6455 §5.4), the last one if `fin` is `true`: for a message
    /// that is forwarded in parts, as [`Delivery::Chunked`](crate::Delivery::Chunked) lends them, or
    /// whose end is not known yet. Control frames may be sent between fragments, other messages may
    /// not.
    ///
    /// # Errors
    ///
    /// [`SendError`]; nothing was sent then.
    #[inline]
    pub fn send_fragment<'m>(
        &mut self,
        part: impl Into<Payload<'m>>,
        fin: bool,
    ) -> Result<(), SendError> {
        self.send_as(part.into(), Framing::Fragment { fin }, Compression::Automatic)
    }

    #[inline]
    fn send_as(
        &mut self,
        data: Payload<'_>,
        framing: Framing,
        compression: Compression,
    ) -> Result<(), SendError> {
        let summary = trace::Summary::from(&data);
        send(self.connection, self.output, data, framing, compression)?;
        trace::sent(summary);
        Ok(())
    }

    /// Returns the connection, for its other methods, and the output that they append to.
    pub fn connection(&mut self) -> (&mut Connection, &mut Vec<u8>) {
        (self.connection, self.output.tail())
    }

    /// Returns the number of unwritten bytes.
    pub fn buffered(&self) -> usize {
        self.output.len()
    }
}

impl Drop for Batch<'_> {
    fn drop(&mut self) {
        self.cursor.keep(self.input.len());
    }
}

impl fmt::Debug for Batch<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Batch")
            .field("connection", &self.connection)
            .field("unread", &self.input.len())
            .finish_non_exhaustive()
    }
}
