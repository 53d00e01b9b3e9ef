//! The byte stream under a client.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

use super::tunnel::Transport;
use crate::tls::{Secured, truncated};

/// What a [`Connector`](crate::Connector) connects: a TCP stream, perhaps through a proxy,
/// perhaps with TLS over it.
#[derive(Debug)]
pub struct ClientStream(Inner);

#[derive(Debug)]
enum Inner {
    Plain(Transport),
    Secured(Secured),
}

/// What every kind of stream can do.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Unpin {}

impl<S: AsyncRead + AsyncWrite + Unpin> Stream for S {}

impl ClientStream {
    pub(super) fn plain(stream: Transport) -> Self {
        Self(Inner::Plain(stream))
    }

    pub(super) fn secured(stream: Secured) -> Self {
        Self(Inner::Secured(stream))
    }

    /// Whether TLS is spoken.
    pub fn is_secure(&self) -> bool {
        !matches!(self.0, Inner::Plain(_))
    }

    /// The TCP stream, for its addresses and options. It ends at the proxy, if there is one.
    pub fn tcp(&self) -> &TcpStream {
        match &self.0 {
            Inner::Plain(stream) => &stream.tcp,
            Inner::Secured(stream) => &stream.transport().tcp,
        }
    }

    fn stream(self: Pin<&mut Self>) -> Pin<&mut dyn Stream> {
        match &mut self.get_mut().0 {
            Inner::Plain(stream) => Pin::new(stream),
            Inner::Secured(stream) => stream.stream(),
        }
    }
}

impl AsyncRead for ClientStream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let is_secure = self.is_secure();
        let read = self.stream().poll_read(cx, buffer);
        if is_secure { truncated(read) } else { read }
    }
}

impl AsyncWrite for ClientStream {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.stream().poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.stream().poll_write_vectored(cx, pieces)
    }

    fn is_write_vectored(&self) -> bool {
        match &self.0 {
            Inner::Plain(stream) => stream.is_write_vectored(),
            Inner::Secured(stream) => stream.is_write_vectored(),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream().poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream().poll_shutdown(cx)
    }
}
