//! The receiving half.

use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use futures_core::Stream;
use futures_io::{AsyncRead, AsyncWrite};
use ws_proto::{Closed, Stats};

use super::Shared;
use crate::error::Error;
use crate::message::Message;
use crate::tasks::Side;
use crate::timer::Timer;

/// The receiving half of a [`WebSocket`](crate::WebSocket). It also does what the connection does
/// of itself: pongs, deadlines, the closing handshake; keep it polled.
pub struct ReadHalf<Io, T> {
    pub(super) shared: Arc<Shared<Io, T>>,
}

impl<Io, T> ReadHalf<Io, T>
where
    Io: AsyncRead + AsyncWrite + Unpin,
    T: Timer,
{
    /// Waits for the next message or control frame; see
    /// [`WebSocket::recv`](crate::WebSocket::recv).
    ///
    /// # Errors
    ///
    /// Those of [`WebSocket::read`](crate::WebSocket::read).
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: dropped before it is ready it has taken no message.
    pub async fn recv(&mut self) -> Result<Option<Message>, Error> {
        poll_fn(|cx| self.poll_recv(cx.waker())).await
    }

    fn poll_recv(&self, waker: &Waker) -> Poll<Result<Option<Message>, Error>> {
        self.shared.poll(Side::Reader, waker, |socket, wakers| socket.poll_recv(wakers))
    }
}

impl<Io, T> ReadHalf<Io, T> {
    /// The facts about the end, from its first step on.
    pub fn closed(&self) -> Option<Closed> {
        self.shared.closed()
    }

    /// What has passed so far.
    pub fn stats(&self) -> Stats {
        self.shared.stats()
    }
}

impl<Io, T> Stream for ReadHalf<Io, T>
where
    Io: AsyncRead + AsyncWrite + Unpin,
    T: Timer,
{
    type Item = Result<Message, Error>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.poll_recv(cx.waker()).map(Result::transpose)
    }
}

impl<Io, T> fmt::Debug for ReadHalf<Io, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReadHalf").finish_non_exhaustive()
    }
}
