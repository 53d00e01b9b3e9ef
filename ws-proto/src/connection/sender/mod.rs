//! Frames out (RFC 6455 §5 and §6.1).

mod compressor;
mod fragments;
mod frame;
mod pending_pong;

use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::vec::Vec;

use rand::Rng;
use rand::rngs::StdRng;

use super::role::Role;
use crate::config::Limits;
use crate::error::SendError;
use crate::frame::{COMPRESSED, EncodedHeader, FIN, MAX_HEADER, Opcode, encode_header};
use crate::mask::{self, Key};
use crate::payload::Payload;
use crate::prepared::Prepared;
use crate::stats::Counter;

pub(super) use compressor::Compressor;
pub(super) use fragments::Fragment;
use fragments::Fragments;
pub use frame::Frame;
use pending_pong::PendingPong;

/// Writes frames, masked if the role asks for it, and counts them. Holds the message that is sent in
/// fragments, and the slot of the pending pong.
pub(super) struct Sender {
    masking: Masking,
    fragments: Fragments,
    pong: PendingPong,
    sent: Counter,
}

/// The role, with what only that role needs.
enum Masking {
    Server,
    /// The source of masking keys (RFC 6455 §5.3).
    Client(Box<StdRng>),
}

impl Sender {
    pub(super) fn server() -> Self {
        Self::new(Masking::Server)
    }

    pub(super) fn client(generator: Box<StdRng>) -> Self {
        Self::new(Masking::Client(generator))
    }

    fn new(masking: Masking) -> Self {
        Self {
            masking,
            fragments: Fragments::default(),
            pong: PendingPong::default(),
            sent: Counter::default(),
        }
    }

    #[inline]
    pub(super) fn role(&self) -> Role {
        match self.masking {
            Masking::Server => Role::Server,
            Masking::Client(_) => Role::Client,
        }
    }

    /// What was sent so far.
    pub(super) fn sent(&self) -> Counter {
        self.sent
    }

    /// Checks that a message of `len` bytes can be sent next.
    #[inline]
    pub(super) fn check_message(&self, len: usize, limits: &Limits) -> Result<(), SendError> {
        if self.fragments.is_unfinished() {
            return Err(SendError::MessageUnfinished);
        }
        if len > limits.max_message_size || len > limits.max_frame_size {
            return Err(SendError::TooBig);
        }
        Ok(())
    }

    /// Appends a message as one frame.
    #[inline]
    pub(super) fn write_message(
        &mut self,
        message: &Payload<'_>,
        compressor: Option<Compressor<'_>>,
        out: &mut Vec<u8>,
    ) {
        self.write_data(FIN | message.opcode() as u8, true, message.as_bytes(), compressor, out);
        self.sent.add_message();
    }

    /// Encodes a message as one frame.
    pub(super) fn encode_message<'m>(
        &mut self,
        message: Payload<'m>,
        compressor: Option<Compressor<'_>>,
    ) -> Frame<'m> {
        self.sent.add_message();
        let first = FIN | message.opcode() as u8;
        self.encode_data(first, true, message.into_bytes(), compressor)
    }

    /// Appends a message that was encoded for a server, masked.
    pub(super) fn write_prepared(&mut self, prepared: &Prepared, out: &mut Vec<u8>) {
        self.write_frame(prepared.first(), prepared.payload(), out);
        self.sent.add_message();
    }

    /// Counts a message that was encoded elsewhere as one frame of `len` bytes.
    pub(super) fn count_message(&mut self, len: usize) {
        self.sent.add_frame(len);
        self.sent.add_message();
    }

    /// Checks the next fragment of a message. `compress`: whether to compress a message that begins
    /// with it.
    pub(super) fn next_fragment(
        &self,
        part: &Payload<'_>,
        fin: bool,
        limits: &Limits,
        compress: bool,
    ) -> Result<Fragment, SendError> {
        self.fragments.next(part, fin, limits, compress)
    }

    /// Appends a fragment.
    pub(super) fn write_fragment(
        &mut self,
        fragment: &Fragment,
        payload: &[u8],
        compressor: Option<Compressor<'_>>,
        out: &mut Vec<u8>,
    ) {
        self.write_data(fragment.first(), fragment.is_start(), payload, compressor, out);
        self.fragment_sent(fragment);
    }

    /// Encodes a fragment.
    pub(super) fn encode_fragment<'m>(
        &mut self,
        fragment: &Fragment,
        payload: Cow<'m, [u8]>,
        compressor: Option<Compressor<'_>>,
    ) -> Frame<'m> {
        self.fragment_sent(fragment);
        self.encode_data(fragment.first(), fragment.is_start(), payload, compressor)
    }

    fn fragment_sent(&mut self, fragment: &Fragment) {
        self.fragments.sent(fragment);
        if fragment.is_end() {
            self.sent.add_message();
        }
    }

    /// Makes the pong for a ping pending.
    pub(super) fn answer_ping(&mut self, payload: &[u8]) {
        self.pong.set(payload);
    }

    #[inline]
    pub(super) fn is_pong_pending(&self) -> bool {
        self.pong.is_some()
    }

    /// Appends the pending pong.
    pub(super) fn write_pong(&mut self, out: &mut Vec<u8>) {
        if let Some(payload) = self.pong.take() {
            self.write_control(Opcode::Pong, &payload, out);
        }
    }

    /// Appends a control frame.
    pub(super) fn write_control(&mut self, opcode: Opcode, payload: &[u8], out: &mut Vec<u8>) {
        self.write_frame(FIN | opcode as u8, payload, out);
    }

    /// Appends a frame of a message, the `start` of it or a later one; `first` is the first byte of
    /// its header.
    #[inline]
    fn write_data(
        &mut self,
        first: u8,
        start: bool,
        payload: &[u8],
        compressor: Option<Compressor<'_>>,
        out: &mut Vec<u8>,
    ) {
        match compressor {
            Some(compressor) => self.write_compressed(first, start, payload, compressor, out),
            None => self.write_frame(first, payload, out),
        }
    }

    #[inline(never)]
    fn write_compressed(
        &mut self,
        first: u8,
        start: bool,
        payload: &[u8],
        mut compressor: Compressor<'_>,
        out: &mut Vec<u8>,
    ) {
        let payload = compressor.compress(payload, start, first & FIN != 0);
        let first = if start { first | COMPRESSED } else { first };
        self.write_frame(first, payload, out);
        compressor.frame_sent();
    }

    #[inline]
    fn write_frame(&mut self, first: u8, payload: &[u8], out: &mut Vec<u8>) {
        let before = out.len();
        let key = self.next_key();
        out.reserve(MAX_HEADER + payload.len());
        encode_header(first, payload.len(), key, |header| out.extend_from_slice(header));
        match key {
            Some(key) => mask::append(out, payload, key),
            None => out.extend_from_slice(payload),
        }
        self.sent.add_frame(out.len() - before);
    }

    /// Encodes a frame of a message, the `start` of it or a later one; `first` is the first byte of
    /// its header.
    fn encode_data<'m>(
        &mut self,
        mut first: u8,
        start: bool,
        mut payload: Cow<'m, [u8]>,
        compressor: Option<Compressor<'_>>,
    ) -> Frame<'m> {
        if let Some(mut compressor) = compressor {
            payload = Cow::Owned(compressor.compress(&payload, start, first & FIN != 0).to_vec());
            compressor.frame_sent();
            first |= if start { COMPRESSED } else { 0 };
        }
        let key = self.next_key();
        if let Some(key) = key {
            match &mut payload {
                Cow::Owned(data) => mask::apply(data, key),
                Cow::Borrowed(data) => {
                    let mut masked = Vec::new();
                    mask::append(&mut masked, data, key);
                    payload = Cow::Owned(masked);
                }
            }
        }
        let header = EncodedHeader::new(first, payload.len(), key);
        self.sent.add_frame(header.as_bytes().len() + payload.len());
        Frame::new(header, payload)
    }

    #[inline]
    fn next_key(&mut self) -> Option<Key> {
        match &mut self.masking {
            Masking::Server => None,
            Masking::Client(generator) => Some(generator.next_u32().to_ne_bytes()),
        }
    }
}
