//! A connection as two values for two tasks.

use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

use futures_core::Stream;
use futures_io::{AsyncRead, AsyncWrite};
use futures_sink::Sink;
use ws_proto::{Close, CloseCode, Closed, Prepared, Stats};

use crate::error::{Error, TrySendError};
use crate::lock::lock;
use crate::message::Message;
use crate::socket::{HIGH_WATER, Socket, Wakers, high_water};
use crate::tasks::{Side, Tasks};
use crate::timer::Timer;

/// The receiving half of a [`WebSocket`](crate::WebSocket). It also does what the connection does
/// of itself: pongs, deadlines, the closing handshake; keep it polled.
pub struct ReadHalf<Io, T> {
    shared: Arc<Shared<Io, T>>,
}

/// The sending half of a [`WebSocket`](crate::WebSocket).
pub struct WriteHalf<Io, T> {
    shared: Arc<Shared<Io, T>>,
}

/// The lock is held while something is polled, never across an `.await`.
struct Shared<Io, T> {
    socket: Mutex<Socket<Io, T>>,
    tasks: Arc<Tasks>,
}

pub(crate) fn split<Io, T>(mut socket: Socket<Io, T>) -> (ReadHalf<Io, T>, WriteHalf<Io, T>) {
    let tasks = socket.tasks.take().unwrap_or_default();
    let shared = Arc::new(Shared { socket: Mutex::new(socket), tasks });
    (ReadHalf { shared: Arc::clone(&shared) }, WriteHalf { shared })
}

impl<Io, T> Shared<Io, T> {
    fn closed(&self) -> Option<Closed> {
        lock(&self.socket).connection.closed().cloned()
    }

    fn stats(&self) -> Stats {
        lock(&self.socket).connection.stats()
    }
}

impl<Io, T> Shared<Io, T>
where
    Io: AsyncRead + AsyncWrite + Unpin,
    T: Timer,
{
    /// Lets one half act, and wakes the other one if that is what it waits for.
    fn act<R>(&self, side: Side, act: impl FnOnce(&mut Socket<Io, T>) -> R) -> R {
        let (result, concerns_other) = lock(&self.socket).act(act);
        if concerns_other {
            self.tasks.wake(side.other());
        }
        result
    }

    /// The same for what may have to wait.
    fn poll<R>(
        &self,
        side: Side,
        waker: &Waker,
        poll: impl FnOnce(&mut Socket<Io, T>, Wakers<'_>) -> R,
    ) -> R {
        self.tasks.register(side, waker);
        let both = Waker::from(Arc::clone(&self.tasks));
        self.act(side, |socket| poll(socket, Wakers { read: waker, write: &both }))
    }
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

impl<Io, T> WriteHalf<Io, T>
where
    Io: AsyncRead + AsyncWrite + Unpin,
    T: Timer,
{
    /// Sends a message and writes it; waits while 64 KiB or more cannot be written.
    ///
    /// # Errors
    ///
    /// Those of [`WebSocket::send`](crate::WebSocket::send).
    ///
    /// # Cancel safety
    ///
    /// Dropped before it is ready it has sent the message whole or not at all.
    pub async fn send(&mut self, message: impl Into<Message>) -> Result<(), Error> {
        self.feed(message).await?;
        self.flush().await
    }

    /// Sends a message without writing it, unless 64 KiB or more wait. Pings and pongs wait only from
    /// 68 KiB on, a Close frame never.
    ///
    /// # Errors
    ///
    /// Those of [`send`](Self::send).
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: dropped before it is ready it has not sent the message.
    pub async fn feed(&mut self, message: impl Into<Message>) -> Result<(), Error> {
        let message = message.into();
        let high_water = high_water(&message);
        poll_fn(|cx| self.poll_room(high_water, cx.waker())).await?;
        self.start_send(message)
    }

    /// Sends a message that was encoded once for many connections, without writing it, unless
    /// 64 KiB or more wait. A server's large messages are not copied.
    ///
    /// # Errors
    ///
    /// Those of [`send`](Self::send).
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: dropped before it is ready it has not sent the message.
    pub async fn feed_prepared(&mut self, prepared: &Prepared) -> Result<(), Error> {
        poll_fn(|cx| self.poll_room(HIGH_WATER, cx.waker())).await?;
        Ok(self.act(|socket| socket.send_prepared(prepared))?)
    }

    /// Sends a message without waiting, and without writing it.
    ///
    /// # Errors
    ///
    /// [`TrySendError::Full`] gives the message back while 64 KiB or more wait to be written; pings
    /// and pongs from 68 KiB on, a Close frame never.
    pub fn try_send(&mut self, message: impl Into<Message>) -> Result<(), TrySendError<Message>> {
        let message = message.into();
        self.act(|socket| match socket.lacks_room(high_water(&message)) {
            true => Err(TrySendError::Full(message)),
            false => socket.send(message).map_err(TrySendError::Send),
        })
    }

    /// Writes everything that was sent.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] if the stream takes no output.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: what is not written yet is kept.
    pub async fn flush(&mut self) -> Result<(), Error> {
        poll_fn(|cx| self.poll_written(cx.waker())).await
    }

    /// Sends a Close frame, unless closing has begun. The [`ReadHalf`] finishes the closing
    /// handshake.
    ///
    /// # Errors
    ///
    /// [`Error::Send`] if `close` cannot be sent, [`Error::Io`] if the stream takes no output.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe.
    pub async fn close(&mut self, close: impl Into<Close<'static>>) -> Result<(), Error> {
        self.start_close(close.into())?;
        self.flush().await
    }

    fn poll_room(&self, high_water: usize, waker: &Waker) -> Poll<Result<(), Error>> {
        self.shared
            .poll(Side::Writer, waker, |socket, wakers| socket.poll_room(high_water, wakers.write))
    }

    fn poll_written(&self, waker: &Waker) -> Poll<Result<(), Error>> {
        self.shared.poll(Side::Writer, waker, |socket, wakers| socket.poll_written(wakers.write))
    }

    fn start_send(&self, message: Message) -> Result<(), Error> {
        Ok(self.act(|socket| socket.send(message))?)
    }

    fn start_close(&self, close: Close<'static>) -> Result<(), Error> {
        Ok(self.act(|socket| socket.start_close(close))?)
    }

    fn act<R>(&self, act: impl FnOnce(&mut Socket<Io, T>) -> R) -> R {
        self.shared.act(Side::Writer, act)
    }
}

impl<Io, T> WriteHalf<Io, T> {
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

impl<Io, T> Sink<Message> for WriteHalf<Io, T>
where
    Io: AsyncRead + AsyncWrite + Unpin,
    T: Timer,
{
    type Error = Error;

    fn poll_ready(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.poll_room(HIGH_WATER, cx.waker())
    }

    fn start_send(self: Pin<&mut Self>, message: Message) -> Result<(), Error> {
        Self::start_send(&self, message)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.poll_written(cx.waker())
    }

    /// Sends a Close frame with code 1000, unless closing has begun, and writes it.
    fn poll_close(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.start_close(CloseCode::NORMAL.into())?;
        self.poll_written(cx.waker())
    }
}

impl<Io, T> fmt::Debug for ReadHalf<Io, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReadHalf").finish_non_exhaustive()
    }
}

impl<Io, T> fmt::Debug for WriteHalf<Io, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WriteHalf").finish_non_exhaustive()
    }
}
