//! TLS streams that end without `close_notify`.

use std::io;
use std::task::Poll;

/// Treats a truncated TLS stream as ended: the WebSocket closing handshake shows whether the connection
/// was closed, and many peers send no `close_notify` (RFC 8446 §6.1).
pub(crate) fn truncated(read: Poll<io::Result<()>>) -> Poll<io::Result<()>> {
    match read {
        Poll::Ready(Err(error)) if error.kind() == io::ErrorKind::UnexpectedEof => {
            Poll::Ready(Ok(()))
        }
        read => read,
    }
}
