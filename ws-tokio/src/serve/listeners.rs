//! Several listeners as one.

use std::future::poll_fn;
use std::io;
use std::task::Poll;

use super::Listener;

/// Accepts connections from several listeners of one type, which may be
/// [`AnyListener`](super::AnyListener). They take turns, so that none starves the others. Without any
/// listener it accepts nothing.
///
/// ```no_run
/// use axum::{Router, routing::get};
/// use tokio::net::TcpListener;
/// use ws_tokio::{serve::Listeners, upgrade::serve};
///
/// # #[tokio::main]
/// # async fn main() -> std::io::Result<()> {
/// let app = Router::new().route("/", get(async || "hello"));
/// let ports = [TcpListener::bind("127.0.0.1:80").await?, TcpListener::bind("[::1]:80").await?];
/// serve(Listeners::from_iter(ports), app).await;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Listeners<L> {
    listeners: Vec<L>,
    /// The listener to poll first.
    turn: usize,
}

impl<L> FromIterator<L> for Listeners<L> {
    fn from_iter<I: IntoIterator<Item = L>>(listeners: I) -> Self {
        Self { listeners: listeners.into_iter().collect(), turn: 0 }
    }
}

impl<L: Listener> Listener for Listeners<L> {
    type Stream = L::Stream;
    type Address = L::Address;
    type Opening = L::Opening;

    async fn accept(&mut self) -> io::Result<(L::Opening, L::Address)> {
        let turn = self.turn;
        let accepting = self.listeners.iter_mut().map(|listener| Box::pin(listener.accept()));
        let mut accepting: Vec<_> = accepting.collect();
        let (index, accepted) = poll_fn(|cx| {
            let (before, from) = accepting.split_at_mut(turn);
            for (offset, accept) in from.iter_mut().chain(before).enumerate() {
                if let Poll::Ready(accepted) = accept.as_mut().poll(cx) {
                    return Poll::Ready((turn + offset, accepted));
                }
            }
            Poll::Pending
        })
        .await;
        let count = accepting.len();
        drop(accepting);
        self.turn = (index + 1) % count;
        accepted
    }
}
