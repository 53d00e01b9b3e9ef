//! A stream in memory that is fed as sockets feed: some bytes in each read.

use std::hint::black_box;
use std::io::{self, Read, Write};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use bytes::Bytes;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Repeats the bytes of some frames for ever, and discards what is written, or keeps it.
pub(crate) struct Memory {
    wire: Bytes,
    position: usize,
    /// The number of bytes that arrive together.
    arrival: usize,
    /// The number of bytes that have arrived and were not read.
    arrived: usize,
    /// Whether the stream ends instead of repeating.
    ends: bool,
    kept: Option<Written>,
}

/// The bytes that were written to a [`Memory`].
#[derive(Clone, Default)]
pub(crate) struct Written(Arc<Mutex<Vec<u8>>>);

impl Written {
    pub(crate) fn take(&self) -> Vec<u8> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Memory {
    pub(crate) fn new(wire: Bytes, arrival: usize) -> Self {
        Self { wire, position: 0, arrival, arrived: 0, ends: false, kept: None }
    }

    /// Ends after the frames instead of repeating them.
    pub(crate) fn ending(self) -> Self {
        Self { ends: true, ..self }
    }

    /// Keeps what is written, for a check.
    pub(crate) fn keeping(mut self) -> (Self, Written) {
        let written = Written::default();
        self.kept = Some(written.clone());
        (self, written)
    }

    /// Takes the bytes of one read.
    fn next(&mut self, room: usize) -> &[u8] {
        if self.arrived == 0 {
            self.arrived = self.arrival;
        }
        let start = self.position;
        let len = room.min(self.arrived).min(self.wire.len() - start);
        self.position = start + len;
        if self.position == self.wire.len() && !self.ends {
            self.position = 0;
        }
        self.arrived -= len;
        &self.wire[start..start + len]
    }

    fn accept(&mut self, bytes: &[u8]) {
        match &self.kept {
            Some(Written(kept)) => {
                kept.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
            }
            None => drop(black_box(bytes)),
        }
    }
}

impl Read for Memory {
    #[inline]
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let bytes = self.next(buffer.len());
        buffer[..bytes.len()].copy_from_slice(bytes);
        Ok(bytes.len())
    }
}

impl Write for Memory {
    #[inline]
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.accept(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl AsyncRead for Memory {
    #[inline]
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        buffer.put_slice(self.next(buffer.remaining()));
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Memory {
    #[inline]
    fn poll_write(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.accept(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    #[inline]
    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        slices.iter().for_each(|slice| self.accept(slice));
        Poll::Ready(Ok(slices.iter().map(|slice| slice.len()).sum()))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
