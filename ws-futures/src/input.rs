//! Bytes that were read and are not processed yet.

use std::io;
use std::mem;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_io::AsyncRead;

use crate::pool;

/// Unread bytes of this length or more are passed to the connection if the rest of their frame has no room
/// behind them. Fewer bytes are moved to make room, or more is read first, so that the connection takes
/// many bytes at a time.
const STEP: usize = 16 * 1024;

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

    /// The number of unread bytes.
    #[inline]
    pub(crate) fn len(&self) -> usize {
        (self.end - self.start) as usize
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

    /// Makes room behind the unread bytes for the `lacks` bytes that their frame lacks, so that it can be
    /// lent, or for a part of them. `false`: the unread bytes should be passed to the connection first.
    pub(crate) fn make_room(&mut self, lacks: u64) -> bool {
        let Some(buffer) = self.buffer.as_mut().filter(|_| self.start != self.end) else {
            return true;
        };
        let (start, end) = (self.start as usize, self.end as usize);
        let (len, room) = (end - start, buffer.len() - end);
        if lacks <= room as u64 || (len < STEP && room >= STEP) {
            return true;
        }
        let fits = |size| lacks <= (size - len) as u64;
        let size = match buffer.len() {
            // For a frame that is gathered: the connection reserves memory by what it takes at first.
            0..pool::LARGE_READ if !fits(pool::LARGE_READ) => pool::LARGE_READ,
            _ if len < STEP && fits(pool::READ) => pool::READ,
            _ => return false,
        };
        if buffer.len() == size {
            buffer.copy_within(start..end, 0);
        } else {
            let mut other = match size {
                pool::LARGE_READ => pool::take_large_read(),
                _ => pool::take_read(),
            };
            other[..len].copy_from_slice(&buffer[start..end]);
            pool::give_read(mem::replace(buffer, other));
        }
        self.start = 0;
        self.end = len as u32;
        true
    }

    /// Reads once behind the unread bytes, for which there is [room](Self::make_room).
    pub(crate) fn poll_read_behind(
        &mut self,
        io: &mut (impl AsyncRead + Unpin),
        cx: &mut Context<'_>,
        lacks: u64,
    ) -> Poll<io::Result<usize>> {
        let end = self.end as usize;
        let room = match &mut self.buffer {
            Some(buffer) if buffer.len() > pool::READ => {
                let most = most_of_large(lacks).min(buffer.len() - end);
                &mut buffer[end..][..most]
            }
            Some(buffer) => &mut buffer[end..],
            None => &mut [],
        };
        let most = room.len();
        let len = ready!(Pin::new(io).poll_read(cx, room))?;
        self.end += len.min(most) as u32;
        Poll::Ready(Ok(len))
    }

    /// Reads once into a large buffer of the thread's pool, for a frame that lacks this number of bytes.
    /// Only for an empty input.
    #[cold]
    pub(crate) fn poll_read_large(
        &mut self,
        io: &mut (impl AsyncRead + Unpin),
        cx: &mut Context<'_>,
        lacks: u64,
    ) -> Poll<io::Result<usize>> {
        self.release();
        self.buffer = Some(pool::take_large_read());
        self.start = 0;
        self.end = 0;
        let polled = self.poll_read_behind(io, cx, lacks);
        self.release();
        polled
    }

    /// Returns a large buffer to the pool if all bytes are used: the application may take long before the
    /// next read.
    #[inline]
    pub(crate) fn release_large(&mut self) {
        if self.is_empty() && self.buffer.as_ref().is_some_and(|buffer| buffer.len() > pool::READ) {
            self.release();
        }
    }

    /// Moves what remains in a large buffer, which is for the time of reading only, to a smaller one.
    pub(crate) fn leave_large(&mut self) {
        let (start, end) = (self.start as usize, self.end as usize);
        let Some(buffer) = self.buffer.as_mut().filter(|buffer| buffer.len() > pool::READ) else {
            return;
        };
        if end - start <= pool::READ {
            let mut other = pool::take_read();
            other[..end - start].copy_from_slice(&buffer[start..end]);
            pool::give_read(mem::replace(buffer, other));
            self.start = 0;
            self.end = (end - start) as u32;
        }
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

/// The length of a read into a large buffer: not much more than the frame lacks, so that little remains in
/// the buffer when the frame is taken.
fn most_of_large(lacks: u64) -> usize {
    usize::try_from(lacks).unwrap_or(usize::MAX).saturating_add(STEP)
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
