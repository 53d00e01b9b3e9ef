//! Output that is written in place: large payloads, and what goes before each.

use std::collections::VecDeque;

use bytes::{Buf, Bytes};

#[derive(Default)]
pub(crate) struct OutputQueue {
    pieces: VecDeque<Piece>,
    len: usize,
}

enum Piece {
    Short(Short),
    Shared(Bytes),
}

/// A few bytes without an allocation: the header of a payload, and perhaps a control frame.
struct Short {
    bytes: [u8; Self::CAPACITY],
    start: u8,
    end: u8,
}

impl Short {
    const CAPACITY: usize = 30;

    fn new(bytes: &[u8]) -> Option<Self> {
        let mut short = Self { bytes: [0; Self::CAPACITY], start: 0, end: bytes.len() as u8 };
        short.bytes.get_mut(..bytes.len())?.copy_from_slice(bytes);
        Some(short)
    }
}

impl Piece {
    fn copied(bytes: &[u8]) -> Self {
        match Short::new(bytes) {
            Some(short) => Self::Short(short),
            None => Self::Shared(Bytes::copy_from_slice(bytes)),
        }
    }

    fn as_bytes(&self) -> &[u8] {
        match self {
            Self::Short(short) => &short.bytes[usize::from(short.start)..usize::from(short.end)],
            Self::Shared(bytes) => bytes,
        }
    }

    fn advance(&mut self, len: usize) {
        match self {
            Self::Short(short) => short.start += len as u8,
            Self::Shared(bytes) => bytes.advance(len),
        }
    }
}

impl OutputQueue {
    /// The bytes that wait.
    #[inline]
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.pieces.is_empty()
    }

    /// The number of pieces for which it has memory.
    pub(crate) fn capacity(&self) -> usize {
        self.pieces.capacity()
    }

    /// Appends a copy of `before`, and a payload as it is.
    pub(crate) fn push(&mut self, before: &[u8], payload: Bytes) {
        self.len += before.len() + payload.len();
        self.pieces.extend([Piece::copied(before), Piece::Shared(payload)]);
    }

    pub(crate) fn pieces(&self) -> impl Iterator<Item = &[u8]> {
        self.pieces.iter().map(Piece::as_bytes)
    }

    /// Removes at most `len` bytes from the front; returns how many of them it did not have.
    pub(crate) fn advance(&mut self, mut len: usize) -> usize {
        while let Some(piece) = self.pieces.front_mut() {
            let left = piece.as_bytes().len();
            if len < left {
                piece.advance(len);
                self.len -= len;
                return 0;
            }
            self.len -= left;
            len -= left;
            self.pieces.pop_front();
        }
        len
    }

    pub(crate) fn clear(&mut self) {
        self.pieces.clear();
        self.len = 0;
    }
}
