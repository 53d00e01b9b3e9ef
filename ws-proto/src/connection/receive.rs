//! Bytes in, events out (RFC 6455 §5 and §6.2).

use alloc::boxed::Box;
use core::mem;

use super::control::PartialControl;
use super::partial::{FrameProgress, Partial};
use super::{Connection, Role};
use crate::error::Error;
use crate::event::Event;
use crate::frame::{Expected, FIN, Header, Opcode, PartialHeader};
use crate::mask;

const TEXT: u8 = FIN | Opcode::Text as u8;
const BINARY: u8 = FIN | Opcode::Binary as u8;

/// Where in the stream of frames the next byte belongs.
#[derive(Default)]
pub(super) struct Receiver {
    stage: Stage,
    pub(super) message: Option<Box<Partial>>,
    pub(super) control: Option<Box<PartialControl>>,
}

/// ```text
/// Boundary ──► Header ──► Payload ──► Boundary
///     any ──► Ended (a Close frame arrived, or the connection failed)
/// ```
#[derive(Default)]
enum Stage {
    /// Between frames. A frame that lies whole in the input leaves it so.
    #[default]
    Boundary,
    /// Inside a header that is cut.
    Header(PartialHeader),
    /// Inside a payload that is cut.
    Payload(FrameProgress),
    Ended,
}

impl Receiver {
    /// Throws away what follows: the peer's Close frame has arrived, or the connection has failed.
    pub(super) fn end(&mut self) {
        self.stage = Stage::Ended;
        self.message = None;
        self.control = None;
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
        if let (Stage::Boundary, None) = (&self.receiver.stage, &self.receiver.message) {
            if let Some(frame) = self.whole_frame(input) {
                return self.lend(frame);
            }
            if input.is_empty() {
                return Ok(None);
            }
        }
        self.receive_in_steps(input)
    }

    /// Says that the peer's byte stream has ended.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::UnexpectedEof`](crate::ErrorKind::UnexpectedEof) if no Close frame had come (RFC 6455 §7.1.5: code 1006), or
    /// the error that had ended the connection before.
    pub fn receive_eof(&mut self) -> Result<(), Error> {
        if let Err(kind) = self.closing.receive_eof() {
            self.fail(kind);
        }
        self.error().map_or(Ok(()), Err)
    }

    /// How many bytes the frame in progress still lacks: a hint for the size of the next read.
    /// It is the peer's claim, so allocate nothing by it.
    pub fn frame_remaining(&self) -> u64 {
        match &self.receiver.stage {
            Stage::Payload(frame) => frame.remaining,
            _ => 0,
        }
    }

    /// The common case in one step: an unfragmented message that lies whole in the input. Returns
    /// `None` for everything else, faults included, and leaves it where it is.
    #[inline]
    fn whole_frame<'i>(&mut self, input: &mut &'i mut [u8]) -> Option<WholeFrame<'i>> {
        let text = match *input.first()? {
            TEXT => true,
            BINARY => false,
            _ => return None,
        };
        let masked = self.role() == Role::Server;
        let expected =
            Expected { masked, compression: false, limits: &self.config.incoming, open: None };
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

    /// Everything else: frames that span inputs, fragments, control frames, faults.
    #[inline(never)]
    fn receive_in_steps<'i>(
        &mut self,
        input: &mut &'i mut [u8],
    ) -> Result<Option<Event<'i>>, Error> {
        let before = input.len();
        let result = self.step_to_event(input);
        self.received.add_bytes(before - input.len());
        result
    }

    fn step_to_event<'i>(&mut self, input: &mut &'i mut [u8]) -> Result<Option<Event<'i>>, Error> {
        loop {
            let mut frame = match &self.receiver.stage {
                Stage::Payload(frame) => *frame,
                Stage::Boundary | Stage::Header(_) => match self.receive_header(input)? {
                    Some(header) => self.begin_frame(header),
                    None => return Ok(None),
                },
                // RFC 6455 §5.5.1: data after a Close frame is not processed.
                Stage::Ended => return self.closing.drain(mem::take(input).len()).map(|()| None),
            };
            if input.is_empty() && frame.remaining > 0 {
                self.receiver.stage = Stage::Payload(frame);
                return Ok(None);
            }

            self.receiver.stage = Stage::Boundary;
            let event = match frame.opcode.is_control() {
                true => self.receive_control(&mut frame, input)?,
                false => self.receive_data(&mut frame, input)?,
            };
            if frame.remaining == 0 {
                self.received.add_frame(0);
            } else if let Stage::Boundary = self.receiver.stage {
                self.receiver.stage = Stage::Payload(frame);
            }
            if event.is_some() {
                return Ok(event);
            }
        }
    }

    #[inline]
    fn receive_header(&mut self, input: &mut &mut [u8]) -> Result<Option<Header>, Error> {
        let receiver = &mut self.receiver;
        let expected = Expected {
            masked: self.sender.role() == Role::Server,
            compression: self.extension.is_some(),
            limits: &self.config.incoming,
            open: receiver.message.as_ref().map(|message| message.open()),
        };
        if let Stage::Boundary = receiver.stage {
            if let Some(header) = Header::take(input, expected) {
                return Ok(Some(header));
            }
            if input.is_empty() {
                return Ok(None);
            }
            receiver.stage = Stage::Header(PartialHeader::default());
        }
        let Stage::Header(header) = &mut receiver.stage else { return Ok(None) };
        header.take(input, expected).map_err(|kind| self.fail(kind))
    }

    #[inline]
    fn begin_frame(&mut self, header: Header) -> FrameProgress {
        let Header { fin, opcode, compressed, key, len } = header;
        if let (Opcode::Continuation, Some(message)) = (opcode, &mut self.receiver.message) {
            message.size += len;
            message.fragments += 1;
        }
        FrameProgress { opcode, fin, compressed, key, remaining: len }
    }
}

/// An unfragmented message, unmasked, its text not yet checked.
pub(super) struct WholeFrame<'i> {
    pub(super) text: bool,
    pub(super) payload: &'i [u8],
}
