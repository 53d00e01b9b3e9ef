//! A TCP stream that may lead through a proxy.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::net::TcpStream;
use ws_futures::client::{InvalidUri, Uri};
use ws_futures::proto::proxy::{Destination, Progress};

use super::error::ConnectError;
use crate::proxy::ProxyServer;

/// A TCP stream, and what has come from the server behind the proxy's answer.
#[derive(Debug)]
pub(crate) struct Transport {
    pub(super) tcp: TcpStream,
    early: Vec<u8>,
}

impl Transport {
    pub(super) fn direct(tcp: TcpStream) -> Self {
        Self { tcp, early: Vec::new() }
    }

    /// Asks the proxy at the other end of the stream for a tunnel to the server.
    pub(super) async fn through(
        mut tcp: TcpStream,
        proxy: &ProxyServer,
        uri: &Uri,
    ) -> Result<Self, ConnectError> {
        let destination = Destination::try_from(uri).map_err(|_invalid| InvalidUri::Host)?;
        let mut output = Vec::new();
        let mut tunnel = proxy.ask(destination, &mut output)?;
        let mut buffer = vec![0; 1024];
        loop {
            tcp.write_all(&output).await?;
            output.clear();
            let len = tcp.read(&mut buffer).await?;
            if len == 0 {
                return Err(tunnel.receive_eof().into());
            }
            let mut input = &mut buffer[..len];
            if tunnel.receive(&mut input, &mut output)? == Progress::Open {
                return Ok(Self { early: input.to_vec(), tcp });
            }
        }
    }
}

impl AsyncRead for Transport {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.early.is_empty() {
            return Pin::new(&mut self.tcp).poll_read(cx, buffer);
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
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.tcp).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.tcp).poll_write_vectored(cx, pieces)
    }

    fn is_write_vectored(&self) -> bool {
        self.tcp.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tcp).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tcp).poll_shutdown(cx)
    }
}
