//! An established connection.

mod close;
mod closing_handshake;
mod keep_alive;
mod receive;
mod receiver;
mod role;
mod send;
mod sender;
mod state;
mod timeout;

use alloc::boxed::Box;
use alloc::sync::Arc;
use core::fmt;
use core::time::Duration;

use rand::SeedableRng;
use rand::rngs::StdRng;

use crate::close::Closed;
use crate::config::Config;
use crate::deflate::{Extension, Parameters};
use crate::error::Error;
use crate::stats::Stats;

use closing_handshake::ClosingHandshake;
use keep_alive::KeepAlive;
use receiver::Receiver;
pub use role::Role;
pub use sender::Frame;
use sender::Sender;
pub use state::State;

/// A WebSocket connection after its handshake, without I/O (RFC 6455 §5–§7).
///
/// The caller owns the bytes: it passes what the socket gave to [`receive`](Self::receive), and
/// writes to the socket what the sending methods appended to its output buffer. Three groups of
/// methods:
///
/// - **bytes in, events out**: [`receive`](Self::receive) or
///   [`receive_whole`](Self::receive_whole), [`receive_eof`](Self::receive_eof);
/// - **bytes out**: [`send`](Self::send), [`send_fragment`](Self::send_fragment),
///   [`encode`](Self::encode), [`ping`](Self::ping), [`pong`](Self::pong), [`close`](Self::close),
///   and [`poll_transmit`](Self::poll_transmit) for pending control frames of the library;
/// - **time**: [`poll_timeout`](Self::poll_timeout), [`handle_timeout`](Self::handle_timeout).
///
/// ```
/// use ws_proto::{Config, Connection, Event};
///
/// let mut client = Connection::client(Config::default(), [7; 32]);
/// let mut server = Connection::server(Config::default());
///
/// let mut wire = Vec::new();
/// client.send("hello", &mut wire)?;
/// client.ping(b"there?", &mut wire)?;
///
/// let mut output = Vec::new();
/// let mut input = wire.as_mut_slice();
/// while let Some(event) = server.receive(&mut input)? {
///     if let Event::Text(text) = event {
///         server.send(&*text, &mut output)?; // an echo
///     }
///     server.poll_transmit(&mut output); // the pong
/// }
/// assert_eq!(output, b"\x81\x05hello\x8A\x06there?");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Contract
///
/// 1. `Ok(None)` from `receive` means that the input is used up. Otherwise what follows the event
///    stays in `input`.
/// 2. Events that precede a violation in the same input are returned first. An `Err` is final: every
///    later call repeats it. When it is returned, the Close frame that reports it is pending.
/// 3. A violation is reported at the earliest byte that shows it: a byte of a header, the offending
///    byte of a character, across fragments and reads. Text that `receive_whole` leaves in the input is
///    checked when it is taken.
/// 4. Pending control frames are held in slots, not in a queue: a pong for the latest ping
///    (RFC 6455 §5.5.3), a ping of the library, and one Close frame. Pong and ping are written before
///    the next frame sent, between fragments too. Call `poll_transmit` after each event while the
///    output is small, and every ping is answered; do not call it while the output is full, and pongs
///    coalesce.
/// 5. After our Close frame sending fails with [`SendError::Closed`](crate::SendError::Closed);
///    receiving continues.
/// 6. [`wants_close`](Self::wants_close) decides when to end the TCP connection, and which side does
///    it first (RFC 6455 §7.1.1).
/// 7. Memory grows with bytes that have arrived, never with lengths that were claimed, and a
///    connection that waits holds little more than this struct.
pub struct Connection {
    config: Arc<Config>,
    receiver: Receiver,
    sender: Sender,
    closing: ClosingHandshake,
    keep_alive: KeepAlive,
    extension: Option<Box<Extension>>,
}

impl Connection {
    /// Creates the server's end of a connection whose handshake is complete.
    pub fn server(config: impl Into<Arc<Config>>) -> Self {
        Self::new(config.into(), Sender::server())
    }

    /// Creates the client's end of a connection whose handshake is complete.
    ///
    /// Every masking key comes from a cryptographic generator seeded with `seed`, which must be
    /// unpredictable and used once (RFC 6455 §5.3 and §10.3).
    pub fn client(config: impl Into<Arc<Config>>, seed: [u8; 32]) -> Self {
        Self::with_generator(config.into(), Box::new(StdRng::from_seed(seed)))
    }

    pub(crate) fn with_generator(config: Arc<Config>, generator: Box<StdRng>) -> Self {
        Self::new(config, Sender::client(generator))
    }

    fn new(config: Arc<Config>, sender: Sender) -> Self {
        Self {
            config,
            receiver: Receiver::default(),
            sender,
            closing: ClosingHandshake::default(),
            keep_alive: KeepAlive::default(),
            extension: None,
        }
    }

    pub(crate) fn with_extension(mut self, parameters: Option<Parameters>) -> Self {
        self.extension = parameters.map(|parameters| Box::new(Extension::new(parameters)));
        self
    }

    /// Returns which end this is.
    pub fn role(&self) -> Role {
        self.sender.role()
    }

    /// Returns the state of the connection.
    pub fn state(&self) -> State {
        self.closing.state()
    }

    /// Returns what is known about the end of the connection; `None` while it is open.
    pub fn closed(&self) -> Option<&Closed> {
        self.closing.facts()
    }

    /// Returns the error that ended the connection.
    pub fn error(&self) -> Option<Error> {
        self.closing.error()
    }

    /// Returns the latest round-trip time that a ping of [`Config::ping_interval`] measured.
    pub fn rtt(&self) -> Option<Duration> {
        self.keep_alive.rtt()
    }

    /// Returns the counters of the connection.
    pub fn stats(&self) -> Stats {
        let saved = self.extension.as_ref().map(|extension| extension.saved()).unwrap_or_default();
        Stats {
            received: self.receiver.received().traffic(saved.received),
            sent: self.sender.sent().traffic(saved.sent),
            pings: self.keep_alive.pings(),
            rtt: self.rtt(),
        }
    }

    /// Returns whether permessage-deflate was negotiated (RFC 7692).
    pub fn is_compressed(&self) -> bool {
        self.extension.is_some()
    }

    /// Returns the configuration.
    pub fn config(&self) -> &Arc<Config> {
        &self.config
    }

    /// Replaces the configuration, for example by one with larger limits after the peer has
    /// authenticated. What the handshake negotiated stays, and the new limits apply to a message that
    /// has arrived in part, too. Such a message is delivered as before, in pieces or whole
    /// ([`Config::delivery`]). A deadline that is running is not changed.
    pub fn set_config(&mut self, config: impl Into<Arc<Config>>) {
        self.config = config.into();
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection")
            .field("role", &self.role())
            .field("state", &self.state())
            .field("closed", &self.closed())
            .field("stats", &self.stats())
            .finish_non_exhaustive()
    }
}
