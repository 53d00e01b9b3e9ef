//! The events of one read of the receiving half.

use std::fmt;

use futures_io::{AsyncRead, AsyncWrite};
use ws_proto::{Compression, Connection, Event, Payload, SendError};

use super::Shared;
use crate::input::Cursor;
use crate::send::Framing;
use crate::tasks::Side;
use crate::timer::Timer;
use crate::trace;

/// The events of one read, lent one at a time ([`ReadHalf::read`](crate::ReadHalf::read)).
///
/// It owns the bytes of that read: the connection is locked only while an event is taken or
/// a message is sent, never while the application holds an event. Events that are not taken remain for
/// the next `read` or `recv`.
///
/// It can send as well. Its messages are buffered with those that the [`WriteHalf`](crate::WriteHalf)
/// feeds, and the next `read` writes them before it waits. After a batch that has sent something the next
/// `read` waits while 64 KiB or more are unwritten, so replies are bounded, and a half that only
/// receives is never blocked by output.
pub struct ReadHalfBatch<'a, Io, T> {
    shared: &'a Shared<Io, T>,
    input: &'a mut [u8],
    cursor: Cursor<'a>,
    replied: &'a mut bool,
}

impl<'a, Io, T> ReadHalfBatch<'a, Io, T>
where
    Io: AsyncRead + AsyncWrite + Unpin,
    T: Timer,
{
    pub(super) fn new(
        shared: &'a Shared<Io, T>,
        (input, cursor): (&'a mut [u8], Cursor<'a>),
        replied: &'a mut bool,
    ) -> Self {
        Self { shared, input, cursor, replied }
    }

    /// Returns the next event. `None`: more must be read first, or the connection is closing; in both cases
    /// the next [`ReadHalf::read`](crate::ReadHalf::read) continues, and reports errors.
    #[expect(clippy::should_implement_trait, reason = "an iterator could not lend its input")]
    pub fn next(&mut self) -> Option<Event<'a>> {
        let input = &mut self.input;
        let event = self.shared.act(Side::Reader, |socket| {
            socket.transmit();
            socket.connection.receive_whole(input).ok().flatten()
        });
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
    pub fn send<'m>(&mut self, message: impl Into<Payload<'m>>) -> Result<(), SendError> {
        self.send_with(message, Compression::Automatic)
    }

    /// Like [`send`](Self::send), with a choice of compression.
    ///
    /// # Errors
    ///
    /// Those of [`send`](Self::send).
    pub fn send_with<'m>(
        &mut self,
        message: impl Into<Payload<'m>>,
        compression: Compression,
    ) -> Result<(), SendError> {
        self.send_as(message.into(), Framing::Message, compression)
    }

    /// Sends a fragment of a message; see [`Batch::send_fragment`](crate::Batch::send_fragment).
    ///
    /// # Errors
    ///
    /// [`SendError`]; nothing was sent then.
    pub fn send_fragment<'m>(
        &mut self,
        part: impl Into<Payload<'m>>,
        fin: bool,
    ) -> Result<(), SendError> {
        self.send_as(part.into(), Framing::Fragment { fin }, Compression::Automatic)
    }

    fn send_as(
        &mut self,
        data: Payload<'_>,
        framing: Framing,
        compression: Compression,
    ) -> Result<(), SendError> {
        *self.replied = true;
        self.shared.act(Side::Reader, |socket| socket.send_data(data, framing, compression))
    }

    /// Lends the connection, for its other methods, and the output that they append to. The lock on
    /// both is held during the call.
    pub fn with_connection<R>(
        &mut self,
        act: impl FnOnce(&mut Connection, &mut Vec<u8>) -> R,
    ) -> R {
        *self.replied = true;
        self.shared.act(Side::Reader, |socket| act(&mut socket.connection, socket.output.tail()))
    }

    /// Returns the number of unwritten bytes of both halves.
    pub fn buffered(&self) -> usize {
        self.shared.act(Side::Reader, |socket| socket.output.len())
    }
}

impl<Io, T> Drop for ReadHalfBatch<'_, Io, T> {
    fn drop(&mut self) {
        self.cursor.keep(self.input.len());
    }
}

impl<Io, T> fmt::Debug for ReadHalfBatch<'_, Io, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReadHalfBatch").field("unread", &self.input.len()).finish_non_exhaustive()
    }
}
