//! The content of a message, gathered from its frames.

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;
use core::mem;

use super::carry::{Carried, Carry};
use super::frame_progress::PayloadPart;
use crate::error::ErrorKind;
use crate::event::Event;
use crate::frame::Opcode;
use crate::utf8;

/// The size from which a frame is gathered in a buffer that grows in larger steps.
const LARGE: usize = 32 * 1024;
/// How many times what has arrived of a large frame is reserved in addition, at most. The buffer becomes
/// nine times as large then: with a power of two, reads and messages of the usual sizes would often leave
/// the last few bytes without room, and all bytes before them would be copied.
const LARGE_GROWTH: usize = 8;
/// The same for a message in fragments.
const FRAGMENTS_GROWTH: usize = 4;

pub(super) enum Content {
    Text(Text),
    Binary(Vec<u8>),
}

/// It is kept as a `String` so that no byte is checked twice.
#[derive(Default)]
pub(super) struct Text {
    gathered: String,
    carry: Carry,
}

impl Content {
    /// The content of a message that begins with this opcode.
    pub(super) fn new(opcode: Opcode) -> Self {
        match opcode {
            Opcode::Text => Self::Text(Text::default()),
            _ => Self::Binary(Vec::new()),
        }
    }

    /// Adds a part of a payload.
    pub(super) fn gather(&mut self, part: PayloadPart<'_>, rest: Rest) -> Result<(), ErrorKind> {
        match self {
            Self::Binary(data) => {
                data.reserve_exact(rest.growth(data.len(), data.capacity(), part.len()));
                part.append_to(data);
                Ok(())
            }
            Self::Text(text) => text.gather(part, rest),
        }
    }

    /// Adds bytes that were inflated.
    pub(super) fn push(&mut self, bytes: &[u8]) -> Result<(), ErrorKind> {
        match self {
            Self::Binary(data) => {
                data.extend_from_slice(bytes);
                Ok(())
            }
            Self::Text(text) => text.push(bytes),
        }
    }

    /// Checks that the message can end here.
    pub(super) fn check_end(&self) -> Result<(), ErrorKind> {
        match self {
            Self::Text(text) if !text.carry.is_empty() => Err(ErrorKind::InvalidUtf8),
            _ => Ok(()),
        }
    }

    /// The whole message, in a buffer of at most twice its length.
    pub(super) fn take(&mut self) -> Event<'static> {
        match self {
            Self::Binary(data) => {
                let mut data = mem::take(data);
                if data.capacity() / 2 > data.len() {
                    data.shrink_to_fit();
                }
                Event::Binary(Cow::Owned(data))
            }
            Self::Text(text) => {
                let mut text = mem::take(&mut text.gathered);
                if text.capacity() / 2 > text.len() {
                    text.shrink_to_fit();
                }
                Event::Text(Cow::Owned(text))
            }
        }
    }

    /// What was gathered since the last call, as a piece of the message; `None` if that is nothing
    /// and not the end.
    pub(super) fn take_chunk(&mut self, fin: bool) -> Option<Event<'static>> {
        match self {
            Self::Text(text) if fin || !text.gathered.is_empty() => {
                let data = Cow::Owned(mem::take(&mut text.gathered));
                Some(Event::TextChunk { data, fin })
            }
            Self::Binary(data) if fin || !data.is_empty() => {
                Some(Event::BinaryChunk { data: Cow::Owned(mem::take(data)), fin })
            }
            _ => None,
        }
    }
}

impl Text {
    /// The character that the last piece has cut.
    pub(super) fn carry(&mut self) -> &mut Carry {
        &mut self.carry
    }

    fn gather(&mut self, part: PayloadPart<'_>, rest: Rest) -> Result<(), ErrorKind> {
        let (len, capacity) = (self.gathered.len(), self.gathered.capacity());
        self.gathered.reserve_exact(rest.growth(len, capacity, self.carry.len() + part.len()));
        part.unmask_blocks().try_for_each(|block| self.push(block))
    }

    /// Adds bytes; where they are not UTF-8, those before the fault.
    fn push(&mut self, mut bytes: &[u8]) -> Result<(), ErrorKind> {
        while !self.carry.is_empty() {
            let Some((byte, rest)) = bytes.split_first() else { return Ok(()) };
            bytes = rest;
            match self.carry.push(*byte) {
                Carried::Incomplete => {}
                Carried::Character(character) => self.gathered.push(character),
                Carried::Invalid => return Err(ErrorKind::InvalidUtf8),
            }
        }
        let (valid, result) = match utf8::prefix(bytes) {
            Ok(valid) => {
                self.carry.keep(&bytes[valid.len()..]);
                (valid, Ok(()))
            }
            Err(invalid) => {
                let valid = utf8::complete(&bytes[..invalid.valid]).unwrap_or_default();
                (valid, Err(ErrorKind::InvalidUtf8))
            }
        };
        self.gathered.push_str(valid);
        result
    }
}

/// What is known of the rest of a message when a part of it is gathered.
#[derive(Clone, Copy)]
pub(super) struct Rest {
    /// The number of bytes that will follow, if this is the last frame: what the peer has claimed.
    pub(super) claimed: Option<u64>,
    /// The number of bytes that have arrived behind the part, of this message or of others.
    pub(super) arrived: usize,
}

impl Rest {
    /// The number of bytes to reserve beyond `len` for a part of this length: for the part, and for as
    /// much again as has arrived of the message, at least; for more if its other fragments may have arrived
    /// as well, or if much of its last frame has. The claim only lowers it.
    fn growth(self, len: usize, capacity: usize, part: usize) -> usize {
        if capacity - len >= part {
            return part;
        }
        let so_far = len.saturating_add(part);
        let more = match self.claimed {
            Some(claimed) => {
                let claimed = usize::try_from(claimed).unwrap_or(usize::MAX);
                let growth = if so_far < LARGE { 1 } else { LARGE_GROWTH };
                claimed.min(so_far.saturating_mul(growth))
            }
            None => self.arrived.clamp(so_far, so_far.saturating_mul(FRAGMENTS_GROWTH)),
        };
        part.saturating_add(more)
    }
}
