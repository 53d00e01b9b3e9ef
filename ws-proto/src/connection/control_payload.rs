//! The payload of a control frame (RFC 6455 §5.5).

use crate::frame::MAX_CONTROL;

/// At most 125 bytes.
pub(super) struct ControlPayload {
    bytes: [u8; MAX_CONTROL],
    len: u8,
}

impl ControlPayload {
    /// Appends bytes. The caller has checked the length that the header claims.
    pub(super) fn push(&mut self, piece: &[u8]) {
        let start = usize::from(self.len);
        self.bytes[start..start + piece.len()].copy_from_slice(piece);
        self.len += piece.len() as u8;
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.bytes[..usize::from(self.len)]
    }
}

impl From<&[u8]> for ControlPayload {
    fn from(bytes: &[u8]) -> Self {
        let mut payload = Self { bytes: [0; MAX_CONTROL], len: 0 };
        payload.push(bytes);
        payload
    }
}
