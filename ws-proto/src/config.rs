//! The limits and deadlines of a connection.

use core::time::Duration;

/// The configuration of a connection: limits, deadlines, delivery.
///
/// All limits and deadlines are bounded by default. Connections can share one by
/// [`Arc`](alloc::sync::Arc).
///
/// ```
/// use ws_proto::{Config, Limits};
///
/// let config = Config {
///     incoming: Limits { max_message_size: 64 * 1024, ..Limits::incoming() },
///     ..Config::default()
/// };
/// assert_eq!(config.max_head_size, 16 * 1024);
/// ```
///
/// # Deadlines
///
/// Each name has one meaning:
///
/// | name | runs from | when it has passed |
/// |---|---|---|
/// | [`handshake_timeout`] | the start of the handshake | it fails; a server answers 408 |
/// | [`ping_interval`] | the start of the connection, then each ping | the library sends a ping |
/// | [`ping_timeout`] | a ping of the library | an unresponsive peer fails the connection, Close 1011 |
/// | [`close_timeout`] | each step of the closing handshake | the TCP connection is ended |
/// | [`drain_timeout`] | an error, at a server | reading stops and the TCP connection is ended |
///
/// [`handshake_timeout`]: Self::handshake_timeout
/// [`ping_interval`]: Self::ping_interval
/// [`ping_timeout`]: Self::ping_timeout
/// [`close_timeout`]: Self::close_timeout
/// [`drain_timeout`]: Self::drain_timeout
///
/// Compression adds `Deflate::idle_timeout`, after which an unused engine returns to its pool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// What the peer may send.
    pub incoming: Limits,
    /// What the application may send, as a guard against mistakes. Unlimited by default.
    pub outgoing: Limits,
    /// Whole messages, or pieces as they arrive.
    pub delivery: Delivery,
    /// Whether pings are answered by the library (RFC 6455 §5.5.3). On by default; without it the
    /// application answers with [`Connection::pong`](crate::Connection::pong).
    pub automatic_pong: bool,
    /// Whether the peer's Close frame is answered by the library, with its code (RFC 6455 §5.5.1). On
    /// by default. Without it the application may finish what it is sending, and answers with
    /// [`Connection::close`](crate::Connection::close) within
    /// [`close_timeout`](Self::close_timeout). The Close frame after an error is the library's either
    /// way.
    pub automatic_close: bool,
    /// The longest handshake head, in bytes: request or status line, headers and blank line.
    /// 16 KiB by default, as in most HTTP servers; 431 beyond.
    pub max_head_size: usize,
    /// The most header fields in a handshake. 100 by default, as in most HTTP servers; 431 beyond.
    pub max_headers: usize,
    /// How much of the body of a *refused* handshake's response a client keeps, in bytes. 64 KiB by
    /// default.
    pub max_body_size: usize,
    /// How long the opening handshake may take. 10 s by default; `None`: no deadline.
    pub handshake_timeout: Option<Duration>,
    /// The time between two pings of the library. 30 s by default; `None`: no pings, and a peer that
    /// disappears without closing is not detected.
    pub ping_interval: Option<Duration>,
    /// The time after such a ping within which the peer must show liveness, or the connection fails.
    /// 20 s by default.
    ///
    /// Any received byte counts, and any output that a full stream takes
    /// ([`Connection::wrote`](crate::Connection::wrote)). A ping lies behind messages of ours in the
    /// send buffer of the system, which may take long on a slow link: its pong may take a further second
    /// for each 32 KiB that were sent ahead of it since delivery was last confirmed, of 4 MiB at most. So a
    /// peer that is gone is detected within `ping_interval + ping_timeout`, and up to 128 s more if it
    /// disappeared behind that much output; without such an allowance while the stream is full.
    ///
    /// On links below 32 KiB/s, and with larger buffers, keep *send buffer / bandwidth* below this
    /// timeout: set `SO_SNDBUF` or, on Linux, `TCP_NOTSENT_LOWAT`. `TCP_USER_TIMEOUT` bounds what the
    /// system waits for a peer that acknowledges nothing, whatever is in its buffers.
    pub ping_timeout: Duration,
    /// The payload of these pings, at most 125 bytes. Empty (the default): a counter of 8 bytes, which
    /// distinguishes a late pong from a prompt one.
    pub ping_payload: &'static [u8],
    /// How long the peer may take to answer a Close frame, the application to answer the peer's where
    /// [`automatic_close`](Self::automatic_close) is off, or a server to end the TCP connection after
    /// the closing handshake (RFC 6455 §7.1.1). 5 s by default.
    pub close_timeout: Duration,
    /// How long a server that failed a connection continues to read, so that its Close frame is not lost
    /// to a TCP reset. 2 s by default.
    pub drain_timeout: Duration,
    /// The number of bytes that such a server reads and discards. 16 MiB by default.
    pub max_drain_size: u64,
    /// Compression of messages where the peer agrees (RFC 7692). Off by default.
    #[cfg(feature = "deflate")]
    pub deflate: Option<crate::Deflate>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            incoming: Limits::incoming(),
            outgoing: Limits::UNLIMITED,
            delivery: Delivery::Whole,
            automatic_pong: true,
            automatic_close: true,
            max_head_size: 16 * 1024,
            max_headers: 100,
            max_body_size: 64 * 1024,
            handshake_timeout: Some(Duration::from_secs(10)),
            ping_interval: Some(Duration::from_secs(30)),
            ping_timeout: Duration::from_secs(20),
            ping_payload: b"",
            close_timeout: Duration::from_secs(5),
            drain_timeout: Duration::from_secs(2),
            max_drain_size: 16 * 1024 * 1024,
            #[cfg(feature = "deflate")]
            deflate: None,
        }
    }
}

/// The largest message in one direction. `usize::MAX` is no limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The payload of a message over all its fragments, in bytes; Close 1009 beyond.
    pub max_message_size: usize,
    /// The payload of one frame, in bytes; Close 1009 beyond.
    pub max_frame_size: usize,
    /// The fragments of one message, empty ones included: each costs work even if it carries no bytes
    /// (CVE-2026-48779). Close 1008 beyond.
    pub max_fragments: u32,
}

impl Limits {
    /// No limits: for what the application itself sends.
    pub const UNLIMITED: Self =
        Self { max_message_size: usize::MAX, max_frame_size: usize::MAX, max_fragments: u32::MAX };

    /// The defaults for what a peer sends: 16 MiB a message, 16 MiB a frame, 131,072 fragments.
    pub const fn incoming() -> Self {
        Self { max_message_size: 16 << 20, max_frame_size: 16 << 20, max_fragments: 1 << 17 }
    }
}

/// How incoming messages are delivered to the application.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Delivery {
    /// Whole messages: [`Event::Text`](crate::Event::Text) and
    /// [`Event::Binary`](crate::Event::Binary).
    Whole,
    /// Pieces as they arrive, lent from the input and never gathered:
    /// [`Event::TextChunk`](crate::Event::TextChunk) and
    /// [`Event::BinaryChunk`](crate::Event::BinaryChunk). The limits still hold; for endless
    /// messages set them to `MAX`.
    Chunked,
}
