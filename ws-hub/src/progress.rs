//! The progress of a member's connection: output that it accepts, and what was sent.

use std::future::Future as _;
use std::mem;
use std::pin::pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use futures_io::{AsyncRead, AsyncWrite};
use ws_futures::{Error, Instant, Timer, WebSocket};

/// The state of a connection between two calls.
#[derive(Default)]
pub(crate) struct Progress {
    stall: Option<Box<Stall>>,
    pub(crate) sent: Sent,
    /// Whether the hub has closed the connection.
    pub(crate) is_closing: bool,
}

/// Messages fed to the socket that are not reported yet.
#[derive(Default)]
pub(crate) struct Sent {
    pub(crate) messages: usize,
    pub(crate) bytes: usize,
}

/// Output that the stream does not accept.
struct Stall {
    /// The number of bytes that the stream had accepted.
    written: u64,
    since: Instant,
}

impl Progress {
    pub(crate) fn take_sent(&mut self) -> Option<Sent> {
        (self.sent.messages > 0).then(|| mem::take(&mut self.sent))
    }

    /// Whether there is input; `false`: the connection has ended.
    pub(crate) fn poll_input<Io, T>(
        &self,
        socket: &mut WebSocket<Io, T>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<bool, Error>>
    where
        Io: AsyncRead + AsyncWrite + Unpin,
        T: Timer,
    {
        if !self.is_closing {
            return pin!(socket.read()).poll(cx).map_ok(|untouched| untouched.is_some());
        }
        while ready!(pin!(socket.recv()).poll(cx))?.is_some() {}
        Poll::Ready(Ok(false))
    }

    /// Is ready when the stream has accepted none of its output for `timeout`; the timeout then starts
    /// again.
    pub(crate) fn poll_stall<Io, T>(
        &mut self,
        timeout: Duration,
        socket: &mut WebSocket<Io, T>,
        cx: &mut Context<'_>,
    ) -> Poll<()>
    where
        Io: AsyncRead + AsyncWrite + Unpin,
        T: Timer,
    {
        if pin!(socket.flush()).poll(cx).is_ready() {
            self.stall = None;
            return Poll::Pending;
        }
        let (written, now) = (socket.written(), socket.now());
        let stall = self.stall.get_or_insert_with(|| Box::new(Stall { written, since: now }));
        if stall.written != written {
            **stall = Stall { written, since: now };
        }
        let deadline = stall.since + timeout;
        ready!(socket.poll_until(deadline, cx));
        stall.since = now.max(deadline);
        Poll::Ready(())
    }
}
