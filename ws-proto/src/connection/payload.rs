//! The payload of data frames: lent where it lies whole, gathered or lent in pieces where not.

use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::string::String;
use core::mem;

use super::Connection;
use super::partial::{Carried, Data, FrameProgress, Partial, Text};
use super::receive::WholeFrame;
use crate::config::Delivery;
use crate::error::{Error, ErrorKind};
use crate::event::Event;
use crate::frame::Opcode;
use crate::utf8;

impl Connection {
    /// Lends the payload of an unfragmented message.
    #[inline]
    pub(super) fn lend<'i>(&mut self, frame: WholeFrame<'i>) -> Result<Option<Event<'i>>, Error> {
        let chunked = self.config.delivery == Delivery::Chunked;
        if !frame.text {
            self.received.add_message();
            let data = Cow::Borrowed(frame.payload);
            return match chunked {
                true => Ok(Some(Event::BinaryChunk { data, fin: true })),
                false => Ok(Some(Event::Binary(data))),
            };
        }
        let Some(text) = utf8::complete(frame.payload) else {
            return self.fail_text(frame.payload);
        };
        self.received.add_message();
        let data = Cow::Borrowed(text);
        match chunked {
            true => Ok(Some(Event::TextChunk { data, fin: true })),
            false => Ok(Some(Event::Text(data))),
        }
    }

    /// Takes what the input has of a data frame's payload.
    #[inline]
    pub(super) fn receive_data<'i>(
        &mut self,
        frame: &mut FrameProgress,
        input: &mut &'i mut [u8],
    ) -> Result<Option<Event<'i>>, Error> {
        let whole = frame.remaining <= input.len() as u64;
        let message = match &mut self.receiver.message {
            Some(message) => message,
            None if whole && frame.fin && !frame.compressed => {
                let text = frame.opcode == Opcode::Text;
                let payload = frame.take(input, usize::MAX).unmask();
                return self.lend(WholeFrame { text, payload });
            }
            none => none.insert(Box::new(Partial::new(frame))),
        };
        if message.compressed || self.config.delivery == Delivery::Chunked {
            return self.receive_pieces(frame, input);
        }
        let piece = frame.take(input, usize::MAX);
        // How much of the message may still come: any amount unless this is its last frame.
        let expected = if frame.fin { frame.remaining } else { u64::MAX };
        match message.data.gather(piece, expected) {
            Ok(()) if !frame.ends_message() => Ok(None),
            Ok(()) if message.data.is_complete() => {
                let event = message.data.take();
                self.receiver.message = None;
                self.received.add_message();
                Ok(Some(event))
            }
            _ => Err(self.fail(ErrorKind::InvalidUtf8)),
        }
    }

    /// Likewise, where a payload is inflated, or lent as it comes.
    #[inline(never)]
    fn receive_pieces<'i>(
        &mut self,
        frame: &mut FrameProgress,
        input: &mut &'i mut [u8],
    ) -> Result<Option<Event<'i>>, Error> {
        let Some(mut message) = self.receiver.message.take() else { return Ok(None) };
        let event = match &mut message.data {
            _ if message.compressed => self.receive_compressed(&mut message, frame, input)?,
            Data::Text(text) => self.lend_text(text, frame, input)?,
            Data::Binary(_) => lend_binary(frame, input),
        };
        if frame.ends_message() {
            self.received.add_message();
        } else if self.error().is_none() {
            self.receiver.message = Some(message);
        }
        Ok(event)
    }

    /// Inflates a piece of a message (RFC 7692 §7.2.2). What comes out is gathered, for there is
    /// nothing to lend it from.
    fn receive_compressed<'i>(
        &mut self,
        message: &mut Partial,
        frame: &mut FrameProgress,
        input: &mut &'i mut [u8],
    ) -> Result<Option<Event<'i>>, Error> {
        // DEFLATE gives at most some thousand bytes for one: this bounds what a piece becomes.
        const CHUNK: usize = 1024;

        let chunked = self.config.delivery == Delivery::Chunked;
        let piece = frame.take(input, if chunked { CHUNK } else { usize::MAX }).unmask();
        let fin = frame.ends_message();
        let Some(extension) = &mut self.extension else { return Ok(None) };
        let Partial { inflated, data, .. } = message;
        let room = self.config.incoming.max_message_size.saturating_sub(*inflated);
        let result = extension.inflate(&self.config, piece, fin, room, |bytes| {
            *inflated += bytes.len();
            data.push(bytes)
        });
        let fault = match result {
            Ok(()) if fin && !data.is_complete() => Some(ErrorKind::InvalidUtf8),
            result => result.err(),
        };
        // What came out before a fault goes out before it where pieces are delivered.
        let error = fault.map(|kind| self.fail(kind));
        let fin = fin && error.is_none();
        let event = match (chunked, data) {
            (false, data) if fin => data.take(),
            (true, Data::Text(text)) if fin || !text.is_empty() => {
                Event::TextChunk { data: Cow::Owned(text.take()), fin }
            }
            (true, Data::Binary(data)) if fin || !data.is_empty() => {
                Event::BinaryChunk { data: Cow::Owned(mem::take(data)), fin }
            }
            _ => return error.map_or(Ok(None), Err),
        };
        Ok(Some(event))
    }

    /// Lends a piece of text: up to the end of the input, or the byte that a cut character lacks.
    fn lend_text<'i>(
        &mut self,
        text: &mut Text,
        frame: &mut FrameProgress,
        input: &mut &'i mut [u8],
    ) -> Result<Option<Event<'i>>, Error> {
        if !text.carry.is_empty() {
            let byte = frame.take(input, 1).unmask();
            let fin = frame.ends_message();
            return match byte.first().map_or(Carried::Incomplete, |byte| text.carry.push(*byte)) {
                Carried::Character(character) => {
                    let data = Cow::Owned(String::from(character));
                    Ok(Some(Event::TextChunk { data, fin }))
                }
                Carried::Incomplete if !fin => Ok(None),
                Carried::Incomplete | Carried::Invalid => Err(self.fail(ErrorKind::InvalidUtf8)),
            };
        }

        let piece = frame.take(input, usize::MAX).unmask();
        let fin = frame.ends_message();
        match utf8::prefix(piece) {
            Ok(valid) if valid.len() == piece.len() || !fin => {
                text.carry.keep(&piece[valid.len()..]);
                let data = Cow::Borrowed(valid);
                Ok((fin || !data.is_empty()).then_some(Event::TextChunk { data, fin }))
            }
            _ => self.fail_text(piece),
        }
    }

    /// Fails over a piece of text that is not UTF-8. What of it is valid goes out first where
    /// pieces are delivered, as if it had come byte by byte.
    #[cold]
    fn fail_text<'i>(&mut self, piece: &'i [u8]) -> Result<Option<Event<'i>>, Error> {
        let error = self.fail(ErrorKind::InvalidUtf8);
        let valid = match utf8::prefix(piece) {
            Ok(text) => text.len(),
            Err(invalid) => invalid.valid,
        };
        match utf8::complete(&piece[..valid]) {
            Some(text) if !text.is_empty() && self.config.delivery == Delivery::Chunked => {
                Ok(Some(Event::TextChunk { data: Cow::Borrowed(text), fin: false }))
            }
            _ => Err(error),
        }
    }
}

fn lend_binary<'i>(frame: &mut FrameProgress, input: &mut &'i mut [u8]) -> Option<Event<'i>> {
    let data = Cow::Borrowed(frame.take(input, usize::MAX).unmask());
    let fin = frame.ends_message();
    (fin || !data.is_empty()).then_some(Event::BinaryChunk { data, fin })
}
