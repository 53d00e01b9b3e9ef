//! The end of a connection of HTTP.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep};

use super::service::Connection;

/// As [`Config::drain_timeout`](ws_futures::Config::drain_timeout).
const TIMEOUT: Duration = Duration::from_secs(2);
/// As [`Config::max_drain_size`](ws_futures::Config::max_drain_size).
const MAX_SIZE: usize = 16 * 1024 * 1024;

/// The stream below HTTP/1.1. It is shut down in stages if the client may still be sending, as when a
/// head is too large: a socket that is closed with unread bytes resets the connection, and the client
/// would lose the response (RFC 9112 §9.6).
///
/// Once HTTP has ended, it passes everything through.
pub(super) struct Lingering<S> {
    stream: S,
    /// None: this is not HTTP/1.1 any more.
    connection: Option<Arc<Connection>>,
    draining: Option<Box<Draining>>,
}

/// Discards input after the stream was shut down.
struct Draining {
    deadline: Pin<Box<Sleep>>,
    remaining: usize,
    /// Whether to wait for input that has not arrived yet.
    waits: bool,
}

impl<S> Lingering<S> {
    pub(super) fn new(stream: S, connection: Arc<Connection>) -> Self {
        Self { stream, connection: Some(connection), draining: None }
    }

    /// The connection while it speaks HTTP/1.1.
    fn http1(&mut self) -> Option<&Connection> {
        if self.connection.as_ref().is_some_and(|connection| !connection.is_http1()) {
            self.connection = None;
        }
        self.connection.as_deref()
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Lingering<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(cx, buffer))?;
        let read = buffer.filled().len() > before;
        if let Some(connection) = self.http1().filter(|_| read) {
            connection.note_input();
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Lingering<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, pieces)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Some(waits) = self.http1().map(Connection::has_unanswered_input) else {
            return Pin::new(&mut self.stream).poll_shutdown(cx);
        };
        let Self { stream, draining, .. } = &mut *self;
        if draining.is_none() {
            ready!(Pin::new(&mut *stream).poll_shutdown(cx))?;
        }
        let draining = draining.get_or_insert_with(|| {
            Box::new(Draining { deadline: Box::pin(sleep(TIMEOUT)), remaining: MAX_SIZE, waits })
        });
        let mut discarded = [0; 4096];
        while draining.remaining > 0 {
            let mut buffer = ReadBuf::new(&mut discarded);
            match Pin::new(&mut *stream).poll_read(cx, &mut buffer) {
                Poll::Ready(Ok(())) if !buffer.filled().is_empty() => {
                    draining.remaining = draining.remaining.saturating_sub(buffer.filled().len());
                    draining.waits = true;
                }
                Poll::Pending if draining.waits => {
                    return draining.deadline.as_mut().poll(cx).map(Ok);
                }
                // The client has ended the stream too, or has sent nothing that was not answered.
                Poll::Ready(_) | Poll::Pending => break,
            }
        }
        Poll::Ready(Ok(()))
    }
}
