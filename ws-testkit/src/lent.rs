//! A stream that is lent to a connection: narrow if a test requests that, and counted.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_io::{AsyncRead, AsyncWrite};

/// A stream that takes and returns at most a given number of bytes at a time. `alive` counts the
/// streams.
pub(crate) struct Lent<S> {
    stream: S,
    width: usize,
    _alive: Arc<()>,
}

impl<S> Lent<S> {
    pub(crate) fn new(stream: S, width: usize, alive: &Arc<()>) -> Self {
        Self { stream, width, _alive: Arc::clone(alive) }
    }

    pub(crate) fn stream(&self) -> &S {
        &self.stream
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Lent<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        let len = self.width.min(buffer.len());
        Pin::new(&mut self.stream).poll_read(cx, &mut buffer[..len])
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Lent<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let len = self.width.min(bytes.len());
        Pin::new(&mut self.stream).poll_write(cx, &bytes[..len])
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if self.width == usize::MAX {
            return Pin::new(&mut self.stream).poll_write_vectored(cx, pieces);
        }
        let piece = pieces.iter().find(|piece| !piece.is_empty()).map_or(&[][..], |piece| piece);
        self.poll_write(cx, piece)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_close(cx)
    }
}
