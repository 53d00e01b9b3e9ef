//! The frame header on the wire (RFC 6455 §5.2).
//!
//! ```text
//! FIN RSV1-3 opcode(4) | MASK length(7) | 0, 2 or 8 bytes of length | 0 or 4 bytes of key
//! ```

use crate::config::Limits;
use crate::error::ErrorKind;
use crate::mask::Key;

pub(crate) const FIN: u8 = 0x80;
pub(crate) const MASKED: u8 = 0x80;
/// RSV1: the message is compressed (RFC 7692 §6).
pub(crate) const COMPRESSED: u8 = 0x40;
const RSV: u8 = 0x70;
const OPCODE: u8 = 0x0F;

/// The longest header: two bytes, eight of length, four of key.
pub(crate) const MAX_HEADER: usize = 14;
/// The most a control frame can carry (RFC 6455 §5.5).
pub(crate) const MAX_CONTROL: usize = 125;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Opcode {
    Continuation = 0x0,
    Text = 0x1,
    Binary = 0x2,
    Close = 0x8,
    Ping = 0x9,
    Pong = 0xA,
}

impl Opcode {
    fn from_bits(bits: u8) -> Option<Self> {
        Some(match bits {
            0x0 => Self::Continuation,
            0x1 => Self::Text,
            0x2 => Self::Binary,
            0x8 => Self::Close,
            0x9 => Self::Ping,
            0xA => Self::Pong,
            _ => return None,
        })
    }

    pub(crate) fn is_control(self) -> bool {
        self as u8 & 0x8 != 0
    }
}

/// A header that has passed every check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) fin: bool,
    pub(crate) opcode: Opcode,
    pub(crate) compressed: bool,
    pub(crate) key: Option<Key>,
    pub(crate) len: u64,
}

/// What the connection's state makes of a header.
#[derive(Clone, Copy)]
pub(crate) struct Expected<'c> {
    /// Frames of clients are masked, frames of servers are not (RFC 6455 §5.1).
    pub(crate) masked: bool,
    /// Whether messages may be compressed.
    pub(crate) compression: bool,
    pub(crate) limits: &'c Limits,
    /// The message that fragments would continue.
    pub(crate) open: Option<OpenMessage>,
}

#[derive(Clone, Copy)]
pub(crate) struct OpenMessage {
    /// Its payload so far, as it is on the wire.
    pub(crate) size: u64,
    pub(crate) compressed: bool,
    pub(crate) fragments: u32,
}

/// A header as it arrives, byte by byte; each byte is judged when it comes.
#[derive(Clone, Copy, Default)]
pub(crate) struct PartialHeader {
    bytes: [u8; MAX_HEADER],
    len: u8,
}

impl PartialHeader {
    /// Takes the next byte; returns the header when it is complete.
    pub(crate) fn push(
        &mut self,
        byte: u8,
        expected: Expected<'_>,
    ) -> Result<Option<Header>, ErrorKind> {
        self.bytes[usize::from(self.len)] = byte;
        self.len += 1;
        match self.len {
            1 => check_first(byte, expected).map(|()| None),
            2 => check_second(self.bytes[0], byte, expected.masked)
                .and_then(|()| self.check_length(expected)),
            _ => self.check_length(expected),
        }
    }

    /// Judges the length by its bytes so far: they bound what it can still become.
    fn check_length(&mut self, expected: Expected<'_>) -> Result<Option<Header>, ErrorKind> {
        let [first, second, ..] = self.bytes;
        let (width, minimum) = match second & !MASKED {
            126 => (2, 126),
            127 => (8, 1 << 16),
            _ => (0, 0),
        };
        let arrived = usize::from(self.len) - 2;
        let (least, most) = if width == 0 {
            let len = u64::from(second & !MASKED);
            (len, len)
        } else {
            let length = &self.bytes[2..2 + arrived.min(width)];
            let known = length.iter().fold(0, |value, byte| value << 8 | u64::from(*byte));
            let open_bits = 8 * (width - length.len()) as u32;
            let open = u64::MAX.checked_shr(64 - open_bits).unwrap_or(0);
            (
                known.checked_shl(open_bits).unwrap_or(0),
                known.checked_shl(open_bits).unwrap_or(0) | open,
            )
        };

        if least >> 63 == 1 {
            return Err(ErrorKind::LengthTopBit);
        }
        if most < minimum {
            return Err(ErrorKind::LengthNotMinimal);
        }
        let opcode = Opcode::from_bits(first & OPCODE).ok_or(ErrorKind::UnknownOpcode)?;
        if !opcode.is_control() {
            check_size(first, least.max(minimum), expected)?;
        }

        let masked = second & MASKED != 0;
        let key_at = 2 + width;
        let complete = key_at + if masked { 4 } else { 0 };
        if usize::from(self.len) < complete {
            return Ok(None);
        }
        let key = masked.then(|| {
            let mut key = [0; 4];
            key.copy_from_slice(&self.bytes[key_at..complete]);
            key
        });
        self.len = 0;
        Ok(Some(Header {
            fin: first & FIN != 0,
            opcode,
            compressed: first & COMPRESSED != 0,
            key,
            len: least,
        }))
    }
}

fn check_first(byte: u8, expected: Expected<'_>) -> Result<(), ErrorKind> {
    let opcode = Opcode::from_bits(byte & OPCODE);
    // RFC 7692 §6: only on the first frame of a message.
    let compressible = matches!(opcode, Some(Opcode::Text | Opcode::Binary));
    let allowed = if expected.compression && compressible { COMPRESSED } else { 0 };
    if byte & RSV & !allowed != 0 {
        return Err(ErrorKind::ReservedBit);
    }
    let opcode = opcode.ok_or(ErrorKind::UnknownOpcode)?;
    match opcode {
        _ if opcode.is_control() => match byte & FIN {
            0 => Err(ErrorKind::FragmentedControl),
            _ => Ok(()),
        },
        Opcode::Continuation => match expected.open {
            None => Err(ErrorKind::UnexpectedContinuation),
            Some(open) if open.fragments >= expected.limits.max_fragments => {
                Err(ErrorKind::TooManyFragments)
            }
            Some(_) => Ok(()),
        },
        _ => match expected.open {
            Some(_) => Err(ErrorKind::ContinuationExpected),
            None => Ok(()),
        },
    }
}

fn check_second(first: u8, second: u8, masked: bool) -> Result<(), ErrorKind> {
    match (masked, second & MASKED != 0) {
        (true, false) => return Err(ErrorKind::MaskMissing),
        (false, true) => return Err(ErrorKind::MaskUnexpected),
        _ => {}
    }
    let opcode = Opcode::from_bits(first & OPCODE);
    let len = second & !MASKED;
    match opcode {
        Some(opcode) if opcode.is_control() && usize::from(len) > MAX_CONTROL => {
            Err(ErrorKind::ControlTooLong)
        }
        // A code takes two bytes (RFC 6455 §5.5.1).
        Some(Opcode::Close) if len == 1 => Err(ErrorKind::InvalidCloseLength),
        _ => Ok(()),
    }
}

fn check_size(first: u8, least: u64, expected: Expected<'_>) -> Result<(), ErrorKind> {
    let limits = expected.limits;
    if least > limits.max_frame_size as u64 {
        return Err(ErrorKind::FrameTooBig);
    }
    let size = expected.open.map_or(0, |open| open.size);
    let compressed = first & COMPRESSED != 0 || expected.open.is_some_and(|open| open.compressed);
    let max = limits.max_message_size as u64;
    // A compressed message is measured when it is inflated. Here it may be larger by what DEFLATE
    // adds to data that cannot be compressed, so that empty blocks have a limit too.
    let max = if compressed { max.saturating_add(max / 64 + 64) } else { max };
    match size.checked_add(least) {
        Some(total) if total <= max => Ok(()),
        _ => Err(ErrorKind::MessageTooBig),
    }
}

/// Gives the minimal header for a payload of `len` bytes to `sink`. `first`: FIN, reserved bits,
/// opcode. Each form is an array of its own, so that appending it takes one store or two.
#[inline(always)]
pub(crate) fn encode_header<R>(
    first: u8,
    len: usize,
    key: Option<Key>,
    sink: impl FnOnce(&[u8]) -> R,
) -> R {
    match (len, key) {
        (0..=125, None) => sink(&[first, len as u8]),
        (0..=125, Some([k, e, y, s])) => sink(&[first, MASKED | len as u8, k, e, y, s]),
        (126..=0xFFFF, None) => {
            let [a, b] = (len as u16).to_be_bytes();
            sink(&[first, 126, a, b])
        }
        (126..=0xFFFF, Some([k, e, y, s])) => {
            let [a, b] = (len as u16).to_be_bytes();
            sink(&[first, MASKED | 126, a, b, k, e, y, s])
        }
        (_, None) => {
            let [a, b, c, d, e, f, g, h] = (len as u64).to_be_bytes();
            sink(&[first, 127, a, b, c, d, e, f, g, h])
        }
        (_, Some([k, e, y, s])) => {
            let mut header = [first, MASKED | 127, 0, 0, 0, 0, 0, 0, 0, 0, k, e, y, s];
            header[2..10].copy_from_slice(&(len as u64).to_be_bytes());
            sink(&header)
        }
    }
}

/// A header ready to be written.
#[derive(Clone, Copy, Debug)]
pub(crate) struct EncodedHeader {
    bytes: [u8; MAX_HEADER],
    len: u8,
}

impl EncodedHeader {
    /// See [`encode_header`].
    pub(crate) fn new(first: u8, len: usize, key: Option<Key>) -> Self {
        encode_header(first, len, key, |header| {
            let mut bytes = [0; MAX_HEADER];
            bytes[..header.len()].copy_from_slice(header);
            Self { bytes, len: header.len() as u8 }
        })
    }

    #[inline]
    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.bytes[..usize::from(self.len)]
    }
}
