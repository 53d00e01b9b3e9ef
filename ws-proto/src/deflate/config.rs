//! The configuration of compression.

use core::time::Duration;

use super::pool::EnginePool;

/// The configuration of compression, which is used where the peer agrees (RFC 7692).
///
/// # Memory
///
/// A compressor is an *engine* of some hundred KiB and a *history*: the bytes of earlier messages
/// that later ones may refer to (context takeover), at most 2^`window_bits` of them. A connection
/// keeps its histories and borrows engines from a pool while it is busy, so an idle connection
/// costs its histories alone, nothing without takeover: by default up to 4 KiB for each direction at a
/// server, and at a client 4 KiB for what it sends and 32 KiB for what it receives, unless it
/// [offers](Self::offers) otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deflate {
    /// The effort of compression, from 1 (fast) to 9 (small). 3 by default.
    pub level: u8,
    /// The window for sent messages: how far back they may refer, as a power of two from 9 to 15. 12 by
    /// default, which is as good as 15 for messages of some KiB and takes half the memory. The peer may
    /// require a smaller one.
    pub window_bits: u8,
    /// The window for received messages, as a power of two from 9 to 15. 12 by default. A server requests
    /// it where the client permits, a client where its [`offers`](Self::offers) include it; otherwise the
    /// window is 15. A message that refers further back than the window fails the connection.
    pub peer_window_bits: u8,
    /// What a client offers. By default what browsers offer: [`Offers::AnyWindow`].
    pub offers: Offers,
    /// Whether sent messages may refer to earlier ones. On by default; without it one compressed form can be
    /// sent to many receivers.
    pub context_takeover: bool,
    /// Whether received messages may refer to earlier ones. On by default.
    pub peer_context_takeover: bool,
    /// The smallest message to be compressed, in bytes. 128 by default: smaller ones gain little.
    pub threshold: usize,
    /// How long a connection without compressed messages keeps its engines. 1 s by default.
    pub idle_timeout: Duration,
    /// The pool that engines are taken from and returned to. Clones of the configuration share it.
    pub engines: EnginePool,
}

/// What a client offers (RFC 7692 §5 and §7.1). `client_max_window_bits` is part of every offer, and
/// so are `server_no_context_takeover` and `client_no_context_takeover` without
/// [`Deflate::peer_context_takeover`] and [`Deflate::context_takeover`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Offers {
    /// One offer that leaves the server its window: `permessage-deflate; client_max_window_bits`. All
    /// browsers make it, so every server understands it; some servers refuse a request with another
    /// one, or accept two offers at once. The client keeps up to 32 KiB of what it has received.
    #[default]
    AnyWindow,
    /// One offer that limits the server's window by `server_max_window_bits` to
    /// [`Deflate::peer_window_bits`](field@Deflate::peer_window_bits). A server that cannot limit it
    /// does not compress (RFC 7692 §7.1.2.1).
    PeerWindow,
    /// First the offer of [`PeerWindow`](Self::PeerWindow), then that of
    /// [`AnyWindow`](Self::AnyWindow) for a server that cannot limit its window.
    PeerWindowOrAny,
}

impl Default for Deflate {
    fn default() -> Self {
        Self {
            level: 3,
            window_bits: 12,
            peer_window_bits: 12,
            offers: Offers::AnyWindow,
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
