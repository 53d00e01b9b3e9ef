//! TLS over a client's stream, after the TLS handshake.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::truncated;
use crate::byte_stream::ByteStream;

/// TLS over a stream, by the implementation of a feature.
#[derive(Debug)]
pub(crate) enum Secured<S> {
    #[cfg(feature = "rustls")]
    Rustls(Box<tokio_rustls::client::TlsStream<S>>),
    #[cfg(feature = "native-tls")]
    Native(Box<tokio_native_tls::TlsStream<S>>),
    #[cfg(not(any(feature = "rustls", feature = "native-tls")))]
    #[expect(dead_code, reason = "without a feature for TLS the type has no value")]
    Disabled(std::convert::Infallible, std::marker::PhantomData<S>),
}

impl<S: ByteStream> Secured<S> {
    /// Returns the stream under TLS.
    pub(crate) fn get_ref(&self) -> &S {
        match *self {
            #[cfg(feature = "rustls")]
            Self::Rustls(ref stream) => stream.get_ref().0,
            #[cfg(feature = "native-tls")]
            Self::Native(ref stream) => stream.get_ref().get_ref().get_ref(),
            #[cfg(not(any(feature = "rustls", feature = "native-tls")))]
            Self::Disabled(never, _) => match never {},
        }
    }

    fn stream(self: Pin<&mut Self>) -> Pin<&mut dyn ByteStream> {
        match *self.get_mut() {
            #[cfg(feature = "rustls")]
            Self::Rustls(ref mut stream) => Pin::new(stream),
            #[cfg(feature = "native-tls")]
            Self::Native(ref mut stream) => Pin::new(stream),
            #[cfg(not(any(feature = "rustls", feature = "native-tls")))]
            Self::Disabled(never, _) => match never {},
        }
    }
}

impl<S: ByteStream> AsyncRead for Secured<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        truncated(self.stream().poll_read(cx, buffer))
    }
}

impl<S: ByteStream> AsyncWrite for Secured<S> {
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
        match *self {
            #[cfg(feature = "rustls")]
            Self::Rustls(ref stream) => stream.is_write_vectored(),
            #[cfg(feature = "native-tls")]
            Self::Native(ref stream) => stream.is_write_vectored(),
            #[cfg(not(any(feature = "rustls", feature = "native-tls")))]
            Self::Disabled(never, _) => match never {},
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream().poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream().poll_shutdown(cx)
    }
}
