//! Robust servers, for any runtime.
//!
//! [`Serve`] accepts connections and passes their WebSockets to the application. The `serve` functions
//! of `ws-tokio` and `ws-async-std` return it; for another runtime, implement [`Runtime`] and
//! [`Listener`], and call [`Serve::sockets`] or [`Serve::requests`].
//!
//! [`Server`] is the part that does not depend on the protocol: other servers, such as one for
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

/// What a server requires of a runtime: timers and tasks.
pub trait Runtime: Send + Sync + 'static {
    /// The timer of a connection.
    type Timer: Timer + Send + 'static;

    /// Creates a timer without a deadline.
    fn timer(&self) -> Self::Timer;

    /// Spawns a task, which runs to its end.
    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static);
}

/// A source of connections: a TCP or Unix listener, with or without TLS.
pub trait Listener: Send + 'static {
    /// A connection that is ready for the protocol.
    type Stream: Send + 'static;
    /// The address of a peer.
    type Address: Clone + Debug + Send + Sync + 'static;
    /// The step that makes a connection ready, run in its own task, such as a TLS handshake.
    type Opening: Future<Output = io::Result<Self::Stream>> + Send + 'static;

    /// Waits for the next connection.
    ///
    /// # Errors
    ///
    /// No connection could be accepted. A server calls this again; after a pause, unless the error
    /// affects a single connection.
    ///
    /// # Cancel safety
    ///
    /// Implementations must be cancel safe: if the future is dropped before it is ready, nothing has been accepted.
    fn accept(&mut self)
    -> impl Future<Output = io::Result<(Self::Opening, Self::Address)>> + Send;
}
