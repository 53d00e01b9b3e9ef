//! A byte stream before its connection is open: reads, writes and shutdown with a deadline.

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_io::{AsyncRead, AsyncWrite};
use ws_proto::{Config, Connection, Instant};

use crate::input::Input;
use crate::timer::Timer;
use crate::web_socket::WebSocket;

pub(crate) struct Opening<Io, T> {
    io: Io,
    timer: T,
    pub(crate) input: Input,
}

impl<Io, T> Opening<Io, T>
where
    Io: AsyncRead + AsyncWrite + Unpin,
    T: Timer,
{
    pub(crate) fn new(io: Io, timer: T) -> Self {
        Self { io, timer, input: Input::default() }
    }

    pub(crate) fn now(&self) -> Instant {
        self.timer.now()
    }

    pub(crate) fn io(&self) -> &Io {
        &self.io
    }

    /// Converts into the open connection, with the bytes that arrived after the handshake.
    pub(crate) fn open(self, connection: Connection) -> WebSocket<Io, T> {
        WebSocket::with_input(self.io, self.timer, connection, self.input)
    }

    /// Reads once; 0 at the end of the stream.
    ///
    /// # Errors
    ///
    /// [`io::ErrorKind::TimedOut`] at the deadline, and errors of the stream.
    pub(crate) async fn read(&mut self, deadline: Option<Instant>) -> io::Result<usize> {
        let Self { io, timer, input } = self;
        poll_fn(|cx| within(timer, deadline, cx, |cx| input.poll_read(io, cx))).await
    }

    /// Writes everything.
    ///
    /// # Errors
    ///
    /// Those of [`read`](Self::read), and [`io::ErrorKind::WriteZero`].
    pub(crate) async fn write(
        &mut self,
        bytes: &[u8],
        deadline: Option<Instant>,
    ) -> io::Result<()> {
        let mut left = bytes;
        while !left.is_empty() {
            let Self { io, timer, .. } = self;
            let written = poll_fn(|cx| {
                within(timer, deadline, cx, |cx| Pin::new(&mut *io).poll_write(cx, left))
            })
            .await?;
            if written == 0 {
                return Err(io::ErrorKind::WriteZero.into());
            }
            left = &left[written..];
        }
        let Self { io, timer, .. } = self;
        poll_fn(|cx| within(timer, deadline, cx, |cx| Pin::new(&mut *io).poll_flush(cx))).await
    }

    /// Ends our direction of the stream, and reads for a limited time so that written data is not lost
    /// to a reset ([`Config::drain_timeout`], [`Config::max_drain_size`]).
    pub(crate) async fn linger(mut self, config: &Config) {
        let deadline = Some(self.now() + config.drain_timeout);
        let Self { io, timer, .. } = &mut self;
        let closed =
            poll_fn(|cx| within(timer, deadline, cx, |cx| Pin::new(&mut *io).poll_close(cx))).await;
        if closed.is_err() {
            return;
        }
        let mut drained = 0;
        while drained <= config.max_drain_size {
            match self.read(deadline).await {
                Ok(len @ 1..) => drained += len as u64,
                Ok(_) | Err(_) => return,
            }
            self.input.with(|bytes| *bytes = &mut []);
        }
    }

    pub(crate) fn in_time(&self, timeout: Option<Duration>) -> Option<Instant> {
        timeout.map(|timeout| self.now() + timeout)
    }
}

fn within<R>(
    timer: &mut impl Timer,
    deadline: Option<Instant>,
    cx: &mut Context<'_>,
    poll: impl FnOnce(&mut Context<'_>) -> Poll<io::Result<R>>,
) -> Poll<io::Result<R>> {
    let polled = poll(cx);
    match deadline {
        Some(deadline) if polled.is_pending() && timer.poll_until(deadline, cx).is_ready() => {
            Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
        }
        _ => polled,
    }
}
