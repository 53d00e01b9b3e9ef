//! The two ends of a connection.

/// Which end of the connection this is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// The end that accepted.
    Server,
    /// The end that connected; its frames are masked.
    Client,
}
