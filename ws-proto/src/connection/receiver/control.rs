//! Control frames (RFC 6455 §5.5).

use alloc::borrow::Cow;
use alloc::string::String;

use super::frame_progress::FrameProgress;
use crate::close::Close;
use crate::close_code::CloseCode;
use crate::error::ErrorKind;
use crate::event::Event;
use crate::frame::{MAX_CONTROL, Opcode};
use crate::utf8;

/// A control frame of which the payload is cut.
pub(super) struct PartialControl {
    frame: FrameProgress,
    payload: [u8; MAX_CONTROL],
    len: u8,
}

impl PartialControl {
    /// A frame of which `payload` has arrived.
    ///
    /// # Errors
    ///
    /// The fault that the payload shows so far.
    pub(super) fn new(frame: FrameProgress, payload: &[u8]) -> Result<Self, ErrorKind> {
        let mut control = Self { frame, payload: [0; MAX_CONTROL], len: 0 };
        control.push(payload);
        control.check()?;
        Ok(control)
    }

    /// The bytes of the payload that have not arrived.
    pub(super) fn remaining(&self) -> u64 {
        self.frame.remaining()
    }

    /// Takes more of the payload; returns the event if it is complete.
    ///
    /// # Errors
    ///
    /// The fault that the payload shows so far.
    pub(super) fn receive(
        &mut self,
        input: &mut &mut [u8],
    ) -> Result<Option<Event<'static>>, ErrorKind> {
        let piece = self.frame.take(input, usize::MAX).unmask();
        self.push(piece);
        if self.remaining() > 0 {
            self.check()?;
            return Ok(None);
        }
        event(self.frame.opcode(), Cow::Owned(self.payload().to_vec())).map(Some)
    }

    /// Appends bytes: no more than fit, since the header claimed no more.
    fn push(&mut self, piece: &[u8]) {
        let start = usize::from(self.len);
        self.payload[start..start + piece.len()].copy_from_slice(piece);
        self.len += piece.len() as u8;
    }

    fn payload(&self) -> &[u8] {
        &self.payload[..usize::from(self.len)]
    }

    fn check(&self) -> Result<(), ErrorKind> {
        match self.frame.opcode() {
            Opcode::Close => check_close(self.payload(), false),
            _ => Ok(()),
        }
    }
}

/// The event of a control frame.
#[inline]
pub(super) fn event(opcode: Opcode, payload: Cow<'_, [u8]>) -> Result<Event<'_>, ErrorKind> {
    match opcode {
        Opcode::Close => parse_close(payload).map(Event::Close),
        Opcode::Ping => Ok(Event::Ping(payload)),
        _ => Ok(Event::Pong(payload)),
    }
}

/// Judges a Close frame's payload, or its beginning (RFC 6455 §5.5.1 and §7.4).
fn check_close(payload: &[u8], complete: bool) -> Result<(), ErrorKind> {
    let sendable = |high, low| CloseCode::new(u16::from_be_bytes([high, low])).is_sendable();
    let (valid, reason) = match *payload {
        [] => return Ok(()),
        [high] => ((0..=u8::MAX).any(|low| sendable(high, low)), &[][..]),
        [high, low, ref reason @ ..] => (sendable(high, low), reason),
    };
    if !valid {
        return Err(ErrorKind::InvalidCloseCode);
    }
    match utf8::prefix(reason) {
        Ok(valid) if valid.len() == reason.len() || !complete => Ok(()),
        _ => Err(ErrorKind::InvalidUtf8),
    }
}

fn parse_close(payload: Cow<'_, [u8]>) -> Result<Close<'_>, ErrorKind> {
    check_close(&payload, true)?;
    let Some((code, _)) = payload.split_first_chunk() else { return Ok(Close::EMPTY) };
    let code = CloseCode::new(u16::from_be_bytes(*code));
    let reason = match payload {
        Cow::Borrowed(bytes) => utf8::complete(&bytes[2..]).map(Cow::Borrowed),
        Cow::Owned(mut bytes) => String::from_utf8(bytes.split_off(2)).ok().map(Cow::Owned),
    };
    Ok(Close { code, reason: reason.ok_or(ErrorKind::InvalidUtf8)? })
}
