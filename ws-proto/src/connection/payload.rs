//! The payload of data frames: lent where it lies whole, gathered or lent in pieces where not.

use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::mem;

use super::Connection;
use super::partial::{Carried, Data, FrameProgress, Partial, Text, gather};
use super::receive::WholeFrame;
use crate::config::Delivery;
use crate::error::{Error, ErrorKind};
use crate::event::Event;
use crate::frame::Opcode;
use crate::utf8;

impl Connection {
    /// Lends the payload of an unfragmented message.
    #[inline]
    pub(super) fn lend<'i>(&mut self, frame: WholeFrame<'i>) -> Result<Event<'i>, Error> {
        let chunked = self.config.delivery == Delivery::Chunked;
        if !frame.text {
            self.counters.received.messages += 1;
            let data = Cow::Borrowed(frame.payload);
            return Ok(match chunked {
                true => Event::BinaryChunk { data, fin: true },
                false => Event::Binary(data),
            });
        }
        match utf8::complete(frame.payload) {
            Some(text) => {
                self.counters.received.messages += 1;
                let data = Cow::Borrowed(text);
                Ok(match chunked {
                    true => Event::TextChunk { data, fin: true },
                    false => Event::Text(data),
                })
            }
            None => self.fail_text(frame.payload),
        }
    }

    /// Takes what the input has of a data frame's payload.
    pub(super) fn receive_data<'i>(
        &mut self,
        frame: FrameProgress,
        input: &mut &'i mut [u8],
    ) -> Result<Option<Event<'i>>, Error> {
        let whole = frame.remaining <= input.len() as u64;
        if whole && frame.fin && !frame.compressed && self.receiver.message.is_none() {
            let text = frame.opcode == Opcode::Text;
            let (payload, _) = self.take_unmasked(input, usize::MAX);
            self.end_frame();
            return self.lend(WholeFrame { text, payload }).map(Some);
        }

        let mut message = self.receiver.message.take().unwrap_or_else(|| {
            let data = match frame.opcode {
                Opcode::Text => Data::Text(Text::default()),
                _ => Data::Binary(Vec::new()),
            };
            Box::new(Partial {
                size: frame.remaining,
                fragments: 1,
                compressed: frame.compressed,
                inflated: 0,
                data,
            })
        });
        let event = match &mut message.data {
            _ if message.compressed => self.receive_compressed(&mut message, input),
            Data::Text(text) => self.receive_text(text, input),
            Data::Binary(data) => Ok(self.receive_binary(data, frame, input)),
        }?;
        self.receiver.message = Some(message);
        self.end_frame();
        Ok(event)
    }

    /// Inflates a piece of a message (RFC 7692 §7.2.2). What comes out is gathered, for there is
    /// nothing to lend it from.
    fn receive_compressed<'i>(
        &mut self,
        message: &mut Partial,
        input: &mut &'i mut [u8],
    ) -> Result<Option<Event<'i>>, Error> {
        // DEFLATE gives at most some thousand bytes for one: this bounds what a piece becomes.
        const CHUNK: usize = 1024;

        let chunked = self.config.delivery == Delivery::Chunked;
        let (piece, fin) = self.take_unmasked(input, if chunked { CHUNK } else { usize::MAX });
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
            (false, Data::Text(text)) if fin => Event::Text(Cow::Owned(text.take())),
            (false, Data::Binary(data)) if fin => Event::Binary(Cow::Owned(mem::take(data))),
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

    fn receive_binary<'i>(
        &mut self,
        data: &mut Vec<u8>,
        frame: FrameProgress,
        input: &mut &'i mut [u8],
    ) -> Option<Event<'i>> {
        if self.config.delivery == Delivery::Chunked {
            let (piece, fin) = self.take_unmasked(input, usize::MAX);
            return (fin || !piece.is_empty())
                .then_some(Event::BinaryChunk { data: Cow::Borrowed(piece), fin });
        }
        let (piece, fin) = self.take_masked(input, usize::MAX);
        gather(data, piece, frame.key, self.message_remaining());
        fin.then(|| Event::Binary(Cow::Owned(mem::take(data))))
    }

    /// Takes a piece of text: up to the end of the input, or the byte that a cut character lacks.
    fn receive_text<'i>(
        &mut self,
        text: &mut Text,
        input: &mut &'i mut [u8],
    ) -> Result<Option<Event<'i>>, Error> {
        if !text.carry.is_empty() {
            let (byte, fin) = self.take_unmasked(input, 1);
            return match byte.first().map_or(Carried::Incomplete, |byte| text.carry.push(*byte)) {
                Carried::Character(character) => {
                    Ok(self.deliver_text(text, Cow::Owned(String::from(character)), fin))
                }
                Carried::Incomplete if !fin => Ok(None),
                Carried::Incomplete | Carried::Invalid => Err(self.fail(ErrorKind::InvalidUtf8)),
            };
        }

        let (piece, fin) = self.take_unmasked(input, usize::MAX);
        match utf8::prefix(piece) {
            Ok(valid) if valid.len() == piece.len() || !fin => {
                text.carry.keep(&piece[valid.len()..]);
                Ok(self.deliver_text(text, Cow::Borrowed(valid), fin))
            }
            _ => self.fail_text(piece).map(Some),
        }
    }

    fn deliver_text<'i>(
        &self,
        text: &mut Text,
        piece: Cow<'i, str>,
        fin: bool,
    ) -> Option<Event<'i>> {
        match self.config.delivery {
            Delivery::Chunked => {
                (fin || !piece.is_empty()).then_some(Event::TextChunk { data: piece, fin })
            }
            Delivery::Whole => {
                text.push(&piece, self.message_remaining());
                fin.then(|| Event::Text(Cow::Owned(text.take())))
            }
        }
    }

    /// Fails over a piece of text that is not UTF-8. What of it is valid goes out first where
    /// pieces are delivered, as if it had come byte by byte.
    #[cold]
    fn fail_text<'i>(&mut self, piece: &'i [u8]) -> Result<Event<'i>, Error> {
        let error = self.fail(ErrorKind::InvalidUtf8);
        let valid = match utf8::prefix(piece) {
            Ok(text) => text.len(),
            Err(invalid) => invalid.valid,
        };
        match utf8::complete(&piece[..valid]) {
            Some(text) if !text.is_empty() && self.config.delivery == Delivery::Chunked => {
                Ok(Event::TextChunk { data: Cow::Borrowed(text), fin: false })
            }
            _ => Err(error),
        }
    }
}
