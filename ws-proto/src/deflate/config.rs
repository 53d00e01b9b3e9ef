//! What the application decides about compression.

use core::time::Duration;

use super::pool::EnginePool;

/// How messages are compressed where the peer agrees (RFC 7692).
///
/// # Memory
///
/// A compressor is an *engine* of some hundred KiB and a *history*: the bytes of earlier messages
/// that later ones may refer to (context takeover), at most 2^`window_bits` of them. A connection
/// keeps its histories and borrows engines from a pool while it is busy, so an idle connection
/// costs its histories alone: 4 KiB for each direction by default, nothing without takeover.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deflate {
    /// The effort of compression, from 1 (fast) to 9 (small). 3 by default.
    pub level: u8,
    /// Our window: how far back, as a power of two from 9 to 15, what we send may refer. 12 by
    /// default, which is as good as 15 for messages of some KiB and takes half the memory. The peer
    /// may demand less.
    pub window_bits: u8,
    /// The peer's window, asked for where the peer lets us choose. 12 by default. A message that
    /// refers to bytes that are further back from its beginning fails the connection.
    pub peer_window_bits: u8,
    /// Whether our messages may refer to earlier ones. On by default; without it one compressed
    /// form serves many receivers.
    pub context_takeover: bool,
    /// Whether the peer's messages may refer to earlier ones. On by default.
    pub peer_context_takeover: bool,
    /// The smallest message to be compressed, in bytes. 128 by default: smaller ones gain little.
    pub threshold: usize,
    /// How long a connection without compressed messages keeps its engines. 1 s by default.
    pub idle_timeout: Duration,
    /// Where engines come from and go to; clones of it, and of this, share one.
    pub engines: EnginePool,
}

impl Default for Deflate {
    fn default() -> Self {
        Self {
            level: 3,
            window_bits: 12,
            peer_window_bits: 12,
            context_takeover: true,
            peer_context_takeover: true,
            threshold: 128,
            idle_timeout: Duration::from_secs(1),
            engines: EnginePool::default(),
        }
    }
}

impl Deflate {
    pub(super) fn window_bits(&self) -> u8 {
        self.window_bits.clamp(9, 15)
    }

    pub(super) fn peer_window_bits(&self) -> u8 {
        self.peer_window_bits.clamp(9, 15)
    }

    pub(super) fn level(&self) -> i32 {
        i32::from(self.level.clamp(1, 9))
    }
}
