//! The states of a connection.

/// The state of a connection (RFC 6455 §7.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum State {
    /// Messages go both ways.
    Open,
    /// A Close frame was sent, was received, or is pending.
    Closing,
    /// Nothing more will be sent or received.
    Closed,
}
