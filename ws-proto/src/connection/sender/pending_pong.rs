//! The answer to the latest ping (RFC 6455 §5.5.3).

use alloc::boxed::Box;

use crate::connection::control_payload::ControlPayload;

/// A slot, not a queue: a ping replaces the one before it if its pong has not been sent.
#[derive(Default)]
pub(super) struct PendingPong(Option<Box<ControlPayload>>);

impl PendingPong {
    #[inline]
    pub(super) fn is_some(&self) -> bool {
        self.0.is_some()
    }

    /// Answers a ping with this payload.
    pub(super) fn set(&mut self, payload: &[u8]) {
        match &mut self.0 {
            Some(pong) => **pong = payload.into(),
            none => *none = Some(Box::new(payload.into())),
        }
    }

    pub(super) fn take(&mut self) -> Option<Box<ControlPayload>> {
        self.0.take()
    }
}
