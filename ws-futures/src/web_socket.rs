//! A connection as one value.

use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use futures_core::Stream;
use futures_io::{AsyncRead, AsyncWrite};
use futures_sink::Sink;
use ws_proto::{
    Close, CloseCode, Closed, Compression, Config, Connection, Instant, Payload, Prepared, Role,
    State, Stats,
};

use crate::batch::Batch;
use crate::error::{Error, TrySendError};
use crate::input::Input;
use crate::message::Message;
use crate::send::Framing;
use crate::shutdown::ShutdownGuard;
use crate::socket::{HIGH_WATER, Socket, Wakers, WhenFull, high_water};
use crate::split::{ReadHalf, WriteHalf, split};
use crate::tasks::Side;
use crate::timer::Timer;

/// A WebSocket over a byte stream.
///
/// Two ways to receive, which may be mixed: [`read`](Self::read) lends events in the buffer that
/// they were read into, and is the fastest; [`recv`](Self::recv) and the [`Stream`] give owned
/// messages. While any of them is polled, and by nothing else, pings and the peer's Close frame are
/// answered (unless the configuration leaves that to the application), deadlines kept and closing
/// handshakes finished: keep one pending. Only a call that waits to send keeps the deadlines too, so
/// that a peer which never reads cannot make it wait for ever.
///
/// The [`Stream`] and the [`Sink`] may be polled by two tasks, as after `StreamExt::split`.
///
/// Dropping it ends the stream without a closing handshake.
///
/// It is one pointer: cheap to move, and a future that holds it stays small.
pub struct WebSocket<Io, T> {
    socket: Box<Socket<Io, T>>,
}

impl<Io, T> WebSocket<Io, T>
where
    Io: AsyncRead + AsyncWrite + Unpin,
    T: Timer,
{
    /// Binds a connection, whose handshake is done, to its stream. `input` are bytes that came
    /// behind the handshake and were read already.
    pub fn new(io: Io, timer: T, connection: Connection, input: &[u8]) -> Self {
        Self::with_input(io, timer, connection, Input::holding(input))
    }

    pub(crate) fn with_input(io: Io, timer: T, connection: Connection, input: Input) -> Self {
        Self::of(Socket::new(io, timer, connection, input))
    }

    pub(crate) fn of(socket: Socket<Io, T>) -> Self {
        Self { socket: Box::new(socket) }
    }

    /// Waits for input, and lends what it says. Before it waits, everything sent is written; while
    /// 64 KiB or more cannot be written it reads nothing, and lends nothing.
    ///
    /// `None`: the connection has ended; [`closed`](Self::closed) tells how.
    ///
    /// # Errors
    ///
    /// [`Error::Io`], and [`Error::Protocol`] when the connection failed: by then the peer's valid
    /// messages were lent, the Close frame was sent and the stream is ended. Later calls give
    /// `None`.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: dropped before it is ready it has taken nothing.
    pub async fn read(&mut self) -> Result<Option<Batch<'_>>, Error> {
        let socket = &mut *self.socket;
        let more = poll_fn(|cx| socket.poll_input(Wakers::same(cx), WhenFull::Wait)).await?;
        Ok(more
            .then(|| Batch::new(&mut socket.connection, socket.input.lend(), &mut socket.output)))
    }

    /// Waits for the next message or control frame, owned. Before it waits, everything sent is
    /// written.
    ///
    /// `None`: the connection has ended; [`closed`](Self::closed) tells how.
    ///
    /// # Errors
    ///
    /// Those of [`read`](Self::read).
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: dropped before it is ready it has taken no message.
    pub async fn recv(&mut self) -> Result<Option<Message>, Error> {
        poll_fn(|cx| self.socket.poll_recv(Wakers::same(cx))).await
    }

    /// Sends a message and writes it: `Ok` means that the stream has taken it and everything sent
    /// before it. Waits while 64 KiB or more cannot be written.
    ///
    /// In a loop that replies to each `recv`, [`feed`](Self::feed) is faster and as safe.
    ///
    /// # Errors
    ///
    /// [`Error::Send`] if it cannot be sent, [`Error::Io`] if the stream takes no output, of the kind
    /// [`TimedOut`](std::io::ErrorKind::TimedOut) if a deadline ended the connection meanwhile.
    ///
    /// # Cancel safety
    ///
    /// Dropped before it is ready it has sent the message whole or not at all. To know which, wait
    /// for [`ready`](Self::ready) and use [`try_send`](Self::try_send).
    pub async fn send(&mut self, message: impl Into<Message>) -> Result<(), Error> {
        self.feed(message).await?;
        self.flush().await
    }

    /// Like [`send`](Self::send), and says whether to compress the message. Of a chunk that begins a
    /// message it says so for the whole message; control frames are never compressed.
    ///
    /// # Errors
    ///
    /// Those of [`send`](Self::send).
    ///
    /// # Cancel safety
    ///
    /// Dropped before it is ready it has sent the message whole or not at all.
    pub async fn send_with(
        &mut self,
        message: impl Into<Message>,
        compression: Compression,
    ) -> Result<(), Error> {
        self.feed_with(message, compression).await?;
        self.flush().await
    }

    /// Sends a message without writing it, unless 64 KiB or more wait. Pings and pongs wait only from
    /// 68 KiB on, a Close frame never.
    ///
    /// The next [`recv`](Self::recv) or [`read`](Self::read) writes what was fed before it waits, so
    /// that replies to messages which arrived together leave together. Where the connection is not
    /// polled next, use [`send`](Self::send) or [`flush`](Self::flush).
    ///
    /// # Errors
    ///
    /// Those of [`send`](Self::send).
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: dropped before it is ready it has not sent the message.
    pub async fn feed(&mut self, message: impl Into<Message>) -> Result<(), Error> {
        self.feed_with(message, Compression::Automatic).await
    }

    /// Like [`feed`](Self::feed), and says whether to compress the message, as for
    /// [`send_with`](Self::send_with).
    ///
    /// # Errors
    ///
    /// Those of [`send`](Self::send).
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: dropped before it is ready it has not sent the message.
    pub async fn feed_with(
        &mut self,
        message: impl Into<Message>,
        compression: Compression,
    ) -> Result<(), Error> {
        let message = message.into();
        let high_water = high_water(&message);
        poll_fn(|cx| self.socket.poll_room(high_water, cx.waker())).await?;
        Ok(self.socket.send(&message, compression)?)
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
        self.ready().await?;
        Ok(self.socket.send_prepared(prepared)?)
    }

    /// Sends a fragment of a message (RFC 6455 §5.4) and writes it; it is the last one if `fin` is
    /// `true`. For a message that is passed on in pieces, or whose end is not known yet: what is lent
    /// is copied once, into the output. Waits like [`send`](Self::send). Control frames may be sent
    /// between fragments, other messages may not.
    ///
    /// # Errors
    ///
    /// Those of [`send`](Self::send).
    ///
    /// # Cancel safety
    ///
    /// Dropped before it is ready it has sent the fragment whole or not at all.
    pub async fn send_fragment<'m>(
        &mut self,
        part: impl Into<Payload<'m>>,
        fin: bool,
    ) -> Result<(), Error> {
        self.feed_fragment(part, fin).await?;
        self.flush().await
    }

    /// Sends a fragment without writing it, unless 64 KiB or more wait; for the rest it is
    /// [`send_fragment`](Self::send_fragment).
    ///
    /// # Errors
    ///
    /// Those of [`send`](Self::send).
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: dropped before it is ready it has not sent the fragment.
    pub async fn feed_fragment<'m>(
        &mut self,
        part: impl Into<Payload<'m>>,
        fin: bool,
    ) -> Result<(), Error> {
        self.ready().await?;
        let framing = Framing::Fragment { fin };
        Ok(self.socket.send_data(part.into(), framing, Compression::Automatic)?)
    }

    /// Waits until less than 64 KiB wait to be written.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] if the stream takes no output.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe.
    pub async fn ready(&mut self) -> Result<(), Error> {
        poll_fn(|cx| self.socket.poll_room(HIGH_WATER, cx.waker())).await
    }

    /// Sends a message without waiting, and without writing it.
    ///
    /// # Errors
    ///
    /// [`TrySendError::Full`] gives the message back while 64 KiB or more wait to be written; pings
    /// and pongs from 68 KiB on, a Close frame never.
    pub fn try_send(&mut self, message: impl Into<Message>) -> Result<(), TrySendError<Message>> {
        let message = message.into();
        if self.socket.lacks_room(high_water(&message)) {
            return Err(TrySendError::Full(message));
        }
        self.socket.send(&message, Compression::Automatic).map_err(TrySendError::Send)
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
        poll_fn(|cx| self.socket.poll_written(cx.waker())).await
    }

    /// Sends a Close frame, unless closing has begun, and writes it. Messages may still arrive:
    /// receive until `None`, which finishes the closing handshake, or use
    /// [`close_and_discard`](Self::close_and_discard).
    ///
    /// # Errors
    ///
    /// [`Error::Send`] if `close` cannot be sent, [`Error::Io`] if the stream takes no output.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe.
    pub async fn close(&mut self, close: impl Into<Close<'static>>) -> Result<(), Error> {
        self.socket.start_close(close.into())?;
        self.flush().await
    }

    /// Sends a Close frame, unless closing has begun, and waits for the end of the connection, at
    /// most about [`Config::close_timeout`](ws_proto::Config::close_timeout). Messages that still
    /// arrive are discarded; to receive them use [`close`](Self::close).
    ///
    /// # Errors
    ///
    /// Those of [`read`](Self::read), and [`Error::Send`] if `close` cannot be sent.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: call it again, or receive, to continue.
    pub async fn close_and_discard(
        &mut self,
        close: impl Into<Close<'static>>,
    ) -> Result<(), Error> {
        self.socket.start_close(close.into())?;
        while self.recv().await?.is_some() {}
        Ok(())
    }

    /// The current time, by the connection's timer.
    pub fn now(&self) -> Instant {
        self.socket.now()
    }

    /// Is ready when `deadline` has passed, by the connection's timer: for deadlines of a layer above
    /// that has no timer of its own. A coarse timer may be early by less than its tick.
    ///
    /// There is one alarm for both: poll [`read`](Self::read) or [`recv`](Self::recv) first whenever
    /// the task is woken, this afterwards. Until `deadline` the task is woken for the connection's
    /// own deadlines as well.
    pub fn poll_until(&mut self, deadline: Instant, cx: &mut Context<'_>) -> Poll<()> {
        self.socket.poll_until(deadline, cx)
    }

    /// Takes part in a [`Shutdown`](crate::Shutdown), by itself or with a guard, until the
    /// connection is dropped; the halves of a split connection do, too. It takes part in one at a
    /// time.
    pub fn close_on(&mut self, shutdown: impl Into<ShutdownGuard>) {
        self.socket.close_on(shutdown.into());
    }

    /// Splits the connection for two tasks; [`ReadHalf::reunite`] makes it one again.
    pub fn split(self) -> (ReadHalf<Io, T>, WriteHalf<Io, T>) {
        split(*self.socket)
    }
}

impl<Io, T> WebSocket<Io, T> {
    /// The facts about the end, from its first step on.
    pub fn closed(&self) -> Option<&Closed> {
        self.socket.connection.closed()
    }

    /// The peer's error that ended the connection.
    pub fn error(&self) -> Option<ws_proto::Error> {
        self.socket.connection.error()
    }

    /// Which end this is.
    pub fn role(&self) -> Role {
        self.socket.connection.role()
    }

    /// How far the connection is.
    pub fn state(&self) -> State {
        self.socket.connection.state()
    }

    /// Whether permessage-deflate was negotiated (RFC 7692).
    pub fn is_compressed(&self) -> bool {
        self.socket.connection.is_compressed()
    }

    /// The configuration.
    pub fn config(&self) -> &Arc<Config> {
        self.socket.connection.config()
    }

    /// Replaces the configuration, such as by one with larger limits once the peer has
    /// authenticated. What was negotiated in the handshake stays as it is, and a message of which a
    /// part has been received is held to the new limits.
    pub fn set_config(&mut self, config: impl Into<Arc<Config>>) {
        self.socket.connection.set_config(config);
    }

    /// What has passed so far.
    pub fn stats(&self) -> Stats {
        self.socket.connection.stats()
    }

    /// The number of bytes that the stream has taken since the opening handshake. A peer that reads
    /// slowly lets it grow, one that reads nothing does not.
    pub fn written(&self) -> u64 {
        self.socket.bytes_written()
    }

    /// The latest round-trip time that a keep-alive ping measured.
    pub fn rtt(&self) -> Option<Duration> {
        self.socket.connection.rtt()
    }

    /// The stream. Reading from it or writing to it would break the connection.
    pub fn get_ref(&self) -> &Io {
        &self.socket.io
    }
}

/// `Stream` and `Sink` may be used from two tasks, as after `StreamExt::split`.
impl<Io, T> WebSocket<Io, T>
where
    Io: AsyncRead + AsyncWrite + Unpin,
    T: Timer,
{
    /// Acts for one of them, and wakes the other one if that is what it waits for.
    fn act_for<R>(&mut self, side: Side, act: impl FnOnce(&mut Socket<Io, T>) -> R) -> R {
        let (result, concerns_other) = self.socket.act(act);
        if let Some(tasks) = self.socket.tasks.as_ref().filter(|_| concerns_other) {
            tasks.wake(side.other());
        }
        result
    }

    /// The same for what may have to wait.
    fn poll_for<R>(
        &mut self,
        side: Side,
        waker: &Waker,
        poll: impl FnOnce(&mut Socket<Io, T>, Wakers<'_>) -> R,
    ) -> R {
        let tasks = self.socket.tasks.get_or_insert_default();
        tasks.register(side, waker);
        let both = Waker::from(Arc::clone(tasks));
        self.act_for(side, |socket| poll(socket, Wakers { read: waker, write: &both }))
    }
}

impl<Io, T> Stream for WebSocket<Io, T>
where
    Io: AsyncRead + AsyncWrite + Unpin,
    T: Timer + Unpin,
{
    type Item = Result<Message, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.poll_for(Side::Reader, cx.waker(), |socket, wakers| socket.poll_recv(wakers))
            .map(Result::transpose)
    }
}

impl<Io, T> Sink<Message> for WebSocket<Io, T>
where
    Io: AsyncRead + AsyncWrite + Unpin,
    T: Timer + Unpin,
{
    type Error = Error;

    fn poll_ready(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.poll_for(Side::Writer, cx.waker(), |socket, wakers| {
            socket.poll_room(HIGH_WATER, wakers.write)
        })
    }

    fn start_send(mut self: Pin<&mut Self>, message: Message) -> Result<(), Error> {
        let send = |socket: &mut Socket<Io, T>| socket.send(&message, Compression::Automatic);
        Ok(self.act_for(Side::Writer, send)?)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.poll_for(Side::Writer, cx.waker(), |socket, wakers| socket.poll_written(wakers.write))
    }

    /// Sends a Close frame with code 1000, unless closing has begun, and writes it. The [`Stream`]
    /// gives what still arrives and finishes the closing handshake.
    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.act_for(Side::Writer, |socket| socket.start_close(CloseCode::NORMAL.into()))?;
        self.poll_flush(cx)
    }
}

impl<Io, T> fmt::Debug for WebSocket<Io, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebSocket")
            .field("connection", &self.socket.connection)
            .finish_non_exhaustive()
    }
}
