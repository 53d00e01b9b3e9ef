//! Streams that end without a notice.

use std::io;
use std::task::Poll;

/// Takes a TLS stream that was cut off for one that has ended: a WebSocket tells by itself whether
/// it was closed, and many peers send no `close_notify` (RFC 8446 §6.1).
pub(crate) fn truncated(read: Poll<io::Result<()>>) -> Poll<io::Result<()>> {
    match read {
        Poll::Ready(Err(error)) if error.kind() == io::ErrorKind::UnexpectedEof => {
            Poll::Ready(Ok(()))
        }
        read => read,
    }
}
