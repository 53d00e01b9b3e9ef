//! Counters.

/// What has passed over a connection since its handshake.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stats {
    /// From the peer.
    pub received: Traffic,
    /// To the peer, counted when it is appended to the output.
    pub sent: Traffic,
}

/// One direction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Traffic {
    /// Bytes on the wire, headers included.
    pub bytes: u64,
    /// Frames, control frames included.
    pub frames: u64,
    /// Text and binary messages, counted at their end.
    pub messages: u64,
}
