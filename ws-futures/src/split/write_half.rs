//! The sending half.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use futures_io::{AsyncRead, AsyncWrite};
use futures_sink::Sink;
use ws_proto::{Close, CloseCode, Compression, Payload, Prepared};

use super::Shared;
use crate::error::{Error, TrySendError};
use crate::message::Message;
use crate::send::Framing;
use crate::socket::{HIGH_WATER, Socket, high_water};
use crate::tasks::Side;
use crate::timer::Timer;

/// The sending half of a [`WebSocket`](crate::WebSocket).
pub struct WriteHalf<Io, T> {
    pub(super) shared: Arc<Shared<Io, T>>,
}

impl<Io, T> WriteHalf<Io, T>
where
    Io: AsyncRead + AsyncWrite + Unpin,
    T: Timer,
{
    /// Sends a message and writes it; waits while 64 KiB or more are unwritten.
    ///
    /// # Errors
    ///
    /// Those of [`WebSocket::send`](crate::WebSocket::send).
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped before it is ready, the message has been sent completely or not at all.
    pub async fn send(&mut self, message: impl Into<Message>) -> Result<(), Error> {
        self.feed(message).await?;
        self.flush().await
    }

    /// Like [`send`](Self::send), with a choice of compression. For a chunk that begins a
    /// message the choice applies to the whole message; control frames are never compressed.
    ///
    /// # Errors
    ///
    /// Those of [`send`](Self::send).
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped before it is ready, the message has been sent completely or not at all.
    pub async fn send_with(
        &mut self,
        message: impl Into<Message>,
        compression: Compression,
    ) -> Result<(), Error> {
        self.feed_with(message, compression).await?;
        self.flush().await
    }

    /// Sends a message without writing it, unless 64 KiB or more are unwritten. Pings and pongs wait only from
    /// 68 KiB on, a Close frame never.
    ///
    /// # Errors
    ///
    /// Those of [`send`](Self::send).
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: if the future is dropped before it is ready, the message has not been sent.
    pub async fn feed(&mut self, message: impl Into<Message>) -> Result<(), Error> {
        self.feed_with(message, Compression::Automatic).await
    }

    /// Like [`feed`](Self::feed), with a choice of compression as for
    /// [`send_with`](Self::send_with).
    ///
    /// # Errors
    ///
    /// Those of [`send`](Self::send).
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: if the future is dropped before it is ready, the message has not been sent.
    pub async fn feed_with(
        &mut self,
        message: impl Into<Message>,
        compression: Compression,
    ) -> Result<(), Error> {
        let message = message.into();
        let high_water = high_water(&message);
        poll_fn(|cx| self.poll_room(high_water, cx.waker())).await?;
        Ok(self.act(|socket| socket.send(&message, compression))?)
    }

    /// Sends a message that was encoded once for many connections, without writing it, unless
    /// 64 KiB or more are unwritten. A server's large messages are not copied.
    ///
    /// # Errors
    ///
    /// Those of [`send`](Self::send).
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: if the future is dropped before it is ready, the message has not been sent.
    pub async fn feed_prepared(&mut self, prepared: &Prepared) -> Result<(), Error> {
        self.ready().await?;
        Ok(self.act(|socket| socket.send_prepared(prepared))?)
    }

    /// Sends a fragment of a message (RFC 6455 §5.4) and writes it; it is the last one if `fin` is
    /// `true`. For a message that is forwarded in parts, or whose end is not known yet. Borrowed data
    /// is copied once, into the output. Waits like [`send`](Self::send). Control frames may be sent
    /// between fragments, other messages may not.
    ///
    /// # Errors
    ///
    /// Those of [`send`](Self::send).
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped before it is ready, the fragment has been sent completely or not at all.
    pub async fn send_fragment<'m>(
        &mut self,
        part: impl Into<Payload<'m>>,
        fin: bool,
    ) -> Result<(), Error> {
        self.feed_fragment(part, fin).await?;
        self.flush().await
    }

    /// Sends a fragment without writing it, unless 64 KiB or more are unwritten; otherwise like
    /// [`send_fragment`](Self::send_fragment).
    ///
    /// # Errors
    ///
    /// Those of [`send`](Self::send).
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: if the future is dropped before it is ready, the fragment has not been sent.
    pub async fn feed_fragment<'m>(
        &mut self,
        part: impl Into<Payload<'m>>,
        fin: bool,
    ) -> Result<(), Error> {
        self.ready().await?;
        let framing = Framing::Fragment { fin };
        let part = part.into();
        Ok(self.act(|socket| socket.send_data(part, framing, Compression::Automatic))?)
    }

    /// Waits until less than 64 KiB are unwritten.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] if the stream accepts no output.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe.
    pub async fn ready(&mut self) -> Result<(), Error> {
        poll_fn(|cx| self.poll_room(HIGH_WATER, cx.waker())).await
    }

    /// Sends a message without waiting, and without writing it.
    ///
    /// # Errors
    ///
    /// [`TrySendError::Full`] returns the message while 64 KiB or more are unwritten; for pings
    /// and pongs from 68 KiB on, for a Close frame never.
    pub fn try_send(&mut self, message: impl Into<Message>) -> Result<(), TrySendError<Message>> {
        let message = message.into();
        self.act(|socket| match socket.lacks_room(high_water(&message)) {
            true => Err(TrySendError::Full(message)),
            false => socket.send(&message, Compression::Automatic).map_err(TrySendError::Send),
        })
    }

    /// Writes all output.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] if the stream accepts no output.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: unwritten output is kept.
    pub async fn flush(&mut self) -> Result<(), Error> {
        poll_fn(|cx| self.poll_written(cx.waker())).await
    }

    /// Sends a Close frame, unless closing has begun. The
    /// [`ReadHalf`](super::ReadHalf) finishes the closing
    /// handshake.
    ///
    /// # Errors
    ///
    /// [`Error::Send`] if `close` cannot be sent, [`Error::Io`] if the stream accepts no output.
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

    fn start_close(&self, close: Close<'static>) -> Result<(), Error> {
        Ok(self.act(|socket| socket.start_close(close))?)
    }

    fn act<R>(&self, act: impl FnOnce(&mut Socket<Io, T>) -> R) -> R {
        self.shared.act(Side::Writer, act)
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
        Ok(self.act(|socket| socket.send(&message, Compression::Automatic))?)
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
