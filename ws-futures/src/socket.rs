//! The loop: one connection bound to one byte stream, as poll functions.

mod reading;
mod shutdown;
mod waiting;

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker, ready};

use futures_io::{AsyncRead, AsyncWrite};
use ws_proto::{Close, Compression, Connection, ErrorKind, Instant, Payload, Prepared, SendError};

use crate::error::Error;
use crate::input::Input;
use crate::message::Message;
use crate::output::Output;
use crate::send::{Framing, send, send_owned, send_prepared};
use crate::shutdown::ShutdownGuard;
use crate::tasks::Tasks;
use crate::timer::Timer;
use crate::trace;
use shutdown::Activity;
use waiting::WaitState;
pub(crate) use waiting::{Wakers, WhenFull};

/// The number of unwritten bytes from which sending waits.
pub(crate) const HIGH_WATER: usize = 64 * 1024;
/// The same for pings and pongs, which overtake waiting messages; bounded, because a peer may make an
/// application send any number of them.
const CONTROL_HIGH_WATER: usize = HIGH_WATER + 4 * 1024;

/// The state of a connection; [`WebSocket`](crate::WebSocket) owns one, the halves of a split
/// share one.
pub(crate) struct Socket<Io, T> {
    pub(crate) connection: Connection,
    pub(crate) input: Input,
    pub(crate) output: Output,
    pub(crate) io: Io,
    timer: T,
    stage: Stage,
    /// Whether the stream has accepted output that it may still buffer.
    unflushed: bool,
    /// Whether the stream accepted no more output at the last write.
    blocked: bool,
    /// Whether to wait for the peer no longer: the last deadline has passed, or the connection was aborted.
    abandoned: bool,
    /// The error of the stream's output; input that the stream still has is read first.
    write_error: Option<io::Error>,
    /// Whether input is read only for the peer's Close frame, because a
    /// shutdown has closed the connection.
    discards: bool,
    /// The tasks that use the connection as a `Stream` and as a `Sink`, which may be two.
    pub(crate) tasks: Option<Arc<Tasks>>,
    /// Last field, so that the connection is dropped before it stops counting.
    shutdown: Option<ShutdownGuard>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    Open,
    /// Our direction of the stream is being ended.
    HalfClosing,
    /// Our direction of the stream is ended.
    HalfClosed,
    /// The stream returns no more input.
    InputEnded,
    /// The stream is ended, and the outcome was reported.
    Done,
}

/// Returns the number of unwritten bytes from which sending this message waits.
#[inline]
pub(crate) fn high_water(message: &Message) -> usize {
    match message {
        Message::Text(_)
        | Message::Binary(_)
        | Message::TextChunk { .. }
        | Message::BinaryChunk { .. } => HIGH_WATER,
        Message::Ping(_) | Message::Pong(_) => CONTROL_HIGH_WATER,
        // There is at most one.
        Message::Close(_) => usize::MAX,
    }
}

impl<Io, T> Socket<Io, T>
where
    Io: AsyncRead + AsyncWrite + Unpin,
    T: Timer,
{
    pub(crate) fn new(io: Io, timer: T, connection: Connection, input: Input) -> Self {
        Self {
            connection,
            input,
            output: Output::default(),
            io,
            timer,
            stage: Stage::Open,
            unflushed: false,
            blocked: false,
            abandoned: false,
            write_error: None,
            discards: false,
            tasks: None,
            shutdown: None,
        }
    }

    /// Whether the output is at its high-water mark.
    #[inline]
    pub(crate) fn is_full(&self) -> bool {
        self.output.len() >= HIGH_WATER
    }

    /// Whether sending has to wait, given this high-water mark. If nothing can be sent any more, sending
    /// fails instead.
    pub(crate) fn lacks_room(&self, high_water: usize) -> bool {
        self.output.len() >= high_water && self.connection.can_send()
    }

    /// Acts for one of two tasks; also returns whether the other one can continue now.
    pub(crate) fn act<R>(&mut self, act: impl FnOnce(&mut Self) -> R) -> (R, bool) {
        let before = self.wait_state();
        let result = act(self);
        (result, self.wait_state().ends_wait_since(before))
    }

    fn wait_state(&self) -> WaitState {
        WaitState {
            lacks_room: self.lacks_room(HIGH_WATER),
            blocked: self.blocked,
            deadline: (self.next_timeout(), self.connection.timeout_changed()),
        }
    }

    /// Adds a message to the output; small ones are written by the next flush.
    #[inline]
    pub(crate) fn send(
        &mut self,
        message: &Message,
        compression: Compression,
    ) -> Result<(), SendError> {
        send_owned(&mut self.connection, &mut self.output, message, compression)?;
        trace::sent(trace::Summary::from(message));
        Ok(())
    }

    /// The same for borrowed or owned data.
    pub(crate) fn send_data(
        &mut self,
        data: Payload<'_>,
        framing: Framing,
        compression: Compression,
    ) -> Result<(), SendError> {
        let summary = trace::Summary::from(&data);
        send(&mut self.connection, &mut self.output, data, framing, compression)?;
        trace::sent(summary);
        Ok(())
    }

    /// Sends a Close frame, unless closing has begun.
    pub(crate) fn start_close(&mut self, close: Close<'static>) -> Result<(), SendError> {
        match self.send(&Message::Close(close), Compression::Automatic) {
            Err(SendError::Closed) => Ok(()),
            sent => sent,
        }
    }

    pub(crate) fn send_prepared(&mut self, prepared: &Prepared) -> Result<(), SendError> {
        send_prepared(&mut self.connection, &mut self.output, prepared)?;
        trace::sent(trace::Summary::from(prepared));
        Ok(())
    }

    /// Waits until sending does not have to wait. The deadlines for a peer that does not read remain in
    /// effect.
    #[inline]
    pub(crate) fn poll_room(
        &mut self,
        high_water: usize,
        waker: &Waker,
    ) -> Poll<Result<(), Error>> {
        // What the complete function would find, without a call: usually there is room.
        if self.output.len() < high_water && self.write_error.is_none() && self.shutdown.is_none() {
            return Poll::Ready(Ok(()));
        }
        self.poll_room_or_end(high_water, waker)
    }

    #[inline(never)]
    fn poll_room_or_end(&mut self, high_water: usize, waker: &Waker) -> Poll<Result<(), Error>> {
        if self.is_overdue() {
            self.close_for_shutdown();
        }
        while self.lacks_room(high_water)
            && self.poll_flush(waker).is_pending()
            && self.lacks_room(high_water)
        {
            if self.set_input_aside() {
                continue;
            }
            ready!(self.poll_deadline(Wakers::one(waker), Activity::Busy));
            self.written()?;
            if let Some(error) = self.connection.error() {
                return Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, error).into()));
            }
        }
        if self.discards {
            // Sending fails, and the application may not call again.
            return self.poll_written(waker);
        }
        Poll::Ready(self.written())
    }

    /// Waits until all output is written, or the deadline has passed.
    pub(crate) fn poll_written(&mut self, waker: &Waker) -> Poll<Result<(), Error>> {
        while self.poll_flush(waker).is_pending() {
            if self.set_input_aside() {
                continue;
            }
            ready!(self.poll_deadline(Wakers::one(waker), Activity::Busy));
        }
        Poll::Ready(self.written())
    }

    /// Writes the output and the connection's pending replies, and flushes the stream. If the stream
    /// accepts no more output this is ready: input that the stream still has is read first.
    #[inline]
    fn poll_flush(&mut self, waker: &Waker) -> Poll<()> {
        // What the loop would find, without a call: usually one of the two flushes of an exchange.
        if self.is_written() && !self.connection.wants_transmit() && self.write_error.is_none() {
            return Poll::Ready(());
        }
        self.poll_flush_output(waker)
    }

    #[inline(never)]
    fn poll_flush_output(&mut self, waker: &Waker) -> Poll<()> {
        loop {
            self.transmit();
            if self.write_error.is_some() {
                // The peer will not read it.
                self.output.clear();
                self.unflushed = false;
                self.blocked = false;
            }
            if self.is_written() {
                return Poll::Ready(());
            }
            if let Err(error) = ready!(self.poll_write(&mut context(waker))) {
                self.write_error = Some(error);
            }
        }
    }

    fn poll_write(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let before = self.output.len();
        let mut polled = self.output.poll_write(&mut self.io, cx);
        if let Poll::Ready(Ok(())) = polled {
            polled = Pin::new(&mut self.io).poll_flush(cx);
            self.unflushed = !matches!(polled, Poll::Ready(Ok(())));
        }
        if self.blocked || polled.is_pending() {
            let left = self.output.len();
            self.connection.wrote(before - left, left + usize::from(self.unflushed));
        }
        self.blocked = polled.is_pending();
        polled
    }

    #[inline]
    fn is_written(&self) -> bool {
        self.output.is_empty() && !self.unflushed
    }

    /// Appends the connection's pending replies while the output has room; beyond that pongs coalesce.
    #[inline]
    pub(crate) fn transmit(&mut self) {
        if self.connection.wants_transmit() && !self.is_full() {
            self.connection.poll_transmit(self.output.tail());
        }
    }

    pub(crate) fn now(&self) -> Instant {
        self.timer.now()
    }

    /// Is ready when `deadline` has passed. The timer has one alarm: until then it also wakes the
    /// task for the connection's own deadline, which the next poll of the input acts on.
    pub(crate) fn poll_until(&mut self, deadline: Instant, cx: &mut Context<'_>) -> Poll<()> {
        if let Some(own) = self.next_timeout().filter(|own| *own < deadline) {
            if self.timer.poll_until(own, cx).is_ready() {
                cx.waker().wake_by_ref();
            }
            return Poll::Pending;
        }
        self.timer.poll_until(deadline, cx)
    }

    /// Returns the error that prevents writing.
    fn written(&self) -> Result<(), Error> {
        match &self.write_error {
            Some(error) => Err(Error::Io(io::Error::new(error.kind(), error.to_string()))),
            None => Ok(()),
        }
    }

    /// Is ready when a deadline has passed or a shutdown has begun, after acting on it.
    fn poll_deadline(&mut self, wakers: Wakers<'_>, activity: Activity) -> Poll<()> {
        if self.shutdown.is_some() && self.poll_shutdown(wakers.write, activity).is_ready() {
            return Poll::Ready(());
        }
        if self.connection.timeout_changed() {
            self.connection.poll_timeout(self.timer.now());
        }
        let Some(deadline) = self.next_timeout() else { return Poll::Pending };
        ready!(self.timer.poll_until(deadline, &mut context(wakers.read)));
        // A timer with coarse ticks may be early; polling it again at once would loop.
        let now = self.timer.now().max(deadline);
        if self.shutdown_deadline().is_some_and(|deadline| deadline <= now) {
            self.close_for_shutdown();
        }
        // An error ends the connection, which the loop detects.
        let _ = self.connection.handle_timeout(now);
        let timeout = self.connection.poll_timeout(now);
        self.abandoned = timeout.is_none() && self.connection.closed().is_some();
        if self.abandoned && !self.is_written() {
            self.write_error.get_or_insert_with(|| io::ErrorKind::TimedOut.into());
        }
        Poll::Ready(())
    }

    /// Whether the stream neither returns input nor accepts output.
    fn is_cut_off(&self) -> bool {
        self.stage == Stage::InputEnded && self.write_error.is_some()
    }

    /// Ends our direction of the stream; ready at the deadline at the latest.
    fn poll_close(&mut self, wakers: Wakers<'_>) -> Poll<()> {
        if self.poll_end(wakers.write).is_ready() || self.abandoned {
            return Poll::Ready(());
        }
        self.poll_deadline(wakers, Activity::Busy)
    }

    /// Ends our direction of the stream, ignoring errors.
    fn poll_end(&mut self, waker: &Waker) -> Poll<()> {
        Pin::new(&mut self.io).poll_close(&mut context(waker)).map(drop)
    }

    /// How the connection ended. A write error is more specific than a missing Close frame.
    fn outcome(&mut self) -> Result<(), Error> {
        let Some(error) = self.connection.error() else { return Ok(()) };
        match self.write_error.take() {
            Some(cause) if error.kind() == ErrorKind::UnexpectedEof => Err(Error::Io(cause)),
            _ => Err(Error::Protocol(error)),
        }
    }
}

impl<Io, T> Socket<Io, T> {
    /// Returns the number of bytes that the stream has accepted.
    pub(crate) fn bytes_written(&self) -> u64 {
        self.connection.stats().sent.bytes.saturating_sub(self.output.len() as u64)
    }
}

fn context(waker: &Waker) -> Context<'_> {
    Context::from_waker(waker)
}
