//! The WebSocket, a connection as one value.

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
use crate::sending::{Sending, Until};
use crate::shutdown::ShutdownGuard;
use crate::socket::{HIGH_WATER, Socket, Wakers, WhenFull, high_water};
use crate::tasks::Side;
use crate::timer::Timer;

/// A WebSocket over a byte stream.
///
/// There are two ways to receive, which may be mixed: [`read`](Self::read) lends events in the buffer that
/// they were read into, and is the fastest; [`recv`](Self::recv) and the [`Stream`] return owned
/// messages. Only while one of them is polled are pings and the peer's Close frame answered (unless the
/// configuration leaves that to the application), deadlines handled and closing handshakes finished: keep
/// one pending. A call that waits to send handles the deadlines too, so that a peer which never reads
/// cannot block it for ever.
///
/// The [`Stream`] and the [`Sink`] may be polled by two tasks, as after `StreamExt::split`.
///
/// Dropping it ends the stream without a closing handshake.
///
/// It is one pointer: cheap to move, and small in a future that holds it.
pub struct WebSocket<Io, T> {
    socket: Box<Socket<Io, T>>,
}

impl<Io, T> WebSocket<Io, T>
where
    Io: AsyncRead + AsyncWrite + Unpin,
    T: Timer,
{
    /// Binds a connection, whose handshake is complete, to its stream. `input` are bytes that followed
    /// the handshake and were read already.
    pub fn new(io: Io, timer: T, connection: Connection, input: &[u8]) -> Self {
        Self::with_input(io, timer, connection, Input::holding(input))
    }

    pub(crate) fn with_input(io: Io, timer: T, connection: Connection, input: Input) -> Self {
        Self::of(Socket::new(io, timer, connection, input))
    }

    pub(crate) fn of(socket: Socket<Io, T>) -> Self {
        Self { socket: Box::new(socket) }
    }

    pub(crate) fn into_socket(self) -> Socket<Io, T> {
        *self.socket
    }

    /// Waits for input, and lends its events. Before it waits, all output is written; while
    /// 64 KiB or more are unwritten it neither reads nor lends.
    ///
    /// `None`: the connection has ended; [`closed`](Self::closed) returns how.
    ///
    /// # Errors
    ///
    /// [`Error::Io`], and [`Error::Protocol`] if the connection failed: by then the peer's valid
    /// messages have been lent, the Close frame has been sent and the stream is ended. Later calls return
    /// `None`.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: if the future is dropped before it is ready, nothing has been taken.
    pub async fn read(&mut self) -> Result<Option<Batch<'_>>, Error> {
        let socket = &mut *self.socket;
        let more = poll_fn(|cx| socket.poll_input(Wakers::same(cx), WhenFull::Wait)).await?;
        Ok(more
            .then(|| Batch::new(&mut socket.connection, socket.input.lend(), &mut socket.output)))
    }

    /// Waits for the next message or control frame, owned. Before it waits, all output is
    /// written.
    ///
    /// `None`: the connection has ended; [`closed`](Self::closed) returns how.
    ///
    /// # Errors
    ///
    /// Those of [`read`](Self::read).
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: if the future is dropped before it is ready, no message has been taken.
    pub fn recv(&mut self) -> impl Future<Output = Result<Option<Message>, Error>> {
        poll_fn(|cx| self.socket.poll_recv(Wakers::same(cx)))
    }

    /// Sends a message and writes it: `Ok` means that the stream has accepted it and all earlier
    /// output. Waits while 64 KiB or more are unwritten.
    ///
    /// In a loop that replies to each `recv`, [`feed`](Self::feed) is faster and equally safe.
    ///
    /// # Errors
    ///
    /// [`Error::Send`] if it cannot be sent, [`Error::Io`] if the stream accepts no output, of the kind
    /// [`TimedOut`](std::io::ErrorKind::TimedOut) if a deadline ended the connection meanwhile.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped before it is ready, the message has been sent completely or not at all. To know which, wait
    /// for [`ready`](Self::ready) and use [`try_send`](Self::try_send).
    pub fn send(&mut self, message: impl Into<Message>) -> impl Future<Output = Result<(), Error>> {
        self.send_with(message, Compression::Automatic)
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
    pub fn send_with(
        &mut self,
        message: impl Into<Message>,
        compression: Compression,
    ) -> impl Future<Output = Result<(), Error>> {
        Sending::new(&mut *self.socket, message, compression, Until::Written)
    }

    /// Sends a message without writing it, unless 64 KiB or more are unwritten. Pings and pongs wait only from
    /// 68 KiB on, a Close frame never.
    ///
    /// The next [`recv`](Self::recv) or [`read`](Self::read) writes fed messages before it waits, so
    /// that replies to messages which arrived together are written together. If the connection is not
    /// polled next, use [`send`](Self::send) or [`flush`](Self::flush).
    ///
    /// # Errors
    ///
    /// Those of [`send`](Self::send).
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: if the future is dropped before it is ready, the message has not been sent.
    pub fn feed(&mut self, message: impl Into<Message>) -> impl Future<Output = Result<(), Error>> {
        self.feed_with(message, Compression::Automatic)
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
    pub fn feed_with(
        &mut self,
        message: impl Into<Message>,
        compression: Compression,
    ) -> impl Future<Output = Result<(), Error>> {
        Sending::new(&mut *self.socket, message, compression, Until::Buffered)
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
        Ok(self.socket.send_prepared(prepared)?)
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
        Ok(self.socket.send_data(part.into(), framing, Compression::Automatic)?)
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
        poll_fn(|cx| self.socket.poll_room(HIGH_WATER, cx.waker())).await
    }

    /// Sends a message without waiting, and without writing it.
    ///
    /// # Errors
    ///
    /// [`TrySendError::Full`] returns the message while 64 KiB or more are unwritten; for pings
    /// and pongs from 68 KiB on, for a Close frame never.
    pub fn try_send(&mut self, message: impl Into<Message>) -> Result<(), TrySendError<Message>> {
        let message = message.into();
        if self.socket.lacks_room(high_water(&message)) {
            return Err(TrySendError::Full(message));
        }
        self.socket.send(&message, Compression::Automatic).map_err(TrySendError::Send)
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
        poll_fn(|cx| self.socket.poll_written(cx.waker())).await
    }

    /// Sends a Close frame, unless closing has begun, and writes it. Messages may still arrive:
    /// receive until `None`, which finishes the closing handshake, or use
    /// [`close_and_discard`](Self::close_and_discard).
    ///
    /// # Errors
    ///
    /// [`Error::Send`] if `close` cannot be sent, [`Error::Io`] if the stream accepts no output.
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

    /// Returns the current time, by the connection's timer.
    pub fn now(&self) -> Instant {
        self.socket.now()
    }

    /// Is ready when `deadline` has passed, by the connection's timer: for deadlines of a layer above
    /// that has no timer of its own. A coarse timer may be early by less than its tick.
    ///
    /// Both share one timer: whenever the task is woken, poll [`read`](Self::read) or
    /// [`recv`](Self::recv) first and this afterwards. Until `deadline` the task is woken for the
    /// connection's own deadlines as well.
    pub fn poll_until(&mut self, deadline: Instant, cx: &mut Context<'_>) -> Poll<()> {
        self.socket.poll_until(deadline, cx)
    }

    /// Registers the connection with a [`Shutdown`](crate::Shutdown), directly or through a guard, until
    /// it is dropped; also the halves of a split connection. It is registered with one shutdown at a
    /// time.
    pub fn close_on(&mut self, shutdown: impl Into<ShutdownGuard>) {
        self.socket.close_on(shutdown.into());
    }
}

impl<Io, T> WebSocket<Io, T> {
    /// Returns how the connection ended or is ending; available from the first step of closing on.
    pub fn closed(&self) -> Option<&Closed> {
        self.socket.connection.closed()
    }

    /// Returns the peer's error that ended the connection.
    pub fn error(&self) -> Option<ws_proto::Error> {
        self.socket.connection.error()
    }

    /// Returns the role of this endpoint.
    pub fn role(&self) -> Role {
        self.socket.connection.role()
    }

    /// Returns the state of the connection.
    pub fn state(&self) -> State {
        self.socket.connection.state()
    }

    /// Whether permessage-deflate was negotiated (RFC 7692).
    pub fn is_compressed(&self) -> bool {
        self.socket.connection.is_compressed()
    }

    /// Returns the configuration.
    pub fn config(&self) -> &Arc<Config> {
        self.socket.connection.config()
    }

    /// Replaces the configuration, for example by one with larger limits once the peer has
    /// authenticated. What the handshake negotiated does not change, and the new limits apply to a
    /// partially received message.
    pub fn set_config(&mut self, config: impl Into<Arc<Config>>) {
        self.socket.connection.set_config(config);
    }

    /// Returns the counters of the connection.
    pub fn stats(&self) -> Stats {
        self.socket.connection.stats()
    }

    /// Returns the number of bytes that the stream has accepted since the opening handshake. It grows
    /// while a peer reads slowly, and stays constant if the peer reads nothing.
    pub fn written(&self) -> u64 {
        self.socket.bytes_written()
    }

    /// Returns the latest round-trip time measured by a keep-alive ping.
    pub fn rtt(&self) -> Option<Duration> {
        self.socket.connection.rtt()
    }

    /// Returns the stream. Reading from it or writing to it would break the connection.
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
    /// Acts for one of the two tasks, and wakes the other one if it can continue.
    fn act_for<R>(&mut self, side: Side, act: impl FnOnce(&mut Socket<Io, T>) -> R) -> R {
        let (result, concerns_other) = self.socket.act(act);
        if let Some(tasks) = self.socket.tasks.as_ref().filter(|_| concerns_other) {
            tasks.wake(side.other());
        }
        result
    }

    /// The same for poll functions.
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
    /// returns further messages and finishes the closing handshake.
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
