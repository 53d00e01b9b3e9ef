//! Bytes out (RFC 6455 §5 and §6.1).

use alloc::sync::Arc;
use alloc::vec::Vec;

use super::Connection;
use super::role::Role;
use super::sender::{Compressor, Fragment, Frame};
use crate::error::SendError;
use crate::frame::{MAX_CONTROL, Opcode};
use crate::payload::{Compression, Payload};
use crate::prepared::Prepared;

impl Connection {
    /// Appends a message as one frame to `out`, after a pending pong or ping. It is compressed if that
    /// was negotiated and the message is not below the threshold.
    ///
    /// # Errors
    ///
    /// [`SendError`] is the reason why the message cannot be sent; nothing was appended.
    #[inline]
    pub fn send<'m>(
        &mut self,
        message: impl Into<Payload<'m>>,
        out: &mut Vec<u8>,
    ) -> Result<(), SendError> {
        self.send_with(message, Compression::Automatic, out)
    }

    /// Like [`send`](Self::send), with the choice whether to compress the message.
    ///
    /// # Errors
    ///
    /// Those of [`send`](Self::send).
    #[inline]
    pub fn send_with<'m>(
        &mut self,
        message: impl Into<Payload<'m>>,
        compression: Compression,
        out: &mut Vec<u8>,
    ) -> Result<(), SendError> {
        let message = message.into();
        let len = message.as_bytes().len();
        self.check_message(len)?;
        self.transmit_replies(out);
        let compressed = self.compresses(len, compression);
        let compressor = Compressor::lend(&mut self.extension, &self.config, compressed);
        self.sender.write_message(&message, compressor, out);
        Ok(())
    }

    /// Encodes a message as a frame in two parts, for a vectored write. Borrowed data of a server
    /// is not copied; owned data of a client is masked in place. Compression is as for
    /// [`send`](Self::send).
    ///
    /// Write what [`poll_transmit`](Self::poll_transmit) appends first, then the whole frame.
    ///
    /// # Errors
    ///
    /// [`SendError`] is the reason why the message cannot be sent.
    pub fn encode<'m>(&mut self, message: impl Into<Payload<'m>>) -> Result<Frame<'m>, SendError> {
        self.encode_with(message, Compression::Automatic)
    }

    /// Like [`encode`](Self::encode), with the choice whether to compress the message.
    ///
    /// # Errors
    ///
    /// Those of [`encode`](Self::encode).
    pub fn encode_with<'m>(
        &mut self,
        message: impl Into<Payload<'m>>,
        compression: Compression,
    ) -> Result<Frame<'m>, SendError> {
        let message = message.into();
        let len = message.as_bytes().len();
        self.check_message(len)?;
        let compressed = self.compresses(len, compression);
        let compressor = Compressor::lend(&mut self.extension, &self.config, compressed);
        Ok(self.sender.encode_message(message, compressor))
    }

    /// Returns the frame of a message that was encoded once for many connections, to be written as it
    /// is: compressed where the connection permits that form. Write what
    /// [`poll_transmit`](Self::poll_transmit) appends first.
    ///
    /// # Errors
    ///
    /// [`SendError::Masked`] for a client, whose frames cannot be shared (use
    /// [`send_prepared`](Self::send_prepared)), and those of [`send`](Self::send).
    pub fn prepared<'p>(&mut self, prepared: &'p Prepared) -> Result<&'p Arc<[u8]>, SendError> {
        if self.role() == Role::Client {
            return Err(SendError::Masked);
        }
        self.check_message(prepared.payload().len())?;
        let window_bits = self.extension.as_ref().and_then(|it| it.shared_window_bits());
        let deflated = window_bits.and_then(|bits| prepared.deflated_frame(bits));
        let frame = deflated.unwrap_or(prepared.frame());
        if let Some(extension) = &mut self.extension {
            extension.count_sent(prepared.frame().len(), frame.len());
        }
        self.sender.count_message(frame.len());
        Ok(frame)
    }

    /// Appends a message that was encoded once for many connections. A client masks its copy.
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
                self.sender.write_prepared(prepared, out);
            }
            Err(error) => return Err(error),
        }
        Ok(())
    }

    /// Appends a fragment of a message (RFC 6455 §5.4): the first one decides the kind, and whether
    /// the message is compressed; the one with `fin` is the last. Control frames may go between
    /// fragments, other messages may not.
    ///
    /// # Errors
    ///
    /// [`SendError`] is the reason why the fragment cannot be sent; nothing was appended.
    pub fn send_fragment<'m>(
        &mut self,
        part: impl Into<Payload<'m>>,
        fin: bool,
        out: &mut Vec<u8>,
    ) -> Result<(), SendError> {
        self.send_fragment_with(part, fin, Compression::Automatic, out)
    }

    /// Like [`send_fragment`](Self::send_fragment), with the choice whether to compress the message;
    /// that of its first fragment counts.
    ///
    /// # Errors
    ///
    /// Those of [`send_fragment`](Self::send_fragment).
    pub fn send_fragment_with<'m>(
        &mut self,
        part: impl Into<Payload<'m>>,
        fin: bool,
        compression: Compression,
        out: &mut Vec<u8>,
    ) -> Result<(), SendError> {
        let part = part.into();
        let fragment = self.next_fragment(&part, fin, compression)?;
        self.transmit_replies(out);
        let compressed = fragment.is_compressed();
        let compressor = Compressor::lend(&mut self.extension, &self.config, compressed);
        self.sender.write_fragment(&fragment, part.as_bytes(), compressor, out);
        Ok(())
    }

    /// Encodes a fragment as a frame in two parts, as [`encode_with`](Self::encode_with) encodes a
    /// message. The choice of the first fragment counts, as for
    /// [`send_fragment_with`](Self::send_fragment_with).
    ///
    /// Write what [`poll_transmit`](Self::poll_transmit) appends first, then the whole frame.
    ///
    /// # Errors
    ///
    /// Those of [`send_fragment`](Self::send_fragment).
    pub fn encode_fragment<'m>(
        &mut self,
        part: impl Into<Payload<'m>>,
        fin: bool,
        compression: Compression,
    ) -> Result<Frame<'m>, SendError> {
        let part = part.into();
        let fragment = self.next_fragment(&part, fin, compression)?;
        let compressed = fragment.is_compressed();
        let compressor = Compressor::lend(&mut self.extension, &self.config, compressed);
        Ok(self.sender.encode_fragment(&fragment, part.into_bytes(), compressor))
    }

    /// Appends a ping (RFC 6455 §5.5.2), in addition to those of
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

    /// Appends the pending control frames of the library: a pong, a ping, a Close frame. Returns whether
    /// there was one.
    #[inline]
    pub fn poll_transmit(&mut self, out: &mut Vec<u8>) -> bool {
        if !self.wants_transmit() {
            return false;
        }
        let before = out.len();
        self.transmit_replies(out);
        self.transmit_close(out);
        out.len() > before
    }

    /// Returns whether [`poll_transmit`](Self::poll_transmit) would append a frame.
    #[inline]
    pub fn wants_transmit(&self) -> bool {
        self.sender.is_pong_pending()
            || self.keep_alive.is_ping_pending()
            || self.closing.is_frame_pending()
    }

    #[inline]
    fn transmit_replies(&mut self, out: &mut Vec<u8>) {
        if self.sender.is_pong_pending() || self.keep_alive.is_ping_pending() {
            self.transmit_pong_and_ping(out);
        }
    }

    #[inline(never)]
    fn transmit_pong_and_ping(&mut self, out: &mut Vec<u8>) {
        self.sender.write_pong(out);
        let sent = self.sender.sent().bytes();
        if let Some(payload) = self.keep_alive.take_ping(&self.config, sent) {
            self.sender.write_control(Opcode::Ping, payload.as_ref(), out);
        }
    }

    fn transmit_close(&mut self, out: &mut Vec<u8>) {
        if let Some(payload) = self.closing.take_frame() {
            self.sender.write_control(Opcode::Close, &payload, out);
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
        self.sender.write_control(opcode, payload, out);
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
        self.sender.check_message(len, &self.config.outgoing)
    }

    fn next_fragment(
        &self,
        part: &Payload<'_>,
        fin: bool,
        compression: Compression,
    ) -> Result<Fragment, SendError> {
        self.check_open()?;
        let compress = self.compresses(part.as_bytes().len(), compression);
        self.sender.next_fragment(part, fin, &self.config.outgoing, compress)
    }

    #[inline]
    fn compresses(&self, len: usize, compression: Compression) -> bool {
        let Some(extension) = &self.extension else { return false };
        match compression {
            Compression::Automatic => extension.compresses(&self.config, len),
            Compression::Always => extension.can_compress(),
            Compression::Never => false,
        }
    }
}
