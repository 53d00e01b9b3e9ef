//! The byte stream of a client.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
#[cfg(unix)]
use tokio::net::UnixStream;

use super::transport::Transport;
use crate::byte_stream::ByteStream;
use crate::tls::Secured;

/// The stream of a [`Connector`](crate::Connector): a TCP stream, optionally through a proxy, or a Unix
/// socket, optionally with TLS.
#[derive(Debug)]
pub struct ClientStream(Inner);

#[derive(Debug)]
enum Inner {
    Plain(Transport),
    Secured(Secured<Transport>),
}

impl ClientStream {
    pub(super) fn plain(stream: Transport) -> Self {
        Self(Inner::Plain(stream))
    }

    pub(super) fn secured(stream: Secured<Transport>) -> Self {
        Self(Inner::Secured(stream))
    }

    /// Whether the connection to the server uses TLS.
    pub fn is_secure(&self) -> bool {
        matches!(self.0, Inner::Secured(_))
    }

    /// Returns the TCP stream, for its addresses and options; its peer is the proxy, if there is one.
    /// `None` over a Unix socket.
    pub fn tcp(&self) -> Option<&TcpStream> {
        self.transport().tcp()
    }

    /// Returns the Unix socket, for its options and the credentials of the peer. `None` over TCP.
    #[cfg(unix)]
    pub fn unix(&self) -> Option<&UnixStream> {
        self.transport().unix()
    }

    fn transport(&self) -> &Transport {
        match &self.0 {
            Inner::Plain(stream) => stream,
            Inner::Secured(stream) => stream.get_ref(),
        }
    }

    fn stream(self: Pin<&mut Self>) -> Pin<&mut dyn ByteStream> {
        match &mut self.get_mut().0 {
            Inner::Plain(stream) => Pin::new(stream),
            Inner::Secured(stream) => Pin::new(stream),
        }
    }
}

impl AsyncRead for ClientStream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.stream().poll_read(cx, buffer)
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
