//! The receiving half.

use std::future::poll_fn;
use std::mem;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use futures_core::Stream;
use futures_io::{AsyncRead, AsyncWrite};

use super::{ReadHalfBatch, Shared};
use crate::error::Error;
use crate::input::Input;
use crate::message::Message;
use crate::socket::{Socket, WhenFull};
use crate::tasks::Side;
use crate::timer::Timer;

/// The receiving half of a [`WebSocket`](crate::WebSocket). It also maintains the connection:
/// pongs, deadlines, the closing handshake; keep it polled.
pub struct ReadHalf<Io, T> {
    pub(super) shared: Arc<Shared<Io, T>>,
    /// The bytes that are lent to a batch, or that a batch has not taken. They return to the connection
    /// before it is polled again.
    input: Input,
    /// Whether a batch has sent something since the last read.
    replied: bool,
}

impl<Io, T> ReadHalf<Io, T> {
    pub(super) fn new(shared: Arc<Shared<Io, T>>) -> Self {
        Self { shared, input: Input::default(), replied: false }
    }

    /// Returns the connection, with the input that a batch has not taken. The other half is dropped
    /// already.
    pub(super) fn into_socket(self) -> Socket<Io, T> {
        let Self { shared, mut input, .. } = self;
        let mut socket = Arc::into_inner(shared).expect("there are two halves").into_socket();
        give_back(&mut input, &mut socket);
        socket
    }
}

impl<Io, T> ReadHalf<Io, T>
where
    Io: AsyncRead + AsyncWrite + Unpin,
    T: Timer,
{
    /// Waits for input, and lends its events. Before it waits, all output is written; it continues to read
    /// while output cannot be written, unless a batch has sent some (see [`ReadHalfBatch`]).
    ///
    /// `None`: the connection has ended; [`closed`](Self::closed) returns how.
    ///
    /// # Errors
    ///
    /// Those of [`WebSocket::read`](crate::WebSocket::read).
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: if the future is dropped before it is ready, nothing has been taken.
    pub async fn read(&mut self) -> Result<Option<ReadHalfBatch<'_, Io, T>>, Error> {
        if !poll_fn(|cx| self.poll_input(cx.waker())).await? {
            return Ok(None);
        }
        let Self { shared, input, replied } = self;
        Ok(Some(ReadHalfBatch::new(shared, input.lend(), replied)))
    }

    /// Waits for the next message or control frame; see
    /// [`WebSocket::recv`](crate::WebSocket::recv).
    ///
    /// # Errors
    ///
    /// Those of [`WebSocket::read`](crate::WebSocket::read).
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: if the future is dropped before it is ready, no message has been taken.
    pub async fn recv(&mut self) -> Result<Option<Message>, Error> {
        poll_fn(|cx| self.poll_recv(cx.waker())).await
    }

    fn poll_recv(&mut self, waker: &Waker) -> Poll<Result<Option<Message>, Error>> {
        self.shared.poll(Side::Reader, waker, |socket, wakers| {
            give_back(&mut self.input, socket);
            socket.poll_recv(wakers)
        })
    }

    /// Waits for input, and takes it.
    fn poll_input(&mut self, waker: &Waker) -> Poll<Result<bool, Error>> {
        let when_full = if self.replied { WhenFull::Wait } else { WhenFull::Read };
        let polled = self.shared.poll(Side::Reader, waker, |socket, wakers| {
            give_back(&mut self.input, socket);
            let polled = socket.poll_input(wakers, when_full);
            if let Poll::Ready(Ok(true)) = polled {
                self.input = mem::take(&mut socket.input);
            }
            polled
        });
        if polled.is_ready() {
            self.replied = false;
        }
        polled
    }
}

fn give_back<Io, T>(input: &mut Input, socket: &mut Socket<Io, T>) {
    if input.has_buffer() {
        socket.input = mem::take(input);
    }
}

impl<Io, T> Stream for ReadHalf<Io, T>
where
    Io: AsyncRead + AsyncWrite + Unpin,
    T: Timer,
{
    type Item = Result<Message, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.poll_recv(cx.waker()).map(Result::transpose)
    }
}
