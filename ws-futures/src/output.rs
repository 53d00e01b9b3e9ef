//! Unwritten output.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_io::AsyncWrite;

use crate::output_queue::OutputQueue;
use crate::pool;

/// Payloads of at least this size are written in place; smaller ones are copied, because a contiguous
/// write is cheaper than a vectored one.
pub(crate) const LARGE: usize = 8 * 1024;
/// The maximum number of slices in one vectored write.
const PIECES: usize = 16;

/// ```text
/// queue: [ large payload | header ... ] then tail: [ written | small frames ]
/// ```
#[derive(Default)]
pub(crate) struct Output {
    /// The output before `tail`: large payloads, and the earlier contents of `tail`. One of the thread's
    /// pool while it has bytes.
    queue: Option<Box<OutputQueue>>,
    /// Small frames. A buffer of the thread's pool while it has bytes.
    tail: Vec<u8>,
    /// The number of bytes of `tail` that have been written.
    written: usize,
}

impl Output {
    /// The bytes that wait.
    #[inline]
    pub(crate) fn len(&self) -> usize {
        let queued = self.queue.as_ref().map_or(0, |queue| queue.len());
        queued + self.tail.len() - self.written
    }

    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The buffer to which small frames are appended.
    #[inline]
    pub(crate) fn tail(&mut self) -> &mut Vec<u8> {
        if self.tail.capacity() == 0 {
            self.tail = pool::take_write();
        }
        &mut self.tail
    }

    /// Appends a payload without a copy. Its header is the last thing in the tail.
    pub(crate) fn push_payload(&mut self, payload: Bytes) {
        let queue = self.queue.get_or_insert_with(pool::take_queue);
        queue.push(&self.tail[self.written..], payload);
        self.written = 0;
        pool::give_write(&mut self.tail);
    }

    /// Drops all output, which the peer will not read.
    pub(crate) fn clear(&mut self) {
        if let Some(mut queue) = self.queue.take() {
            queue.clear();
            pool::give_queue(queue);
        }
        self.written = 0;
        pool::give_write(&mut self.tail);
    }

    /// Writes until no output remains.
    pub(crate) fn poll_write(
        &mut self,
        io: &mut (impl AsyncWrite + Unpin),
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        while !self.is_empty() {
            let polled = match &self.queue {
                None => Pin::new(&mut *io).poll_write(cx, &self.tail[self.written..]),
                Some(queue) => self.poll_write_vectored(queue, io, cx),
            };
            let Poll::Ready(written) = polled? else { return Poll::Pending };
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.advance(written);
        }
        Poll::Ready(Ok(()))
    }

    fn poll_write_vectored(
        &self,
        queue: &OutputQueue,
        io: &mut (impl AsyncWrite + Unpin),
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<usize>> {
        let mut pieces = [IoSlice::new(&[]); PIECES];
        let tail = &self.tail[self.written..];
        let mut count = 0;
        for (slot, piece) in pieces.iter_mut().zip(queue.pieces().chain([tail])) {
            *slot = IoSlice::new(piece);
            count += 1;
        }
        Pin::new(io).poll_write_vectored(cx, &pieces[..count])
    }

    fn advance(&mut self, mut written: usize) {
        if let Some(queue) = &mut self.queue {
            written = queue.advance(written);
            if !queue.is_empty() {
                return;
            }
            self.queue.take().into_iter().for_each(pool::give_queue);
        }
        self.written += written;
        if self.written == self.tail.len() {
            self.written = 0;
            pool::give_write(&mut self.tail);
        }
    }
}
