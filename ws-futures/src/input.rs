//! Bytes that were read and not yet taken.

use std::io;
use std::ops::Range;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_io::AsyncRead;

use crate::pool;

/// Owns a buffer only while it has bytes.
#[derive(Default)]
pub(crate) struct Input {
    buffer: Option<Box<[u8]>>,
    unread: Range<usize>,
}

impl Input {
    /// Input that was read by somebody else, such as an HTTP server before an upgrade.
    pub(crate) fn holding(bytes: &[u8]) -> Self {
        if bytes.is_empty() {
            return Self::default();
        }
        Self { buffer: Some(bytes.into()), unread: 0..bytes.len() }
    }

    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.unread.is_empty()
    }

    /// The bytes, and the range to be told what is left of them.
    #[inline]
    pub(crate) fn lend(&mut self) -> (&mut [u8], &mut Range<usize>) {
        let bytes = match &mut self.buffer {
            Some(buffer) => &mut buffer[self.unread.clone()],
            None => &mut [],
        };
        (bytes, &mut self.unread)
    }

    /// Lets `take` have the bytes; what it leaves is kept.
    pub(crate) fn with<R>(&mut self, take: impl FnOnce(&mut &mut [u8]) -> R) -> R {
        let (mut bytes, unread) = self.lend();
        let result = take(&mut bytes);
        unread.start = unread.end - bytes.len();
        result
    }

    /// Reads once into a buffer of the thread's. Only for an empty input.
    pub(crate) fn poll_read(
        &mut self,
        io: &mut (impl AsyncRead + Unpin),
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<usize>> {
        let mut buffer = self.buffer.take().unwrap_or_else(pool::take_read);
        let polled = Pin::new(io).poll_read(cx, &mut buffer);
        if let Poll::Ready(Ok(len @ 1..)) = polled {
            self.unread = 0..len.min(buffer.len());
            self.buffer = Some(buffer);
        } else {
            pool::give_read(buffer);
        }
        Poll::Ready(ready!(polled))
    }

    /// Gives the buffer back if its bytes are used up.
    pub(crate) fn release(&mut self) {
        if self.is_empty()
            && let Some(buffer) = self.buffer.take()
        {
            pool::give_read(buffer);
        }
    }
}
