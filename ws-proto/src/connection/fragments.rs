//! Messages out in fragments (RFC 6455 §5.4).

use alloc::vec::Vec;

use super::{Connection, Frame};
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

/// What a fragment is on the wire, and what it leaves to be continued.
struct Fragment {
    /// The first byte of its header.
    first: u8,
    /// Whether it begins the message.
    start: bool,
    compressed: bool,
    rest: Option<Fragmented>,
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
        self.send_fragment_with(part, fin, Compression::Automatic, out)
    }

    /// Like [`send_fragment`](Self::send_fragment), and says whether to compress the message; the
    /// choice of its first fragment counts.
    ///
    /// # Errors
    ///
    /// Those of [`send_fragment`](Self::send_fragment).
    pub fn send_fragment_with<'m>(
        &mut self,
        part: impl Into<Message<'m>>,
        fin: bool,
        compression: Compression,
        out: &mut Vec<u8>,
    ) -> Result<(), SendError> {
        let part = part.into();
        let fragment = self.next_fragment(&part, fin, compression)?;
        self.transmit_replies(out);
        if fragment.compressed {
            self.write_compressed(fragment.first, fragment.start, part.as_bytes(), out);
        } else {
            self.write_frame(fragment.first, part.as_bytes(), out);
        }
        self.fragment_sent(fragment);
        Ok(())
    }

    /// Encodes a fragment as a frame in two parts, as [`encode_with`](Self::encode_with) encodes a
    /// message. The choice of the first fragment counts, as for
    /// [`send_fragment_with`](Self::send_fragment_with).
    ///
    /// Write what [`poll_transmit`](Self::poll_transmit) gives first, then the whole frame.
    ///
    /// # Errors
    ///
    /// Those of [`send_fragment`](Self::send_fragment).
    pub fn encode_fragment<'m>(
        &mut self,
        part: impl Into<Message<'m>>,
        fin: bool,
        compression: Compression,
    ) -> Result<Frame<'m>, SendError> {
        let part = part.into();
        let fragment = self.next_fragment(&part, fin, compression)?;
        let Fragment { first, start, compressed, .. } = fragment;
        let frame = self.encode_frame(first, start, compressed, part.into_bytes());
        self.fragment_sent(fragment);
        Ok(frame)
    }

    fn next_fragment(
        &self,
        part: &Message<'_>,
        fin: bool,
        compression: Compression,
    ) -> Result<Fragment, SendError> {
        self.check_open()?;
        let len = part.as_bytes().len();
        let before = self.sender.fragmented;
        if before.is_some_and(|message| message.opcode != part.opcode()) {
            return Err(SendError::FragmentKind);
        }
        let (size, fragments) = before.map_or((0, 0), |message| (message.size, message.fragments));
        let limits = &self.config.outgoing;
        let size = size.checked_add(len).ok_or(SendError::TooBig)?;
        if size > limits.max_message_size
            || len > limits.max_frame_size
            || fragments >= limits.max_fragments
        {
            return Err(SendError::TooBig);
        }
        let compressed = match before {
            Some(message) => message.compressed,
            None => self.compresses(len, compression),
        };
        let opcode = if before.is_some() { Opcode::Continuation } else { part.opcode() };
        Ok(Fragment {
            first: if fin { FIN } else { 0 } | opcode as u8,
            start: before.is_none(),
            compressed,
            rest: (!fin).then_some(Fragmented {
                opcode: part.opcode(),
                compressed,
                size,
                fragments: fragments.saturating_add(1),
            }),
        })
    }

    fn fragment_sent(&mut self, fragment: Fragment) {
        self.counters.sent.messages += u64::from(fragment.rest.is_none());
        self.sender.fragmented = fragment.rest;
    }
}
