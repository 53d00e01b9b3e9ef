//! A frame between its header and the last byte of its payload.

use alloc::vec::Vec;
use core::mem;

use crate::frame::{Header, Opcode};
use crate::mask::{self, Key};

#[derive(Clone, Copy)]
pub(super) struct FrameProgress {
    opcode: Opcode,
    fin: bool,
    compressed: bool,
    /// Rotated to where `remaining` begins.
    key: Option<Key>,
    remaining: u64,
}

/// The part of a payload that an input has, as it is on the wire.
pub(super) struct PayloadPart<'i> {
    data: &'i mut [u8],
    key: Option<Key>,
}

impl From<Header> for FrameProgress {
    #[inline]
    fn from(Header { fin, opcode, compressed, key, len }: Header) -> Self {
        Self { opcode, fin, compressed, key, remaining: len }
    }
}

impl FrameProgress {
    #[inline]
    pub(super) fn opcode(&self) -> Opcode {
        self.opcode
    }

    /// Whether it begins a compressed message.
    #[inline]
    pub(super) fn is_compressed(&self) -> bool {
        self.compressed
    }

    /// Whether it is the last one of its message.
    #[inline]
    pub(super) fn is_last(&self) -> bool {
        self.fin
    }

    /// The bytes of the payload that were not taken yet.
    #[inline]
    pub(super) fn remaining(&self) -> u64 {
        self.remaining
    }

    /// Whether the payload taken so far ends its message.
    #[inline]
    pub(super) fn ends_message(&self) -> bool {
        self.fin && self.remaining == 0
    }

    /// Takes at most `max` bytes of the payload from the front of `input`.
    #[inline]
    pub(super) fn take<'i>(&mut self, input: &mut &'i mut [u8], max: usize) -> PayloadPart<'i> {
        let available = input.len().min(max);
        let len = usize::try_from(self.remaining).map_or(available, |left| left.min(available));
        let (data, rest) = mem::take(input).split_at_mut(len);
        *input = rest;
        let key = self.key;
        self.remaining -= len as u64;
        self.key = key.map(|key| mask::rotate(key, len));
        PayloadPart { data, key }
    }
}

impl<'i> PayloadPart<'i> {
    #[inline]
    pub(super) fn len(&self) -> usize {
        self.data.len()
    }

    /// Unmasks it in place.
    #[inline]
    pub(super) fn unmask(self) -> &'i [u8] {
        if let Some(key) = self.key {
            mask::apply(self.data, key);
        }
        self.data
    }

    /// Unmasks it in place, a block at a time, each while it is in the nearest cache.
    #[inline]
    pub(super) fn unmask_blocks(self) -> impl Iterator<Item = &'i [u8]> {
        // A multiple of four: each block begins with the same byte of the key.
        const BLOCK: usize = 8 * 1024;

        let key = self.key;
        self.data.chunks_mut(BLOCK).map(move |data| PayloadPart { data, key }.unmask())
    }

    /// Unmasks it while appending it to `out`.
    #[inline]
    pub(super) fn append_to(self, out: &mut Vec<u8>) {
        match self.key {
            Some(key) => mask::append(out, self.data, key),
            None => out.extend_from_slice(self.data),
        }
    }
}
