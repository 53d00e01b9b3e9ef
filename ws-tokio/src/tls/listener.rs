//! A listener for `wss` clients.

use std::fmt;
use std::io;
use std::pin::Pin;

use super::{TlsAcceptor, TlsErrorKind, TlsStream};
use crate::serve::Listener;

/// A [`Listener`] whose connections use TLS by a [`TlsAcceptor`]; each handshake runs in its own task.
pub struct TlsListener<L> {
    listener: L,
    acceptor: TlsAcceptor,
}

impl TlsAcceptor {
    /// Returns a listener with TLS over the connections of `listener`.
    pub fn listen<L: Listener>(self, listener: L) -> TlsListener<L> {
        TlsListener { listener, acceptor: self }
    }
}

impl<L: Listener> Listener for TlsListener<L> {
    type Stream = TlsStream<L::Stream>;
    type Address = L::Address;
    type Opening = Pin<Box<dyn Future<Output = io::Result<Self::Stream>> + Send>>;

    async fn accept(&mut self) -> io::Result<(Self::Opening, L::Address)> {
        let (opening, peer) = self.listener.accept().await?;
        let acceptor = self.acceptor.clone();
        let opening = async move {
            let stream = opening.await?;
            acceptor.accept(stream).await.map_err(|error| match error.kind() {
                TlsErrorKind::Timeout => io::Error::new(io::ErrorKind::TimedOut, error),
                _ => io::Error::other(error),
            })
        };
        Ok((Box::pin(opening), peer))
    }
}

impl<L: fmt::Debug> fmt::Debug for TlsListener<L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TlsListener")
            .field("listener", &self.listener)
            .field("acceptor", &self.acceptor)
            .finish()
    }
}
