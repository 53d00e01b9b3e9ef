//! A message encoded once for many connections.

use alloc::sync::Arc;
use alloc::vec::Vec;

#[cfg(feature = "deflate")]
use crate::deflate::{Deflate, compress_alone};
#[cfg(feature = "deflate")]
use crate::frame::COMPRESSED;
use crate::frame::{EncodedHeader, FIN, Opcode};
use crate::payload::Payload;

/// A message encoded once, to be sent by many servers' ends of connections.
///
/// ```
/// use ws_proto::{Config, Connection, Prepared};
///
/// let news = Prepared::new("news for all");
/// let mut connections = [(); 3].map(|()| Connection::server(Config::default()));
/// for connection in &mut connections {
///     let frame = connection.prepared(&news)?; // the same bytes for all: nothing is copied
///     assert_eq!(&frame[..], b"\x81\x0Cnews for all");
/// }
/// # Ok::<(), ws_proto::SendError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Prepared {
    plain: Arc<[u8]>,
    /// Where the payload begins in `plain`.
    payload: usize,
    deflated: Option<Deflated>,
}

#[derive(Clone, Debug)]
struct Deflated {
    frame: Arc<[u8]>,
    window_bits: u8,
}

impl Prepared {
    /// Encodes a message.
    pub fn new<'m>(message: impl Into<Payload<'m>>) -> Self {
        let message = message.into();
        let (plain, payload) = encode(FIN | message.opcode() as u8, message.as_bytes());
        Self { plain, payload, deflated: None }
    }

    /// Encodes a message, and compresses it too if it is not below the threshold. The compressed
    /// form goes to connections that have negotiated `server_no_context_takeover` and a window as
    /// large as this one (RFC 7692 §7.1.1.1); only there a message may be compressed without those
    /// before it.
    #[cfg(feature = "deflate")]
    pub fn deflated<'m>(message: impl Into<Payload<'m>>, deflate: &Deflate) -> Self {
        let message = message.into();
        let first = FIN | message.opcode() as u8;
        let payload = message.as_bytes();
        let deflated = (payload.len() >= deflate.threshold).then(|| {
            let (packed, window_bits) = compress_alone(deflate, payload);
            let (frame, _) = encode(first | COMPRESSED, &packed);
            Deflated { frame, window_bits }
        });
        Self { deflated, ..Self::new(message) }
    }

    /// Returns the payload, not compressed.
    pub fn payload(&self) -> &[u8] {
        &self.plain[self.payload..]
    }

    /// Returns whether it is a text message, whose payload is UTF-8; a binary one otherwise.
    pub fn is_text(&self) -> bool {
        self.first() == FIN | Opcode::Text as u8
    }

    pub(crate) fn first(&self) -> u8 {
        self.plain[0]
    }

    pub(crate) fn frame(&self) -> &Arc<[u8]> {
        &self.plain
    }

    /// The compressed form, if a window of `window_bits` is large enough for it.
    pub(crate) fn deflated_frame(&self, window_bits: u8) -> Option<&Arc<[u8]>> {
        let deflated = self.deflated.as_ref()?;
        (deflated.window_bits <= window_bits).then_some(&deflated.frame)
    }
}

fn encode(first: u8, payload: &[u8]) -> (Arc<[u8]>, usize) {
    let header = EncodedHeader::new(first, payload.len(), None);
    let mut frame = Vec::with_capacity(header.as_bytes().len() + payload.len());
    frame.extend_from_slice(header.as_bytes());
    frame.extend_from_slice(payload);
    (frame.into(), header.as_bytes().len())
}
