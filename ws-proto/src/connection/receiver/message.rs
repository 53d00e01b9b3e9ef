//! A message between its first byte and its last: gathered, lent in pieces, or inflated.

use alloc::borrow::Cow;
use alloc::string::String;

use super::carry::Carried;
use super::content::{Content, Rest, Text};
use super::context::Context;
use super::frame_progress::FrameProgress;
use super::piece::Piece;
use crate::config::Delivery;
use crate::error::ErrorKind;
use crate::event::Event;
use crate::frame::OpenMessage;
use crate::utf8;

pub(super) struct PartialMessage {
    /// The payload of all frames so far, whole frames counted from their header on.
    size: u64,
    fragments: u32,
    compressed: bool,
    /// Whether its pieces are lent as they arrive. Decided when it begins, so that a new configuration
    /// neither divides it nor loses what was gathered.
    chunked: bool,
    /// The payload that was inflated so far.
    inflated: usize,
    content: Content,
}

impl PartialMessage {
    /// A message of which `frame` is the first one.
    pub(super) fn new(frame: &FrameProgress, delivery: Delivery) -> Self {
        Self {
            size: frame.remaining(),
            fragments: 1,
            compressed: frame.is_compressed(),
            chunked: delivery == Delivery::Chunked,
            inflated: 0,
            content: Content::new(frame.opcode()),
        }
    }

    /// Counts a further frame.
    #[inline]
    pub(super) fn continue_with(&mut self, frame: &FrameProgress) {
        self.size += frame.remaining();
        self.fragments += 1;
    }

    #[inline]
    pub(super) fn open(&self) -> OpenMessage {
        OpenMessage { size: self.size, compressed: self.compressed, fragments: self.fragments }
    }

    /// Whether it is inflated, or lent in pieces, instead of [gathered](Self::gather).
    #[inline]
    pub(super) fn is_in_pieces(&self) -> bool {
        self.compressed || self.chunked
    }

    /// Takes what `input` has of the payload of `frame`; returns the message if that ends it.
    #[inline]
    pub(super) fn gather<'i>(
        &mut self,
        frame: &mut FrameProgress,
        input: &mut &'i mut [u8],
    ) -> Result<Option<Event<'i>>, ErrorKind> {
        let part = frame.take(input, usize::MAX);
        let rest =
            Rest { claimed: frame.is_last().then_some(frame.remaining()), arrived: input.len() };
        self.content.gather(part, rest)?;
        if !frame.ends_message() {
            return Ok(None);
        }
        self.content.check_end()?;
        Ok(Some(self.content.take()))
    }

    /// Takes what `input` has of the payload of `frame`, at most up to the next piece or the end of
    /// the message.
    pub(super) fn receive_piece<'i>(
        &mut self,
        frame: &mut FrameProgress,
        input: &mut &'i mut [u8],
        context: &mut Context<'_>,
    ) -> Piece<'i> {
        match &mut self.content {
            _ if self.compressed => self.inflate(frame, input, context),
            Content::Text(text) => lend_text(text, frame, input),
            Content::Binary(_) => lend_binary(frame, input).into(),
        }
    }

    /// Inflates a piece (RFC 7692 §7.2.2). The result is gathered, for there is nothing to lend it
    /// from.
    fn inflate<'i>(
        &mut self,
        frame: &mut FrameProgress,
        input: &mut &'i mut [u8],
        context: &mut Context<'_>,
    ) -> Piece<'i> {
        // DEFLATE makes at most some thousand bytes of one: this bounds what a piece becomes.
        const CHUNK: usize = 1024;

        let Context { config, extension: Some(extension), .. } = context else {
            return None.into();
        };
        let chunked = self.chunked;
        let piece = frame.take(input, if chunked { CHUNK } else { usize::MAX }).unmask();
        let fin = frame.ends_message();
        let Self { inflated, content, .. } = self;
        let room = config.incoming.max_message_size.saturating_sub(*inflated);
        let result = extension.inflate(config, piece, fin, room, |bytes| {
            *inflated += bytes.len();
            content.push(bytes)
        });
        let result = result.and_then(|()| if fin { content.check_end() } else { Ok(()) });
        let fin = fin && result.is_ok();
        // What was inflated before a fault goes out before it where pieces are delivered.
        let event = if chunked { content.take_chunk(fin) } else { fin.then(|| content.take()) };
        Piece { event, fault: result.err() }
    }
}

/// Lends a piece of text: up to the end of the input, or the byte that a cut character lacks.
fn lend_text<'i>(
    text: &mut Text,
    frame: &mut FrameProgress,
    input: &mut &'i mut [u8],
) -> Piece<'i> {
    let carry = text.carry();
    if !carry.is_empty() {
        let byte = frame.take(input, 1).unmask();
        let fin = frame.ends_message();
        return match byte.first().map_or(Carried::Incomplete, |byte| carry.push(*byte)) {
            Carried::Character(character) => {
                let data = Cow::Owned(String::from(character));
                Some(Event::TextChunk { data, fin }).into()
            }
            Carried::Incomplete if !fin => None.into(),
            Carried::Incomplete | Carried::Invalid => ErrorKind::InvalidUtf8.into(),
        };
    }

    let piece = frame.take(input, usize::MAX).unmask();
    let fin = frame.ends_message();
    match utf8::prefix(piece) {
        Ok(valid) if valid.len() == piece.len() || !fin => {
            carry.keep(&piece[valid.len()..]);
            let data = Cow::Borrowed(valid);
            (fin || !data.is_empty()).then_some(Event::TextChunk { data, fin }).into()
        }
        _ => Piece::of_invalid_text(piece),
    }
}

fn lend_binary<'i>(frame: &mut FrameProgress, input: &mut &'i mut [u8]) -> Option<Event<'i>> {
    let data = Cow::Borrowed(frame.take(input, usize::MAX).unmask());
    let fin = frame.ends_message();
    (fin || !data.is_empty()).then_some(Event::BinaryChunk { data, fin })
}
