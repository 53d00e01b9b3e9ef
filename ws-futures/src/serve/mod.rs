//! Servers that stay up, under any runtime.
//!
//! [`Serve`] accepts connections and hands their WebSockets to the application. It is what the
//! `serve` of `ws-tokio` and of `ws-async-std` return; with another runtime implement [`Runtime`] and
//! [`Listener`], and call [`Serve::sockets`] or [`Serve::requests`].
//!
//! [`Server`] is the part of it that does not depend on the protocol: other servers, such as one for
//! HTTP, implement [`Protocol`].

mod accepting;
mod error;
mod permits;
mod server;
mod web_sockets;

use std::fmt::Debug;
use std::io;

use crate::timer::Timer;

pub use error::{BoxError, ConnectionError, ServeError};
pub use permits::{Permit, Permits};
pub use server::{Arrival, Protocol, Server};
pub use web_sockets::{Handler, Requests, Serve, Sockets};

/// What a server needs of a runtime: time, and tasks.
pub trait Runtime: Send + Sync + 'static {
    /// The timer of a connection.
    type Timer: Timer + Send + 'static;

    /// A timer, without a deadline yet.
    fn timer(&self) -> Self::Timer;

    /// Runs a task beside the one that calls, to its end.
    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static);
}

/// Where connections come from: a TCP or Unix socket, alone or below TLS.
pub trait Listener: Send + 'static {
    /// A connection that is ready for the protocol.
    type Stream: Send + 'static;
    /// The address of a peer.
    type Address: Clone + Debug + Send + Sync + 'static;
    /// What is to be done in a connection's own task before it is ready, such as a TLS handshake.
    type Opening: Future<Output = io::Result<Self::Stream>> + Send + 'static;

    /// Waits for the next connection.
    ///
    /// # Errors
    ///
    /// No connection could be accepted. A server calls this again, after a pause unless the error is
    /// one of a single connection.
    ///
    /// # Cancel safety
    ///
    /// Implementations must be cancel safe: dropped before it is ready it has accepted nothing.
    fn accept(&mut self)
    -> impl Future<Output = io::Result<(Self::Opening, Self::Address)>> + Send;
}
