//! The engine as operators see it.

/// How it is, and what it has counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Status {
    /// Whether other nodes can be reached, if there may be any.
    pub(crate) up: bool,
    /// The nodes that are known, this one included.
    pub(crate) nodes: usize,
    /// Broadcasts handed to the broker.
    pub(crate) published: u64,
    /// Broadcasts of other nodes that came.
    pub(crate) received: u64,
    /// Broadcasts that could not be handed on.
    pub(crate) dropped: u64,
    /// Broadcasts of other nodes that are known to be missing.
    pub(crate) gaps: u64,
}
