//! Frames in (RFC 6455 §5 and §6.2).

mod carry;
mod content;
mod context;
mod control;
mod frame_progress;
mod message;
mod piece;

use alloc::borrow::Cow;
use alloc::boxed::Box;
use core::mem;

use super::role::Role;
use crate::config::{Config, Delivery};
use crate::error::ErrorKind;
use crate::event::Event;
use crate::frame::{Expected, FIN, Header, Opcode, PartialHeader};
use crate::stats::Counter;
use crate::{mask, utf8};

pub(super) use context::{Context, Unfinished};
use control::PartialControl;
use frame_progress::FrameProgress;
use message::PartialMessage;
use piece::Piece;

const TEXT: u8 = FIN | Opcode::Text as u8;
const BINARY: u8 = FIN | Opcode::Binary as u8;

/// Reads the stream of frames up to the next event, and counts it. The connection acts on the event.
#[derive(Default)]
pub(super) struct Receiver {
    stage: Stage,
    /// The message of which a part has arrived.
    message: Option<Box<PartialMessage>>,
    received: Counter,
}

/// Where in the stream of frames the next byte belongs.
///
/// ```text
/// Boundary ──► Header ──► Payload | Control ──► Boundary
///     any ──► Faulty ──► Ended (a Close frame arrived, or the connection failed)
/// ```
#[derive(Default)]
enum Stage {
    /// Between frames. A frame that lies whole in the input leaves it so.
    #[default]
    Boundary,
    /// Inside a header that is cut.
    Header(PartialHeader),
    /// Before a payload, or inside that of a data frame, that is cut.
    Payload(FrameProgress),
    /// Inside the payload of a control frame that is cut.
    Control(Box<PartialControl>),
    /// The last event was followed by a fault, for which the connection has to fail.
    Faulty(ErrorKind),
    /// The peer's Close frame has arrived, or the connection has failed.
    Ended,
}

/// An unfragmented message, unmasked, its text not yet checked.
#[derive(Clone, Copy)]
pub(super) struct WholeFrame<'i> {
    text: bool,
    payload: &'i [u8],
}

impl Receiver {
    /// What was received so far.
    pub(super) fn received(&self) -> Counter {
        self.received
    }

    /// The bytes of the payload in progress that have not arrived.
    pub(super) fn frame_remaining(&self) -> u64 {
        match &self.stage {
            Stage::Payload(frame) => frame.remaining(),
            Stage::Control(control) => control.remaining(),
            _ => 0,
        }
    }

    /// The bytes that have to follow `unread` ones for the payload in progress to be complete, if it can
    /// be [left](Unfinished::Leave) in the input until then.
    #[inline]
    pub(super) fn lacks(&self, unread: usize, delivery: Delivery) -> u64 {
        match &self.stage {
            Stage::Payload(frame) if self.gathers(frame, delivery) => {
                frame.remaining().saturating_sub(unread as u64)
            }
            _ => 0,
        }
    }

    /// Whether the payload of this frame would be gathered if it arrives in parts.
    fn gathers(&self, frame: &FrameProgress, delivery: Delivery) -> bool {
        let in_pieces = match &self.message {
            Some(message) => message.is_in_pieces(),
            None => frame.is_compressed() || delivery == Delivery::Chunked,
        };
        !in_pieces && !frame.opcode().is_control()
    }

    /// Receives nothing further: the connection has failed.
    pub(super) fn end(&mut self) {
        self.stage = Stage::Ended;
        self.message = None;
    }

    /// The fault behind the last event.
    pub(super) fn fault(&self) -> Option<ErrorKind> {
        match self.stage {
            Stage::Faulty(kind) => Some(kind),
            _ => None,
        }
    }

    /// Whether what follows is thrown away.
    pub(super) fn has_ended(&self) -> bool {
        matches!(self.stage, Stage::Ended)
    }

    /// Throws the input away and counts it; returns its length.
    pub(super) fn discard(&mut self, input: &mut &mut [u8]) -> usize {
        let len = mem::take(input).len();
        self.received.add_bytes(len);
        len
    }

    /// Whether neither a frame nor a message has begun.
    #[inline]
    pub(super) fn is_idle(&self) -> bool {
        matches!((&self.stage, &self.message), (Stage::Boundary, None))
    }

    /// The common case in one step: takes an unfragmented message that lies whole in the input of an
    /// [idle](Self::is_idle) receiver. Returns `None` for everything else, faults included, and leaves
    /// it where it is.
    #[inline]
    pub(super) fn take_whole<'i>(
        &mut self,
        input: &mut &'i mut [u8],
        role: Role,
        config: &Config,
    ) -> Option<WholeFrame<'i>> {
        let text = match *input.first()? {
            TEXT => true,
            BINARY => false,
            _ => return None,
        };
        let masked = role == Role::Server;
        let expected =
            Expected { masked, compression: false, limits: &config.incoming, open: None };
        let (header, start) = Header::decode(input, expected).ok()??;
        let end = start.checked_add(usize::try_from(header.len).ok()?)?;
        if input.len() < end {
            return None;
        }
        let (frame, rest) = mem::take(input).split_at_mut(end);
        *input = rest;
        let payload = &mut frame[start..];
        if let Some(key) = header.key {
            mask::apply(payload, key);
        }
        self.received.add_frame(end);
        Some(WholeFrame { text, payload })
    }

    /// Lends the payload of an unfragmented message; `None` if it is text that is not UTF-8.
    #[inline]
    pub(super) fn lend<'i>(
        &mut self,
        WholeFrame { text, payload }: WholeFrame<'i>,
        delivery: Delivery,
    ) -> Option<Event<'i>> {
        let chunked = delivery == Delivery::Chunked;
        if !text {
            self.received.add_message();
            let data = Cow::Borrowed(payload);
            return match chunked {
                true => Some(Event::BinaryChunk { data, fin: true }),
                false => Some(Event::Binary(data)),
            };
        }
        let text = utf8::complete(payload)?;
        self.received.add_message();
        let data = Cow::Borrowed(text);
        match chunked {
            true => Some(Event::TextChunk { data, fin: true }),
            false => Some(Event::Text(data)),
        }
    }

    /// Receives a message that could not be [lent](Self::lend).
    #[cold]
    pub(super) fn receive_invalid<'i>(
        &mut self,
        frame: WholeFrame<'i>,
        delivery: Delivery,
    ) -> Result<Option<Event<'i>>, ErrorKind> {
        match delivery {
            Delivery::Chunked => self.piece_received(Piece::of_invalid_text(frame.payload)),
            Delivery::Whole => Err(ErrorKind::InvalidUtf8),
        }
    }

    /// Takes bytes from the front of `input` until they make an event: everything that
    /// [`take_whole`](Self::take_whole) leaves.
    ///
    /// # Errors
    ///
    /// What is wrong with them: the connection has to fail. Behind an event it is the
    /// [`fault`](Self::fault).
    pub(super) fn receive<'i>(
        &mut self,
        input: &mut &'i mut [u8],
        mut context: Context<'_>,
    ) -> Result<Option<Event<'i>>, ErrorKind> {
        let before = input.len();
        let result = self.step_to_event(input, &mut context);
        self.received.add_bytes(before - input.len());
        result
    }

    #[inline]
    fn step_to_event<'i>(
        &mut self,
        input: &mut &'i mut [u8],
        context: &mut Context<'_>,
    ) -> Result<Option<Event<'i>>, ErrorKind> {
        loop {
            let mut frame = match &self.stage {
                Stage::Payload(frame) => *frame,
                Stage::Boundary | Stage::Header(_) => match self.receive_header(input, context)? {
                    Some(frame) => frame,
                    None => return Ok(None),
                },
                Stage::Control(_) => return self.continue_control(input),
                Stage::Faulty(_) | Stage::Ended => return Ok(None),
            };
            let leaves = || {
                context.unfinished == Unfinished::Leave
                    && self.gathers(&frame, context.config.delivery)
            };
            if frame.remaining() > input.len() as u64 && (input.is_empty() || leaves()) {
                self.stage = Stage::Payload(frame);
                return Ok(None);
            }

            self.stage = Stage::Boundary;
            if frame.opcode().is_control() {
                return self.receive_control(frame, input);
            }
            let event = self.receive_data(&mut frame, input, context)?;
            if frame.remaining() == 0 {
                self.received.add_frame(0);
            } else if let Stage::Boundary = self.stage {
                self.stage = Stage::Payload(frame);
            }
            if event.is_some() || input.is_empty() {
                return Ok(event);
            }
        }
    }

    #[inline]
    fn receive_header(
        &mut self,
        input: &mut &mut [u8],
        context: &Context<'_>,
    ) -> Result<Option<FrameProgress>, ErrorKind> {
        let expected = Expected {
            masked: context.role == Role::Server,
            compression: context.extension.is_some(),
            limits: &context.config.incoming,
            open: self.message.as_ref().map(|message| message.open()),
        };
        if let Stage::Boundary = self.stage {
            if let Some(header) = Header::take(input, expected) {
                return Ok(Some(self.begin_frame(header)));
            }
            if input.is_empty() {
                return Ok(None);
            }
            self.stage = Stage::Header(PartialHeader::default());
        }
        let Stage::Header(header) = &mut self.stage else { return Ok(None) };
        let header = header.take(input, expected)?;
        Ok(header.map(|header| self.begin_frame(header)))
    }

    #[inline]
    fn begin_frame(&mut self, header: Header) -> FrameProgress {
        let frame = FrameProgress::from(header);
        if let (Opcode::Continuation, Some(message)) = (frame.opcode(), &mut self.message) {
            message.continue_with(&frame);
        }
        frame
    }

    /// Takes what the input has of a data frame's payload.
    #[inline]
    fn receive_data<'i>(
        &mut self,
        frame: &mut FrameProgress,
        input: &mut &'i mut [u8],
        context: &mut Context<'_>,
    ) -> Result<Option<Event<'i>>, ErrorKind> {
        let whole = frame.remaining() <= input.len() as u64;
        let message = match &mut self.message {
            Some(message) => message,
            None if whole && frame.is_last() && !frame.is_compressed() => {
                let text = frame.opcode() == Opcode::Text;
                let payload = frame.take(input, usize::MAX).unmask();
                let frame = WholeFrame { text, payload };
                return match self.lend(frame, context.config.delivery) {
                    Some(event) => Ok(Some(event)),
                    None => self.receive_invalid(frame, context.config.delivery),
                };
            }
            none => none.insert(Box::new(PartialMessage::new(frame, context.config.delivery))),
        };
        if message.is_in_pieces() {
            return self.receive_piece(frame, input, context);
        }
        let event = message.gather(frame, input)?;
        if frame.ends_message() {
            self.message = None;
            self.received.add_message();
        }
        Ok(event)
    }

    /// Does the same where a payload is inflated, or lent as it arrives.
    #[inline(never)]
    fn receive_piece<'i>(
        &mut self,
        frame: &mut FrameProgress,
        input: &mut &'i mut [u8],
        context: &mut Context<'_>,
    ) -> Result<Option<Event<'i>>, ErrorKind> {
        let Some(message) = &mut self.message else { return Ok(None) };
        let piece = message.receive_piece(frame, input, context);
        if frame.ends_message() && piece.fault.is_none() {
            self.message = None;
            self.received.add_message();
        }
        self.piece_received(piece)
    }

    fn piece_received<'i>(
        &mut self,
        Piece { event, fault }: Piece<'i>,
    ) -> Result<Option<Event<'i>>, ErrorKind> {
        match (event, fault) {
            (None, Some(kind)) => Err(kind),
            (event, None) => Ok(event),
            (event, Some(kind)) => {
                self.stage = Stage::Faulty(kind);
                Ok(event)
            }
        }
    }

    fn receive_control<'i>(
        &mut self,
        mut frame: FrameProgress,
        input: &mut &'i mut [u8],
    ) -> Result<Option<Event<'i>>, ErrorKind> {
        let payload = frame.take(input, usize::MAX).unmask();
        if frame.remaining() > 0 {
            self.stage = Stage::Control(Box::new(PartialControl::new(frame, payload)?));
            return Ok(None);
        }
        Ok(Some(self.control_received(control::event(frame.opcode(), Cow::Borrowed(payload))?)))
    }

    fn continue_control<'i>(
        &mut self,
        input: &mut &mut [u8],
    ) -> Result<Option<Event<'i>>, ErrorKind> {
        let Stage::Control(control) = &mut self.stage else { return Ok(None) };
        let Some(event) = control.receive(input)? else { return Ok(None) };
        self.stage = Stage::Boundary;
        Ok(Some(self.control_received(event)))
    }

    fn control_received<'i>(&mut self, event: Event<'i>) -> Event<'i> {
        self.received.add_frame(0);
        // RFC 6455 §5.5.1: data after a Close frame is not processed.
        if let Event::Close(_) = event {
            self.end();
        }
        event
    }
}
