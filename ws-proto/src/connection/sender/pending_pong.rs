//! The answer to the latest ping (RFC 6455 §5.5.3).

use alloc::boxed::Box;

/// A slot, not a queue: a ping replaces the one before it if its pong has not been sent.
#[derive(Default)]
pub(super) struct PendingPong(Option<Box<[u8]>>);

impl PendingPong {
    #[inline]
    pub(super) fn is_some(&self) -> bool {
        self.0.is_some()
    }

    /// Answers a ping with this payload.
    pub(super) fn set(&mut self, payload: &[u8]) {
        self.0 = Some(payload.into());
    }

    pub(super) fn take(&mut self) -> Option<Box<[u8]>> {
        self.0.take()
    }
}
