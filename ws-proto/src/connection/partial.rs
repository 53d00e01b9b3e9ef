//! Frames and messages that have begun and not ended: gathered, or followed while pieces are lent.

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;
use core::mem;

use crate::error::ErrorKind;
use crate::event::Event;
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

/// What an input has of a payload, as it is on the wire.
pub(super) struct Piece<'i> {
    data: &'i mut [u8],
    key: Option<Key>,
}

impl FrameProgress {
    /// Splits off at most `max` bytes of the payload from the front of `input`.
    #[inline]
    pub(super) fn take<'i>(&mut self, input: &mut &'i mut [u8], max: usize) -> Piece<'i> {
        let available = input.len().min(max);
        let len = usize::try_from(self.remaining).map_or(available, |left| left.min(available));
        let (data, rest) = mem::take(input).split_at_mut(len);
        *input = rest;
        let key = self.key;
        self.remaining -= len as u64;
        self.key = key.map(|key| mask::rotate(key, len));
        Piece { data, key }
    }

    /// Whether the payload taken so far ends its message.
    #[inline]
    pub(super) fn ends_message(&self) -> bool {
        self.fin && self.remaining == 0
    }
}

impl<'i> Piece<'i> {
    #[inline]
    pub(super) fn unmask(self) -> &'i [u8] {
        if let Some(key) = self.key {
            mask::apply(self.data, key);
        }
        self.data
    }
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
    /// A message of which `frame` is the first one.
    pub(super) fn new(frame: &FrameProgress) -> Self {
        Self {
            size: frame.remaining,
            fragments: 1,
            compressed: frame.compressed,
            inflated: 0,
            data: match frame.opcode {
                Opcode::Text => Data::Text(Text::default()),
                _ => Data::Binary(Vec::new()),
            },
        }
    }

    #[inline]
    pub(super) fn open(&self) -> OpenMessage {
        OpenMessage { size: self.size, compressed: self.compressed, fragments: self.fragments }
    }
}

impl Data {
    /// Adds a piece; at most `expected` more bytes of the message follow it.
    pub(super) fn gather(&mut self, piece: Piece<'_>, expected: u64) -> Result<(), ErrorKind> {
        match self {
            Self::Binary(data) => {
                reserve(data, piece.data.len(), expected);
                match piece.key {
                    Some(key) => mask::append(data, piece.data, key),
                    None => data.extend_from_slice(piece.data),
                }
                Ok(())
            }
            Self::Text(text) => text.gather(piece, expected),
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

    /// Whether it ends with a whole character, or need not.
    pub(super) fn is_complete(&self) -> bool {
        match self {
            Self::Binary(_) => true,
            Self::Text(text) => text.carry.is_empty(),
        }
    }

    /// The message, which is complete.
    pub(super) fn take(&mut self) -> Event<'static> {
        match self {
            Self::Binary(data) => Event::Binary(Cow::Owned(mem::take(data))),
            Self::Text(text) => Event::Text(Cow::Owned(text.take())),
        }
    }
}

impl Text {
    /// Adds a piece. It is unmasked, judged and copied a block at a time, while that is in the
    /// nearest cache.
    fn gather(&mut self, piece: Piece<'_>, expected: u64) -> Result<(), ErrorKind> {
        // A multiple of four: each block begins with the same byte of the key.
        const BLOCK: usize = 8 * 1024;

        let carried = usize::from(self.carry.len);
        let more = growth(
            self.gathered.len(),
            self.gathered.capacity(),
            carried + piece.data.len(),
            expected,
        );
        self.gathered.reserve_exact(more);
        for block in piece.data.chunks_mut(BLOCK) {
            self.push(Piece { data: block, key: piece.key }.unmask())?;
        }
        Ok(())
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

    pub(super) fn is_empty(&self) -> bool {
        self.gathered.is_empty()
    }

    pub(super) fn take(&mut self) -> String {
        mem::take(&mut self.gathered)
    }
}

fn reserve(data: &mut Vec<u8>, piece: usize, expected: u64) {
    data.reserve_exact(growth(data.len(), data.capacity(), piece, expected));
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
