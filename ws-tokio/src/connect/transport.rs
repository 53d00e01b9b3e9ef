//! A connection to a server, below TLS.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
#[cfg(unix)]
use tokio::net::UnixStream;

use crate::byte_stream::ByteStream;
use crate::tls::Secured;

/// A connection to the server, or to a proxy that forwards to it.
#[derive(Debug)]
pub(crate) struct Transport {
    carrier: Carrier,
    /// The bytes of the server that arrived together with the proxy's response.
    early: Vec<u8>,
}

#[derive(Debug)]
enum Carrier {
    Tcp(TcpStream),
    #[cfg(unix)]
    Unix(UnixStream),
    /// TLS with the proxy.
    Secured(Secured<Transport>),
}

impl Transport {
    /// Returns these bytes to the input, before all others.
    pub(super) fn put_back(&mut self, early: &[u8]) {
        self.early = early.to_vec();
    }

    /// Returns the underlying TCP stream.
    pub(super) fn tcp(&self) -> Option<&TcpStream> {
        match &self.carrier {
            Carrier::Tcp(stream) => Some(stream),
            #[cfg(unix)]
            Carrier::Unix(_) => None,
            Carrier::Secured(stream) => stream.get_ref().tcp(),
        }
    }

    /// Returns the underlying Unix socket.
    #[cfg(unix)]
    pub(super) fn unix(&self) -> Option<&UnixStream> {
        match &self.carrier {
            Carrier::Tcp(_) => None,
            Carrier::Unix(stream) => Some(stream),
            Carrier::Secured(stream) => stream.get_ref().unix(),
        }
    }

    fn stream(self: Pin<&mut Self>) -> Pin<&mut dyn ByteStream> {
        match &mut self.get_mut().carrier {
            Carrier::Tcp(stream) => Pin::new(stream),
            #[cfg(unix)]
            Carrier::Unix(stream) => Pin::new(stream),
            Carrier::Secured(stream) => Pin::new(stream),
        }
    }
}

impl From<TcpStream> for Transport {
    fn from(stream: TcpStream) -> Self {
        Self { carrier: Carrier::Tcp(stream), early: Vec::new() }
    }
}

#[cfg(unix)]
impl From<UnixStream> for Transport {
    fn from(stream: UnixStream) -> Self {
        Self { carrier: Carrier::Unix(stream), early: Vec::new() }
    }
}

impl From<Secured<Self>> for Transport {
    fn from(stream: Secured<Self>) -> Self {
        Self { carrier: Carrier::Secured(stream), early: Vec::new() }
    }
}

impl AsyncRead for Transport {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.early.is_empty() {
            return self.stream().poll_read(cx, buffer);
        }
        let len = self.early.len().min(buffer.remaining());
        buffer.put_slice(&self.early[..len]);
        self.early.drain(..len);
        if self.early.is_empty() {
            self.early = Vec::new();
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Transport {
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
        match &self.carrier {
            Carrier::Tcp(stream) => stream.is_write_vectored(),
            #[cfg(unix)]
            Carrier::Unix(stream) => stream.is_write_vectored(),
            Carrier::Secured(stream) => stream.is_write_vectored(),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream().poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream().poll_shutdown(cx)
    }
}
