//! A frame in two parts, for a vectored write.

use alloc::borrow::Cow;

use crate::frame::EncodedHeader;

/// A frame in two parts ([`Connection::encode`](crate::Connection::encode)).
#[derive(Clone, Debug)]
#[must_use = "the frame is counted as sent and must be written whole"]
pub struct Frame<'m> {
    header: EncodedHeader,
    payload: Cow<'m, [u8]>,
}

impl<'m> Frame<'m> {
    pub(super) fn new(header: EncodedHeader, payload: Cow<'m, [u8]>) -> Self {
        Self { header, payload }
    }

    /// The header: at most 14 bytes.
    pub fn header(&self) -> &[u8] {
        self.header.as_bytes()
    }

    /// The payload as sent on the wire.
    pub fn payload(&self) -> &[u8] {
        &self.payload
    }

    /// The payload as sent on the wire.
    pub fn into_payload(self) -> Cow<'m, [u8]> {
        self.payload
    }
}
