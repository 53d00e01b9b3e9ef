//! Messages out in fragments (RFC 6455 §5.4).

use alloc::vec::Vec;

use super::Connection;
use crate::error::SendError;
use crate::frame::{FIN, Opcode};
use crate::message::{Compression, Message};

/// A message of which fragments were sent, and not the last.
#[derive(Clone, Copy)]
pub(super) struct Fragmented {
    opcode: Opcode,
    compressed: bool,
    size: usize,
    fragments: u32,
}

impl Connection {
    /// Appends a fragment of a message (RFC 6455 §5.4): the first one decides the kind, and whether
    /// the message is compressed; the one with `fin` is the last. Control frames may go between
    /// fragments, other messages may not.
    ///
    /// # Errors
    ///
    /// [`SendError`] says why the fragment cannot be sent; nothing was appended.
    pub fn send_fragment<'m>(
        &mut self,
        part: impl Into<Message<'m>>,
        fin: bool,
        out: &mut Vec<u8>,
    ) -> Result<(), SendError> {
        let part = part.into();
        let payload = part.as_bytes();
        self.check_open()?;
        let before = self.sender.fragmented;
        if before.is_some_and(|message| message.opcode != part.opcode()) {
            return Err(SendError::FragmentKind);
        }
        let (size, fragments) = before.map_or((0, 0), |message| (message.size, message.fragments));
        let limits = &self.config.outgoing;
        let size = size.checked_add(payload.len()).ok_or(SendError::TooBig)?;
        if size > limits.max_message_size
            || payload.len() > limits.max_frame_size
            || fragments >= limits.max_fragments
        {
            return Err(SendError::TooBig);
        }

        self.transmit_replies(out);
        let compressed = match before {
            Some(message) => message.compressed,
            None => self.compresses(payload.len(), Compression::Automatic),
        };
        let opcode = if before.is_some() { Opcode::Continuation } else { part.opcode() };
        let first = if fin { FIN } else { 0 } | opcode as u8;
        if compressed {
            self.write_compressed(first, before.is_none(), payload, out);
        } else {
            self.write_frame(first, payload, out);
        }
        self.counters.sent.messages += u64::from(fin);
        self.sender.fragmented = (!fin).then_some(Fragmented {
            opcode: part.opcode(),
            compressed,
            size,
            fragments: fragments.saturating_add(1),
        });
        Ok(())
    }
}
