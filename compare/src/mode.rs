//! What a server does.

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    Echo,
    /// Messages of the connection that has sent [`PUBLISHER`](crate::server::PUBLISHER) are sent to all that have sent [`READY`](crate::server::READY).
    /// A receiver is answered once it is registered.
    Broadcast,
}

impl Mode {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Echo => "echo",
            Self::Broadcast => "broadcast",
        }
    }
}
