//! Counters of traffic.

use core::time::Duration;

/// The traffic of a connection since its handshake.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stats {
    /// Received from the peer.
    pub received: Traffic,
    /// Sent to the peer, counted when appended to the output.
    pub sent: Traffic,
    /// The number of pings of [`Config::ping_interval`](crate::Config::ping_interval).
    pub pings: u32,
    /// The latest round-trip time that one of them measured.
    pub rtt: Option<Duration>,
}

/// The traffic in one direction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Traffic {
    /// Bytes on the wire, headers included.
    pub bytes: u64,
    /// Frames, control frames included.
    pub frames: u64,
    /// Text and binary messages, counted at their end.
    pub messages: u64,
    /// Bytes that compression has saved (RFC 7692); negative if it has cost some.
    pub saved: i64,
}

impl Traffic {
    /// Returns the bytes on the wire for each byte without compression; 1 if there were none.
    pub fn ratio(&self) -> f64 {
        let plain = self.bytes as f64 + self.saved as f64;
        if plain > 0.0 { self.bytes as f64 / plain } else { 1.0 }
    }
}

/// The counters of one direction.
#[derive(Clone, Copy, Default)]
pub(crate) struct Counter {
    bytes: u64,
    frames: u64,
    messages: u64,
}

/// The counters of connections with compression only.
#[derive(Clone, Copy, Default)]
pub(crate) struct Saved {
    pub(crate) received: i64,
    pub(crate) sent: i64,
}

impl Counter {
    pub(crate) fn bytes(self) -> u64 {
        self.bytes
    }

    #[inline]
    pub(crate) fn add_bytes(&mut self, bytes: usize) {
        self.bytes += bytes as u64;
    }

    /// Counts a frame that takes `bytes` on the wire; none of them was counted before.
    #[inline]
    pub(crate) fn add_frame(&mut self, bytes: usize) {
        self.bytes += bytes as u64;
        self.frames += 1;
    }

    #[inline]
    pub(crate) fn add_message(&mut self) {
        self.messages += 1;
    }

    pub(crate) fn traffic(self, saved: i64) -> Traffic {
        let Self { bytes, frames, messages } = self;
        Traffic { bytes, frames, messages, saved }
    }
}
