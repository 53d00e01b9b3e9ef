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

    /// Adds a part of a payload; at most `expected` more bytes of the message follow it.
    pub(super) fn gather(&mut self, part: PayloadPart<'_>, expected: u64) -> Result<(), ErrorKind> {
        match self {
            Self::Binary(data) => {
                let more = growth(data.len(), data.capacity(), part.len(), expected);
                data.reserve_exact(more);
                part.append_to(data);
                Ok(())
            }
            Self::Text(text) => text.gather(part, expected),
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

    /// The whole message.
    pub(super) fn take(&mut self) -> Event<'static> {
        match self {
            Self::Binary(data) => Event::Binary(Cow::Owned(mem::take(data))),
            Self::Text(text) => Event::Text(Cow::Owned(mem::take(&mut text.gathered))),
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

    fn gather(&mut self, part: PayloadPart<'_>, expected: u64) -> Result<(), ErrorKind> {
        let (len, capacity) = (self.gathered.len(), self.gathered.capacity());
        let more = growth(len, capacity, self.carry.len() + part.len(), expected);
        self.gathered.reserve_exact(more);
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

/// The bytes to reserve beyond `len`: what has arrived twice over, but no more than the message can
/// still fill. The peer's claim only ever lowers it.
fn growth(len: usize, capacity: usize, piece: usize, expected: u64) -> usize {
    if capacity - len >= piece {
        return piece;
    }
    let expected = usize::try_from(expected).unwrap_or(usize::MAX);
    piece.saturating_add(len.saturating_add(piece).min(expected))
}
