//! An established connection.

mod close;
mod closing_handshake;
mod keep_alive;
mod receive;
mod receiver;
mod send;
mod sender;
mod stats;
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

use closing_handshake::ClosingHandshake;
use keep_alive::KeepAlive;
use receiver::Receiver;
pub use sender::Frame;
use sender::Sender;
pub(crate) use stats::Saved;
pub use stats::{Stats, Traffic};

/// A WebSocket connection after its handshake, without I/O (RFC 6455 §5–§7).
///
/// The caller owns the bytes: it passes what the socket gave to [`receive`](Self::receive), and
/// writes to the socket what the sending methods appended to its output buffer. Three groups of
/// methods:
///
/// - **bytes in, events out**: [`receive`](Self::receive), [`receive_eof`](Self::receive_eof);
/// - **bytes out**: [`send`](Self::send), [`send_fragment`](Self::send_fragment),
///   [`encode`](Self::encode), [`ping`](Self::ping), [`pong`](Self::pong), [`close`](Self::close),
///   and [`poll_transmit`](Self::poll_transmit) for what the library owes the peer;
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
/// 2. Events that precede a violation in the same input come first. An `Err` is final: every later
///    call repeats it. Before it is returned, the Close frame that tells the peer is owed.
/// 3. A violation is reported at the earliest byte that shows it: a byte of a header, the offending
///    byte of a character, across fragments and reads.
/// 4. What is owed are two slots, not a queue: a pong for the latest ping (RFC 6455 §5.5.3), and
///    one Close. They go ahead of the next frame sent, between fragments too. Call `poll_transmit`
///    after each event while the output is small and every ping gets its pong; leave it while the
///    output is full and pongs coalesce.
/// 5. After our Close frame sending fails with [`SendError::Closed`](crate::SendError::Closed);
///    receiving goes on.
/// 6. [`wants_close`](Self::wants_close) says when to end the TCP connection; who does it first is
///    decided there (RFC 6455 §7.1.1).
/// 7. Memory grows with bytes that came, never with lengths that were claimed, and an idle
///    connection holds nothing but this struct.
pub struct Connection {
    config: Arc<Config>,
    receiver: Receiver,
    sender: Sender,
    closing: ClosingHandshake,
    keep_alive: KeepAlive,
    extension: Option<Box<Extension>>,
}

/// Which end of the connection this is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// The end that accepted.
    Server,
    /// The end that connected; its frames are masked.
    Client,
}

/// How far the connection is (RFC 6455 §7.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum State {
    /// Messages go both ways.
    Open,
    /// A Close frame was sent, was received, or is pending.
    Closing,
    /// Nothing more will be sent or received.
    Closed,
}

impl Connection {
    /// The server's end of a connection whose handshake was done.
    pub fn server(config: impl Into<Arc<Config>>) -> Self {
        Self::new(config.into(), Sender::server())
    }

    /// The client's end of a connection whose handshake was done.
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

    /// Which end this is.
    pub fn role(&self) -> Role {
        self.sender.role()
    }

    /// How far the connection is.
    pub fn state(&self) -> State {
        self.closing.state()
    }

    /// The facts about the end, from its first step on.
    pub fn closed(&self) -> Option<&Closed> {
        self.closing.facts()
    }

    /// The error that ended the connection.
    pub fn error(&self) -> Option<Error> {
        self.closing.error()
    }

    /// The latest round-trip time that a ping of [`Config::ping_interval`] measured.
    pub fn rtt(&self) -> Option<Duration> {
        self.keep_alive.rtt()
    }

    /// Whether permessage-deflate was negotiated (RFC 7692).
    pub fn is_compressed(&self) -> bool {
        self.extension.is_some()
    }

    /// The configuration.
    pub fn config(&self) -> &Arc<Config> {
        &self.config
    }

    /// Goes on with another configuration, such as one with larger limits once the peer has shown
    /// who it is. What was negotiated in the handshake stays as it is, and a message of which a part
    /// has come is held to the new limits.
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
