//! Bytes in, events out (RFC 6455 §5 and §6.2).

use alloc::boxed::Box;
use core::mem;

use super::control::PartialControl;
use super::partial::{FrameProgress, Partial};
use super::{Connection, Side};
use crate::error::{Error, ErrorKind};
use crate::event::Event;
use crate::frame::{Expected, FIN, Header, MASKED, Opcode, PartialHeader};
use crate::mask;

const TEXT: u8 = FIN | Opcode::Text as u8;
const BINARY: u8 = FIN | Opcode::Binary as u8;

/// Where in the stream of frames the next byte belongs.
#[derive(Default)]
pub(super) struct Receiver {
    stage: Stage,
    header: PartialHeader,
    frame: Option<FrameProgress>,
    pub(super) message: Option<Box<Partial>>,
    pub(super) control: Option<Box<PartialControl>>,
    error: Option<Error>,
    eof: bool,
    /// Bytes thrown away since the error.
    drained: u64,
}

/// ```text
/// Boundary ──► Header ──► Payload ──► Boundary | Header (inside a fragmented message)
///     any ──► Closed (a Close frame came) | Failed
/// ```
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Stage {
    /// Between messages: the only stage in which a frame is taken in one step.
    #[default]
    Boundary,
    Header,
    Payload,
    Closed,
    Failed,
}

impl Receiver {
    pub(super) fn error(&self) -> Option<Error> {
        self.error
    }

    pub(super) fn eof(&self) -> bool {
        self.eof
    }

    pub(super) fn drained(&self) -> u64 {
        self.drained
    }

    /// Whether nothing more will come that matters.
    pub(super) fn ended(&self) -> bool {
        self.eof || self.error.is_some()
    }

    pub(super) fn fail(&mut self, error: Error) {
        self.error = Some(error);
        self.stage = Stage::Failed;
        self.frame = None;
        self.message = None;
        self.control = None;
    }

    /// Ignores what follows the peer's Close frame.
    pub(super) fn close(&mut self) {
        self.stage = Stage::Closed;
        self.message = None;
    }
}

impl Connection {
    /// Takes bytes from the front of `input` until they make an event.
    ///
    /// The input is unmasked in place and an event borrows from it, not from the connection, so
    /// replies can be sent while the event is held. `Ok(None)`: the input is used up; call again
    /// when the socket has given more, or [`receive_eof`](Self::receive_eof) when it has ended.
    ///
    /// # Errors
    ///
    /// The peer broke the protocol or a limit. All that came before was returned as events; the
    /// Close frame that tells the peer is owed ([`poll_transmit`](Self::poll_transmit)); further
    /// input is counted and thrown away. After the peer's Close frame whatever follows is ignored
    /// (RFC 6455 §5.5.1).
    #[inline]
    pub fn receive<'i>(&mut self, input: &mut &'i mut [u8]) -> Result<Option<Event<'i>>, Error> {
        if self.receiver.stage == Stage::Boundary {
            if let Some(frame) = self.whole_frame(input) {
                return self.lend(frame).map(Some);
            }
        }
        self.receive_in_steps(input)
    }

    /// Says that the peer's byte stream has ended.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::UnexpectedEof`] if no Close frame had come (RFC 6455 §7.1.5: code 1006), or
    /// the error that had ended the connection before.
    pub fn receive_eof(&mut self) -> Result<(), Error> {
        self.receiver.eof = true;
        if self.closing.as_ref().is_none_or(|closing| closing.facts.received.is_none()) {
            self.fail(ErrorKind::UnexpectedEof);
        }
        self.receiver.error.map_or(Ok(()), Err)
    }

    /// How many bytes the frame in progress still lacks: a hint for the size of the next read.
    /// It is the peer's claim, so allocate nothing by it.
    pub fn frame_remaining(&self) -> u64 {
        self.receiver.frame.map_or(0, |frame| frame.remaining)
    }

    /// How much of the message in progress may still come: any amount unless this is its last frame.
    pub(super) fn message_remaining(&self) -> u64 {
        match self.receiver.frame {
            Some(frame) if frame.fin => frame.remaining,
            _ => u64::MAX,
        }
    }

    /// The common case in one step: an unfragmented message that lies whole in the input. Returns
    /// `None` for everything else, faults included, and leaves it where it is.
    #[inline]
    fn whole_frame<'i>(&mut self, input: &mut &'i mut [u8]) -> Option<WholeFrame<'i>> {
        let [first, second, rest @ ..] = &**input else { return None };
        let text = match *first {
            TEXT => true,
            BINARY => false,
            _ => return None,
        };
        let masked = matches!(self.side, Side::Server);
        if (second & MASKED != 0) != masked {
            return None;
        }
        let (header, len): (usize, usize) = match second & !MASKED {
            126 => match u16::from_be_bytes(*rest.first_chunk()?) {
                0..126 => return None,
                len => (4, usize::from(len)),
            },
            127 => match u64::from_be_bytes(*rest.first_chunk()?) {
                0..=0xFFFF => return None,
                len => (10, usize::try_from(len).ok()?),
            },
            len => (2, usize::from(len)),
        };
        let limits = &self.config.incoming;
        if len > limits.max_frame_size || len > limits.max_message_size {
            return None;
        }
        let start = if masked { header + 4 } else { header };
        let end = start.checked_add(len)?;
        if input.len() < end {
            return None;
        }

        let (frame, rest) = mem::take(input).split_at_mut(end);
        *input = rest;
        let (header, payload) = frame.split_at_mut(start);
        if let (true, Some(key)) = (masked, header.last_chunk()) {
            mask::apply(payload, *key);
        }
        self.counters.received.bytes += end as u64;
        self.counters.received.frames += 1;
        Some(WholeFrame { text, payload })
    }

    /// Everything else: frames that span inputs, fragments, control frames, faults.
    #[inline(never)]
    fn receive_in_steps<'i>(
        &mut self,
        input: &mut &'i mut [u8],
    ) -> Result<Option<Event<'i>>, Error> {
        let before = input.len();
        let result = self.step_to_event(input);
        self.counters.received.bytes += (before - input.len()) as u64;
        result
    }

    fn step_to_event<'i>(&mut self, input: &mut &'i mut [u8]) -> Result<Option<Event<'i>>, Error> {
        loop {
            match self.receiver.stage {
                Stage::Boundary | Stage::Header => {
                    let Some((byte, rest)) = mem::take(input).split_first_mut() else {
                        return Ok(None);
                    };
                    *input = rest;
                    self.receive_header_byte(*byte)?;
                }
                Stage::Payload => {
                    if let Some(event) = self.receive_payload(input)? {
                        return Ok(Some(event));
                    }
                    if input.is_empty() && self.receiver.stage == Stage::Payload {
                        return Ok(None);
                    }
                }
                // RFC 6455 §5.5.1: data after a Close frame is not processed.
                Stage::Closed => {
                    *input = &mut [];
                    return Ok(None);
                }
                Stage::Failed => {
                    self.receiver.drained += input.len() as u64;
                    *input = &mut [];
                    return self.receiver.error.map_or(Ok(None), Err);
                }
            }
        }
    }

    fn receive_header_byte(&mut self, byte: u8) -> Result<(), Error> {
        let receiver = &mut self.receiver;
        receiver.stage = Stage::Header;
        let expected = Expected {
            masked: matches!(self.side, Side::Server),
            compression: self.extension.is_some(),
            limits: &self.config.incoming,
            open: receiver.message.as_ref().map(|message| message.open()),
        };
        match receiver.header.push(byte, expected) {
            Ok(None) => {}
            Ok(Some(header)) => self.begin_frame(header),
            Err(kind) => return Err(self.fail(kind)),
        }
        Ok(())
    }

    fn begin_frame(&mut self, header: Header) {
        let Header { fin, opcode, compressed, key, len } = header;
        if let (Opcode::Continuation, Some(message)) = (opcode, &mut self.receiver.message) {
            message.size += len;
            message.fragments += 1;
        }
        self.receiver.frame = Some(FrameProgress { opcode, fin, compressed, key, remaining: len });
        self.receiver.stage = Stage::Payload;
    }

    /// Takes what the input has of the current frame's payload.
    fn receive_payload<'i>(
        &mut self,
        input: &mut &'i mut [u8],
    ) -> Result<Option<Event<'i>>, Error> {
        let Some(frame) = self.receiver.frame else { return Ok(None) };
        if input.is_empty() && frame.remaining > 0 {
            return Ok(None);
        }
        if frame.opcode.is_control() {
            return self.receive_control(frame, input);
        }
        self.receive_data(frame, input)
    }

    /// Splits off at most `max` bytes of the current frame's payload as they are on the wire; says
    /// whether they are the last ones of their message.
    pub(super) fn take_masked<'i>(
        &mut self,
        input: &mut &'i mut [u8],
        max: usize,
    ) -> (&'i mut [u8], bool) {
        let Some(frame) = &mut self.receiver.frame else { return (&mut [], false) };
        let available = input.len().min(max);
        let len = usize::try_from(frame.remaining).map_or(available, |left| left.min(available));
        let (piece, rest) = mem::take(input).split_at_mut(len);
        *input = rest;
        frame.remaining -= len as u64;
        frame.key = frame.key.map(|key| mask::rotate(key, len));
        (piece, frame.fin && frame.remaining == 0)
    }

    pub(super) fn take_unmasked<'i>(
        &mut self,
        input: &mut &'i mut [u8],
        max: usize,
    ) -> (&'i mut [u8], bool) {
        let key = self.receiver.frame.and_then(|frame| frame.key);
        let (piece, last) = self.take_masked(input, max);
        if let Some(key) = key {
            mask::apply(piece, key);
        }
        (piece, last)
    }

    /// Leaves the current frame if its payload is complete, and its message if that is.
    pub(super) fn end_frame(&mut self) {
        let receiver = &mut self.receiver;
        let Some(frame) = receiver.frame.take_if(|frame| frame.remaining == 0) else { return };
        self.counters.received.frames += 1;
        if frame.fin && !frame.opcode.is_control() && receiver.message.take().is_some() {
            self.counters.received.messages += 1;
        }
        receiver.stage = match receiver.message {
            Some(_) => Stage::Header,
            None => Stage::Boundary,
        };
    }
}

/// An unfragmented message, unmasked, its text not yet checked.
pub(super) struct WholeFrame<'i> {
    pub(super) text: bool,
    pub(super) payload: &'i [u8],
}
