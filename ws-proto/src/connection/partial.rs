//! Frames and messages that have begun and not ended: gathered, or followed while pieces are lent.

use alloc::string::String;
use alloc::vec::Vec;

use crate::error::ErrorKind;
use crate::frame::{Opcode, OpenMessage};
use crate::mask::{self, Key};
use crate::utf8;

/// A frame between its header and the last byte of its payload.
#[derive(Clone, Copy)]
pub(super) struct FrameProgress {
    pub(super) opcode: Opcode,
    pub(super) fin: bool,
    pub(super) compressed: bool,
    /// Rotated to where `remaining` begins.
    pub(super) key: Option<Key>,
    pub(super) remaining: u64,
}

/// A message between its first byte and its last.
pub(super) struct Partial {
    /// The payload of all frames so far, whole frames counted from their header on.
    pub(super) size: u64,
    pub(super) fragments: u32,
    pub(super) compressed: bool,
    /// The payload that was inflated so far.
    pub(super) inflated: usize,
    pub(super) data: Data,
}

pub(super) enum Data {
    Text(Text),
    Binary(Vec<u8>),
}

/// Text so far. It is kept as a `String` so that no byte is checked twice.
#[derive(Default)]
pub(super) struct Text {
    gathered: String,
    pub(super) carry: Carry,
}

impl Partial {
    pub(super) fn open(&self) -> OpenMessage {
        OpenMessage { size: self.size, compressed: self.compressed, fragments: self.fragments }
    }
}

impl Data {
    /// Adds bytes that were inflated.
    pub(super) fn push(&mut self, bytes: &[u8]) -> Result<(), ErrorKind> {
        match self {
            Self::Binary(data) => {
                data.extend_from_slice(bytes);
                Ok(())
            }
            Self::Text(text) => text.push_bytes(bytes),
        }
    }

    /// Whether it ends with a whole character, or need not.
    pub(super) fn is_complete(&self) -> bool {
        match self {
            Self::Binary(_) => true,
            Self::Text(text) => text.carry.is_empty(),
        }
    }
}

impl Text {
    /// Adds a piece; at most `expected` more bytes of the message follow it.
    pub(super) fn push(&mut self, piece: &str, expected: u64) {
        let more = growth(self.gathered.len(), self.gathered.capacity(), piece.len(), expected);
        self.gathered.reserve_exact(more);
        self.gathered.push_str(piece);
    }

    /// Adds bytes; where they are not UTF-8, those before the fault.
    fn push_bytes(&mut self, mut bytes: &[u8]) -> Result<(), ErrorKind> {
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

    pub(super) fn is_empty(&self) -> bool {
        self.gathered.is_empty()
    }

    pub(super) fn take(&mut self) -> String {
        core::mem::take(&mut self.gathered)
    }
}

/// Unmasks `piece` into `data`; at most `expected` more bytes of the message follow it.
pub(super) fn gather(data: &mut Vec<u8>, piece: &[u8], key: Option<Key>, expected: u64) {
    data.reserve_exact(growth(data.len(), data.capacity(), piece.len(), expected));
    match key {
        Some(key) => mask::append(data, piece, key),
        None => data.extend_from_slice(piece),
    }
}

/// How much to reserve beyond `len`: what has arrived twice over, but no more than the message can
/// still fill. The peer's claim only ever lowers it.
fn growth(len: usize, capacity: usize, piece: usize, expected: u64) -> usize {
    if capacity - len >= piece {
        return piece;
    }
    let expected = usize::try_from(expected).unwrap_or(usize::MAX);
    piece.saturating_add(len.saturating_add(piece).min(expected))
}

/// The first bytes of a character whose end has not come: at most three (RFC 3629).
#[derive(Clone, Copy, Default)]
pub(super) struct Carry {
    bytes: [u8; 4],
    len: u8,
}

/// What a further byte makes of the character.
pub(super) enum Carried {
    Incomplete,
    Character(char),
    Invalid,
}

impl Carry {
    pub(super) fn is_empty(self) -> bool {
        self.len == 0
    }

    /// Keeps the incomplete end of a piece.
    pub(super) fn keep(&mut self, tail: &[u8]) {
        self.bytes[..tail.len()].copy_from_slice(tail);
        self.len = tail.len() as u8;
    }

    pub(super) fn push(&mut self, byte: u8) -> Carried {
        self.bytes[usize::from(self.len)] = byte;
        self.len += 1;
        match core::str::from_utf8(&self.bytes[..usize::from(self.len)]) {
            Ok(text) => {
                self.len = 0;
                text.chars().next().map_or(Carried::Invalid, Carried::Character)
            }
            Err(error) if error.error_len().is_none() => Carried::Incomplete,
            Err(_) => Carried::Invalid,
        }
    }
}
