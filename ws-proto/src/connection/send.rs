//! Bytes out (RFC 6455 §5 and §6.1).

use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;

use rand::Rng;

use super::fragments::Fragmented;
use super::{Connection, Side};
use crate::error::SendError;
use crate::frame::{
    COMPRESSED, EncodedHeader, FIN, MAX_CONTROL, MAX_HEADER, Opcode, encode_header,
};
use crate::mask::{self, Key};
use crate::message::{Compression, Message};
use crate::prepared::Prepared;

/// The message in progress, and the slot of the pong that is owed.
#[derive(Default)]
pub(super) struct Sender {
    pub(super) fragmented: Option<Fragmented>,
    /// The latest ping's payload (RFC 6455 §5.5.3).
    pong: Option<Box<[u8]>>,
}

impl Connection {
    /// Appends a message as one frame to `out`, behind what is owed. It is compressed if that was
    /// negotiated and the message is not below the threshold.
    ///
    /// # Errors
    ///
    /// [`SendError`] says why the message cannot be sent; nothing was appended.
    #[inline]
    pub fn send<'m>(
        &mut self,
        message: impl Into<Message<'m>>,
        out: &mut Vec<u8>,
    ) -> Result<(), SendError> {
        self.send_with(message, Compression::Automatic, out)
    }

    /// Like [`send`](Self::send), and says whether to compress the message.
    ///
    /// # Errors
    ///
    /// Those of [`send`](Self::send).
    #[inline]
    pub fn send_with<'m>(
        &mut self,
        message: impl Into<Message<'m>>,
        compression: Compression,
        out: &mut Vec<u8>,
    ) -> Result<(), SendError> {
        let message = message.into();
        let payload = message.as_bytes();
        self.check_message(payload.len())?;
        self.transmit_replies(out);
        let first = FIN | message.opcode() as u8;
        if self.compresses(payload.len(), compression) {
            self.write_compressed(first, true, payload, out);
        } else {
            self.write_frame(first, payload, out);
        }
        self.counters.sent.messages += 1;
        Ok(())
    }

    /// Encodes a message as a frame in two parts, for a vectored write. Borrowed data of a server
    /// is not copied; owned data of a client is masked in place. Compression is as for
    /// [`send`](Self::send).
    ///
    /// Write what [`poll_transmit`](Self::poll_transmit) gives first, then the whole frame.
    ///
    /// # Errors
    ///
    /// [`SendError`] says why the message cannot be sent.
    pub fn encode<'m>(&mut self, message: impl Into<Message<'m>>) -> Result<Frame<'m>, SendError> {
        self.encode_with(message, Compression::Automatic)
    }

    /// Like [`encode`](Self::encode), and says whether to compress the message.
    ///
    /// # Errors
    ///
    /// Those of [`encode`](Self::encode).
    pub fn encode_with<'m>(
        &mut self,
        message: impl Into<Message<'m>>,
        compression: Compression,
    ) -> Result<Frame<'m>, SendError> {
        let message = message.into();
        let first = FIN | message.opcode() as u8;
        let payload = message.into_bytes();
        self.check_message(payload.len())?;
        let compressed = self.compresses(payload.len(), compression);
        self.counters.sent.messages += 1;
        Ok(self.encode_frame(first, true, compressed, payload))
    }

    /// Encodes a frame of a message, the `start` of it or a later one; `first` is the first byte of
    /// its header.
    pub(super) fn encode_frame<'m>(
        &mut self,
        mut first: u8,
        start: bool,
        compressed: bool,
        mut payload: Cow<'m, [u8]>,
    ) -> Frame<'m> {
        if let Some(extension) = self.extension.as_mut().filter(|_| compressed) {
            let fin = first & FIN != 0;
            payload = Cow::Owned(extension.compress(&self.config, &payload, start, fin).to_vec());
            extension.message_sent();
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
        self.counters.sent.frames += 1;
        self.counters.sent.bytes += (header.as_bytes().len() + payload.len()) as u64;
        Frame { header, payload }
    }

    /// The frame of a message that was encoded once for many, to be written as it is: compressed
    /// where the connection can take that form. Write what [`poll_transmit`](Self::poll_transmit)
    /// gives first.
    ///
    /// # Errors
    ///
    /// [`SendError::Masked`] for a client, whose frames cannot be shared (use
    /// [`send_prepared`](Self::send_prepared)), and those of [`send`](Self::send).
    pub fn prepared<'p>(&mut self, prepared: &'p Prepared) -> Result<&'p Arc<[u8]>, SendError> {
        if let Side::Client(_) = self.side {
            return Err(SendError::Masked);
        }
        self.check_message(prepared.payload().len())?;
        let window_bits = self.extension.as_ref().and_then(|it| it.shared_window_bits());
        let deflated = window_bits.and_then(|bits| prepared.deflated_frame(bits));
        let frame = deflated.unwrap_or(prepared.frame());
        if let Some(extension) = &mut self.extension {
            extension.count_sent(prepared.frame().len(), frame.len());
        }
        self.counters.sent.messages += 1;
        self.counters.sent.frames += 1;
        self.counters.sent.bytes += frame.len() as u64;
        Ok(frame)
    }

    /// Appends a message that was encoded once for many. A client masks its copy.
    ///
    /// # Errors
    ///
    /// Those of [`send`](Self::send).
    pub fn send_prepared(
        &mut self,
        prepared: &Prepared,
        out: &mut Vec<u8>,
    ) -> Result<(), SendError> {
        match self.prepared(prepared) {
            Ok(frame) => {
                self.transmit_replies(out);
                out.extend_from_slice(frame);
            }
            Err(SendError::Masked) => {
                self.check_message(prepared.payload().len())?;
                self.transmit_replies(out);
                self.write_frame(prepared.first(), prepared.payload(), out);
                self.counters.sent.messages += 1;
            }
            Err(error) => return Err(error),
        }
        Ok(())
    }

    /// Appends a ping (RFC 6455 §5.5.2), besides those of
    /// [`Config::ping_interval`](crate::Config::ping_interval).
    ///
    /// # Errors
    ///
    /// [`SendError::ControlTooLong`] over 125 bytes, [`SendError::Closed`].
    pub fn ping(&mut self, payload: &[u8], out: &mut Vec<u8>) -> Result<(), SendError> {
        self.send_control(Opcode::Ping, payload, out)
    }

    /// Appends a pong (RFC 6455 §5.5.3): an unsolicited one, or the answer to a ping where
    /// [`Config::automatic_pong`](crate::Config::automatic_pong) is off.
    ///
    /// # Errors
    ///
    /// [`SendError::ControlTooLong`] over 125 bytes, [`SendError::Closed`].
    pub fn pong(&mut self, payload: &[u8], out: &mut Vec<u8>) -> Result<(), SendError> {
        self.send_control(Opcode::Pong, payload, out)
    }

    /// Appends what the library owes the peer: a pong, a ping of its own, a Close frame. Says
    /// whether there was anything.
    #[inline]
    pub fn poll_transmit(&mut self, out: &mut Vec<u8>) -> bool {
        if !self.owes() {
            return false;
        }
        let before = out.len();
        self.transmit_replies(out);
        self.transmit_close(out);
        out.len() > before
    }

    /// Whether [`poll_transmit`](Self::poll_transmit) would append something.
    pub fn owes(&self) -> bool {
        self.sender.pong.is_some()
            || self.keep_alive.is_ping_pending()
            || self.closing.is_frame_pending()
    }

    pub(super) fn owe_pong(&mut self, payload: &[u8]) {
        if !self.closing.has_begun() {
            self.sender.pong = Some(payload.into());
        }
    }

    #[inline]
    pub(super) fn transmit_replies(&mut self, out: &mut Vec<u8>) {
        if self.sender.pong.is_some() || self.keep_alive.is_ping_pending() {
            self.transmit_pong_and_ping(out);
        }
    }

    #[inline(never)]
    fn transmit_pong_and_ping(&mut self, out: &mut Vec<u8>) {
        if let Some(payload) = self.sender.pong.take() {
            self.write_frame(FIN | Opcode::Pong as u8, &payload, out);
        }
        let sent = self.counters.sent.bytes;
        if let Some(payload) = self.keep_alive.take_ping(&self.config, sent) {
            self.write_frame(FIN | Opcode::Ping as u8, payload.as_ref(), out);
        }
    }

    fn transmit_close(&mut self, out: &mut Vec<u8>) {
        if let Some(payload) = self.closing.take_frame() {
            self.write_frame(FIN | Opcode::Close as u8, &payload, out);
        }
    }

    fn send_control(
        &mut self,
        opcode: Opcode,
        payload: &[u8],
        out: &mut Vec<u8>,
    ) -> Result<(), SendError> {
        self.check_open()?;
        if payload.len() > MAX_CONTROL {
            return Err(SendError::ControlTooLong);
        }
        self.transmit_replies(out);
        self.write_frame(FIN | opcode as u8, payload, out);
        Ok(())
    }

    pub(super) fn check_open(&self) -> Result<(), SendError> {
        match self.can_send() {
            true => Ok(()),
            false => Err(SendError::Closed),
        }
    }

    #[inline]
    fn check_message(&self, len: usize) -> Result<(), SendError> {
        self.check_open()?;
        if self.sender.fragmented.is_some() {
            return Err(SendError::MessageUnfinished);
        }
        let limits = &self.config.outgoing;
        if len > limits.max_message_size || len > limits.max_frame_size {
            return Err(SendError::TooBig);
        }
        Ok(())
    }

    #[inline]
    pub(super) fn compresses(&self, len: usize, compression: Compression) -> bool {
        let Some(extension) = &self.extension else { return false };
        match compression {
            Compression::Automatic => extension.compresses(&self.config, len),
            Compression::Always => extension.can_compress(),
            Compression::Never => false,
        }
    }

    /// Appends a frame of a compressed message, the `start` of the message or a later one.
    #[inline(never)]
    pub(super) fn write_compressed(
        &mut self,
        first: u8,
        start: bool,
        payload: &[u8],
        out: &mut Vec<u8>,
    ) {
        let Some(mut extension) = self.extension.take() else { return };
        let payload = extension.compress(&self.config, payload, start, first & FIN != 0);
        let first = if start { first | COMPRESSED } else { first };
        self.write_frame(first, payload, out);
        extension.message_sent();
        self.extension = Some(extension);
    }

    /// Appends a frame; `first` is the first byte of its header.
    #[inline]
    pub(super) fn write_frame(&mut self, first: u8, payload: &[u8], out: &mut Vec<u8>) {
        let before = out.len();
        let key = self.next_key();
        out.reserve(MAX_HEADER + payload.len());
        encode_header(first, payload.len(), key, |header| out.extend_from_slice(header));
        match key {
            Some(key) => mask::append(out, payload, key),
            None => out.extend_from_slice(payload),
        }
        self.counters.sent.frames += 1;
        self.counters.sent.bytes += (out.len() - before) as u64;
    }

    #[inline]
    fn next_key(&mut self) -> Option<Key> {
        match &mut self.side {
            Side::Server => None,
            Side::Client(generator) => Some(generator.next_u32().to_ne_bytes()),
        }
    }
}

/// A frame in two parts ([`Connection::encode`]).
#[derive(Clone, Debug)]
#[must_use = "the frame is counted as sent and must be written whole"]
pub struct Frame<'m> {
    header: EncodedHeader,
    payload: Cow<'m, [u8]>,
}

impl<'m> Frame<'m> {
    /// The header: at most 14 bytes.
    pub fn header(&self) -> &[u8] {
        self.header.as_bytes()
    }

    /// The payload as it goes on the wire.
    pub fn payload(&self) -> &[u8] {
        &self.payload
    }

    /// The payload as it goes on the wire.
    pub fn into_payload(self) -> Cow<'m, [u8]> {
        self.payload
    }
}
