//! The status of the engine, for operators.

/// Whether it works, and its counters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Status {
    /// Whether other nodes can be reached, if there may be any.
    pub(crate) up: bool,
    /// The number of known nodes, this one included.
    pub(crate) nodes: usize,
    /// Broadcasts published to the broker.
    pub(crate) published: u64,
    /// Broadcasts received from other nodes.
    pub(crate) received: u64,
    /// Broadcasts that could not be published.
    pub(crate) dropped: u64,
    /// Broadcasts of other nodes that were not received.
    pub(crate) gaps: u64,
}
