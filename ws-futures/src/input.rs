//! Bytes that were read and are not processed yet.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_io::AsyncRead;

use crate::pool;

/// The unread input; owns a buffer only while it has bytes.
#[derive(Default)]
pub(crate) struct Input {
    buffer: Option<Box<[u8]>>,
    /// The start and end of the unread bytes.
    start: u32,
    end: u32,
}

impl Input {
    /// Input that other code has read, such as an HTTP server before an upgrade.
    pub(crate) fn holding(bytes: &[u8]) -> Self {
        if bytes.is_empty() {
            return Self::default();
        }
        let end = u32::try_from(bytes.len()).expect("a head and the bytes after it");
        Self { buffer: Some(bytes.into()), start: 0, end }
    }

    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.start == self.end
    }

    /// Whether it owns a buffer, empty or not.
    pub(crate) fn has_buffer(&self) -> bool {
        self.buffer.is_some()
    }

    /// The bytes, and the cursor to the unread ones.
    #[inline]
    pub(crate) fn lend(&mut self) -> (&mut [u8], Cursor<'_>) {
        let bytes = match &mut self.buffer {
            Some(buffer) => &mut buffer[self.start as usize..self.end as usize],
            None => &mut [],
        };
        (bytes, Cursor { start: &mut self.start, end: self.end })
    }

    /// Passes the bytes to `take`; the remaining ones are kept.
    pub(crate) fn with<R>(&mut self, take: impl FnOnce(&mut &mut [u8]) -> R) -> R {
        let (mut bytes, mut cursor) = self.lend();
        let result = take(&mut bytes);
        cursor.keep(bytes.len());
        result
    }

    /// Reads once into a buffer of the thread's pool. Only for an empty input.
    pub(crate) fn poll_read(
        &mut self,
        io: &mut (impl AsyncRead + Unpin),
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<usize>> {
        let mut buffer = self.buffer.take().unwrap_or_else(pool::take_read);
        let polled = Pin::new(io).poll_read(cx, &mut buffer);
        if let Poll::Ready(Ok(len @ 1..)) = polled {
            self.start = 0;
            self.end = len.min(buffer.len()) as u32;
            self.buffer = Some(buffer);
        } else {
            pool::give_read(buffer);
        }
        Poll::Ready(ready!(polled))
    }

    /// Returns the buffer to the pool if all bytes are used.
    pub(crate) fn release(&mut self) {
        if self.is_empty() {
            self.buffer.take().into_iter().for_each(pool::give_read);
        }
    }
}

/// The cursor of an input whose bytes are lent.
pub(crate) struct Cursor<'a> {
    start: &'a mut u32,
    end: u32,
}

impl Cursor<'_> {
    /// Keeps the last `len` bytes.
    #[inline]
    pub(crate) fn keep(&mut self, len: usize) {
        *self.start = self.end - len as u32;
    }
}
