//! Control frames (RFC 6455 §5.5).

use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::string::String;

use super::Connection;
use super::partial::FrameProgress;
use crate::close::{Close, CloseCode};
use crate::error::{Error, ErrorKind};
use crate::event::Event;
use crate::frame::{MAX_CONTROL, Opcode};
use crate::utf8;

/// The payload of a control frame that spans inputs.
pub(super) struct PartialControl {
    bytes: [u8; MAX_CONTROL],
    len: u8,
}

impl PartialControl {
    const EMPTY: Self = Self { bytes: [0; MAX_CONTROL], len: 0 };

    fn push(&mut self, piece: &[u8]) {
        let start = usize::from(self.len);
        self.bytes[start..start + piece.len()].copy_from_slice(piece);
        self.len += piece.len() as u8;
    }

    fn as_bytes(&self) -> &[u8] {
        &self.bytes[..usize::from(self.len)]
    }
}

impl Connection {
    pub(super) fn receive_control<'i>(
        &mut self,
        frame: &mut FrameProgress,
        input: &mut &'i mut [u8],
    ) -> Result<Option<Event<'i>>, Error> {
        let piece = frame.take(input, usize::MAX).unmask();
        let complete = frame.remaining == 0;
        let payload = match self.receiver.control.take() {
            None if complete => Cow::Borrowed(piece),
            partial => {
                let mut control = partial.unwrap_or_else(|| Box::new(PartialControl::EMPTY));
                control.push(piece);
                if !complete {
                    if frame.opcode == Opcode::Close {
                        check_close(control.as_bytes(), false).map_err(|kind| self.fail(kind))?;
                    }
                    self.receiver.control = Some(control);
                    return Ok(None);
                }
                Cow::Owned(control.as_bytes().to_vec())
            }
        };

        match frame.opcode {
            Opcode::Close => {
                let close = parse_close(payload).map_err(|kind| self.fail(kind))?;
                self.receiver.end();
                self.closing.receive_close(close.clone().into_owned(), &self.config);
                self.follow_closing();
                Ok(Some(Event::Close(close)))
            }
            Opcode::Ping => {
                if self.config.automatic_pong && !self.closing.has_begun() {
                    self.sender.answer_ping(&payload);
                }
                Ok(Some(Event::Ping(payload)))
            }
            _ => {
                self.keep_alive.receive_pong(&payload, &self.config);
                Ok(Some(Event::Pong(payload)))
            }
        }
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
