//! Messages out in fragments (RFC 6455 §5.4).

use crate::config::Limits;
use crate::error::SendError;
use crate::frame::{FIN, Opcode};
use crate::payload::Payload;

/// The message of which fragments were sent, and not the last.
#[derive(Default)]
pub(super) struct Fragments(Option<Unfinished>);

#[derive(Clone, Copy)]
struct Unfinished {
    opcode: Opcode,
    compressed: bool,
    size: usize,
    fragments: u32,
}

/// The next fragment as sent on the wire, and what it leaves to be continued.
#[must_use = "it has to be sent"]
pub(in crate::connection) struct Fragment {
    /// The first byte of its header.
    first: u8,
    /// Whether it begins the message.
    start: bool,
    compressed: bool,
    rest: Option<Unfinished>,
}

impl Fragment {
    pub(super) fn first(&self) -> u8 {
        self.first
    }

    pub(super) fn is_start(&self) -> bool {
        self.start
    }

    pub(in crate::connection) fn is_compressed(&self) -> bool {
        self.compressed
    }

    /// Whether it ends the message.
    pub(super) fn is_end(&self) -> bool {
        self.rest.is_none()
    }
}

impl Fragments {
    #[inline]
    pub(super) fn is_unfinished(&self) -> bool {
        self.0.is_some()
    }

    /// Checks the next fragment. `compress`: whether to compress a message that begins with it.
    pub(super) fn next(
        &self,
        part: &Payload<'_>,
        fin: bool,
        limits: &Limits,
        compress: bool,
    ) -> Result<Fragment, SendError> {
        let len = part.as_bytes().len();
        let before = self.0;
        if before.is_some_and(|message| message.opcode != part.opcode()) {
            return Err(SendError::FragmentKind);
        }
        let (size, fragments) = before.map_or((0, 0), |message| (message.size, message.fragments));
        let size = size.checked_add(len).ok_or(SendError::TooBig)?;
        if size > limits.max_message_size
            || len > limits.max_frame_size
            || fragments >= limits.max_fragments
        {
            return Err(SendError::TooBig);
        }
        let compressed = before.map_or(compress, |message| message.compressed);
        let opcode = if before.is_some() { Opcode::Continuation } else { part.opcode() };
        Ok(Fragment {
            first: if fin { FIN } else { 0 } | opcode as u8,
            start: before.is_none(),
            compressed,
            rest: (!fin).then_some(Unfinished {
                opcode: part.opcode(),
                compressed,
                size,
                fragments: fragments.saturating_add(1),
            }),
        })
    }

    /// Records that a fragment was sent.
    pub(super) fn sent(&mut self, fragment: &Fragment) {
        self.0 = fragment.rest;
    }
}
