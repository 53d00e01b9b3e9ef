//! A client's stream whose TLS handshake is done.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::truncated;
use crate::connect::{Stream, Transport};

/// There is none where no feature brings TLS.
#[derive(Debug)]
pub(crate) enum Secured {
    #[cfg(feature = "rustls")]
    Rustls(Box<tokio_rustls::client::TlsStream<Transport>>),
    #[cfg(feature = "native-tls")]
    Native(Box<tokio_native_tls::TlsStream<Transport>>),
}

impl Secured {
    pub(crate) fn transport(&self) -> &Transport {
        match *self {
            #[cfg(feature = "rustls")]
            Self::Rustls(ref stream) => stream.get_ref().0,
            #[cfg(feature = "native-tls")]
            Self::Native(ref stream) => stream.get_ref().get_ref().get_ref(),
        }
    }

    fn stream(self: Pin<&mut Self>) -> Pin<&mut dyn Stream> {
        match *self.get_mut() {
            #[cfg(feature = "rustls")]
            Self::Rustls(ref mut stream) => Pin::new(stream),
            #[cfg(feature = "native-tls")]
            Self::Native(ref mut stream) => Pin::new(stream),
        }
    }
}

impl AsyncRead for Secured {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        truncated(self.stream().poll_read(cx, buffer))
    }
}

impl AsyncWrite for Secured {
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
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream().poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream().poll_shutdown(cx)
    }
}
