//! A message on its way into the output, as a future.

use std::mem;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_io::{AsyncRead, AsyncWrite};
use ws_proto::Compression;

use crate::error::Error;
use crate::message::Message;
use crate::socket::{Socket, high_water};
use crate::timer::Timer;

/// Sends a message. Nested `async` functions would move the message at each level, and each move waits
/// for the stores of the one before: here it stays in place, or on the stack if there is room.
#[must_use = "futures do nothing unless polled"]
pub(crate) struct Sending<'s, Io, T, M> {
    socket: &'s mut Socket<Io, T>,
    stage: Stage<M>,
    compression: Compression,
    until: Until,
}

enum Stage<M> {
    /// As the application passed it: a reference, converted when it is sent.
    New(M),
    Converted(Message),
    /// In the output.
    Buffered,
}

/// When a message counts as sent.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Until {
    /// When it is in the output.
    Buffered,
    /// When the stream has accepted it.
    Written,
}

impl<'s, Io, T, M: Into<Message>> Sending<'s, Io, T, M> {
    #[inline]
    pub(crate) fn new(
        socket: &'s mut Socket<Io, T>,
        message: M,
        compression: Compression,
        until: Until,
    ) -> Self {
        let stage = match size_of::<M>() <= size_of::<&str>() {
            true => Stage::New(message),
            false => Stage::Converted(message.into()),
        };
        Self { socket, stage, compression, until }
    }
}

/// No field is pinned.
impl<Io, T, M> Unpin for Sending<'_, Io, T, M> {}

impl<Io, T, M> Future for Sending<'_, Io, T, M>
where
    Io: AsyncRead + AsyncWrite + Unpin,
    T: Timer,
    M: Into<Message>,
{
    type Output = Result<(), Error>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let Self { socket, stage, compression, until } = self.get_mut();
        if let Stage::Converted(message) = stage {
            ready!(socket.poll_room(high_water(message), cx.waker()))?;
            socket.send(message, *compression)?;
            *stage = Stage::Buffered;
        } else if let Stage::New(message) = mem::replace(stage, Stage::Buffered) {
            let message = message.into();
            let Poll::Ready(room) = socket.poll_room(high_water(&message), cx.waker()) else {
                *stage = Stage::Converted(message);
                return Poll::Pending;
            };
            room?;
            socket.send(&message, *compression)?;
        }
        match until {
            Until::Buffered => Poll::Ready(Ok(())),
            Until::Written => socket.poll_written(cx.waker()),
        }
    }
}
