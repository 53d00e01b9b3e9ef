//! The fastest loops over `Stream` and `Sink`: messages that arrived together are answered together.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Poll, ready};

use futures_util::{Sink, SinkExt, Stream};

/// Waits for the next message, and before that flushes the messages that were fed.
pub(super) async fn next<P, M>(peer: &mut P) -> Option<P::Item>
where
    P: Stream + Sink<M> + Unpin,
{
    poll_fn(|cx| {
        if let Poll::Ready(item) = Pin::new(&mut *peer).poll_next(cx) {
            return Poll::Ready(item);
        }
        if ready!(Pin::new(&mut *peer).poll_flush(cx)).is_err() {
            return Poll::Ready(None);
        }
        Poll::Pending
    })
    .await
}

/// Sends messages back, up to `count` of those for which `is_data` holds, until the connection ends.
pub(super) async fn echo<P, M, E>(peer: &mut P, count: usize, is_data: impl Fn(&M) -> bool)
where
    P: Stream<Item = Result<M, E>> + Sink<M> + Unpin,
{
    let mut echoed = 0;
    while echoed < count {
        let Some(Ok(message)) = next(peer).await else { break };
        if is_data(&message) {
            if peer.feed(message).await.is_err() {
                break;
            }
            echoed += 1;
        }
    }
    drop(peer.flush().await);
}
