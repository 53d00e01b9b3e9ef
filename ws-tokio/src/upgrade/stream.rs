//! The byte stream of an upgraded HTTP connection.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll};

use hyper::Version;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::service::{Activity, Held};

/// The maximum size of a write to HTTP/2: a DATA frame of the default size (RFC 9113 §4.2). hyper buffers
/// each write whatever the peer's flow-control window, so this also bounds the memory for a peer that
/// does not read.
const FRAME: usize = 16 * 1024;

/// The HTTP/1.1 connection or HTTP/2 stream that carries a WebSocket.
#[derive(Debug)]
pub struct Upgraded {
    io: TokioIo<hyper::upgrade::Upgraded>,
    version: Version,
    /// The state of a connection of [`serve`](super::serve).
    _held: Option<Held>,
}

impl Upgraded {
    pub(super) fn new(
        io: hyper::upgrade::Upgraded,
        version: Version,
        activity: Option<Activity>,
    ) -> Self {
        let held = activity.and_then(|activity| activity.into_held(version));
        Self { io: TokioIo::new(io), version, _held: held }
    }

    /// Returns the HTTP version that opened the WebSocket and, from 2 on, carries it.
    pub fn version(&self) -> Version {
        self.version
    }

    /// Returns hyper's upgraded connection.
    pub fn into_inner(self) -> hyper::upgrade::Upgraded {
        self.io.into_inner()
    }

    fn is_multiplexed(&self) -> bool {
        self.version >= Version::HTTP_2
    }
}

impl AsyncRead for Upgraded {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Upgraded {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let most = if self.is_multiplexed() { FRAME } else { usize::MAX };
        let bytes = &bytes[..bytes.len().min(most)];
        Pin::new(&mut self.io).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if !self.is_multiplexed() {
            return Pin::new(&mut self.io).poll_write_vectored(cx, pieces);
        }
        // Each write is a DATA frame: a frame header should not have its own.
        let mut filled = pieces.iter().filter(|piece| !piece.is_empty());
        match (filled.next(), filled.next()) {
            (Some(first), Some(_)) if first.len() < FRAME => {
                let frame = gathered(pieces);
                self.poll_write(cx, &frame)
            }
            (first, _) => self.poll_write(cx, first.map_or(&[], |piece| piece)),
        }
    }

    fn is_write_vectored(&self) -> bool {
        self.is_multiplexed() || self.io.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}

/// Copies up to one frame of the slices.
fn gathered(pieces: &[IoSlice<'_>]) -> Vec<u8> {
    let len = pieces.iter().map(|piece| piece.len()).sum();
    let mut frame = Vec::with_capacity(FRAME.min(len));
    for piece in pieces {
        let room = FRAME - frame.len();
        frame.extend_from_slice(&piece[..piece.len().min(room)]);
    }
    frame
}
