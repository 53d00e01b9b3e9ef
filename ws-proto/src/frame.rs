//! The frame header on the wire (RFC 6455 §5.2).
//!
//! ```text
//! FIN RSV1-3 opcode(4) | MASK length(7) | 0, 2 or 8 bytes of length | 0 or 4 bytes of key
//! ```

use core::mem;

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

/// What the state of the connection allows in a header.
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

impl Header {
    /// Takes the header at the front of `input` if it is whole and valid.
    #[inline(always)]
    pub(crate) fn take(input: &mut &mut [u8], expected: Expected<'_>) -> Option<Self> {
        let Ok(Some((header, len))) = Self::decode(input, expected) else { return None };
        *input = &mut mem::take(input)[len..];
        Some(header)
    }

    /// Decodes the header at the beginning of `bytes`; returns how many of them it takes, too, or
    /// `None` if they are the beginning of a valid one.
    ///
    /// # Errors
    ///
    /// A fault that `bytes` show. A prefix of them may show another one.
    #[inline(always)]
    pub(crate) fn decode(
        bytes: &[u8],
        expected: Expected<'_>,
    ) -> Result<Option<(Self, usize)>, ErrorKind> {
        let [first, rest @ ..] = bytes else { return Ok(None) };
        let opcode = check_first(*first, expected)?;
        let [second, rest @ ..] = rest else { return Ok(None) };
        check_second(opcode, *second, expected.masked)?;
        let (length, rest) = match second & !MASKED {
            126 => Length::extended::<2>(rest, 126)?,
            127 => Length::extended::<8>(rest, 1 << 16)?,
            len => (Length { least: u64::from(len), complete: true }, rest),
        };
        let compressed = first & COMPRESSED != 0;
        if !opcode.is_control() {
            check_size(length.least, compressed, expected)?;
        }
        if !length.complete {
            return Ok(None);
        }
        let (key, rest) = match (expected.masked, rest.split_first_chunk()) {
            (false, _) => (None, rest),
            (true, Some((key, rest))) => (Some(*key), rest),
            (true, None) => return Ok(None),
        };
        let header = Self { fin: first & FIN != 0, opcode, compressed, key, len: length.least };
        Ok(Some((header, bytes.len() - rest.len())))
    }
}

/// A length, or the part of it that has arrived.
struct Length {
    /// What it is at least; what it is if it is complete.
    least: u64,
    complete: bool,
}

impl Length {
    /// The `N` bytes of a length that must not be below `minimum`; returns what follows them, too.
    #[inline(always)]
    fn extended<const N: usize>(bytes: &[u8], minimum: u64) -> Result<(Self, &[u8]), ErrorKind> {
        let (least, most, rest) = match bytes.split_first_chunk::<N>() {
            Some((length, rest)) => {
                let len = length.iter().fold(0, |len, byte| len << 8 | u64::from(*byte));
                (len, len, rest)
            }
            None => {
                let (least, most) = bounds::<N>(bytes);
                (least, most, &[][..])
            }
        };
        if least >> 63 == 1 {
            return Err(ErrorKind::LengthTopBit);
        }
        if most < minimum {
            return Err(ErrorKind::LengthNotMinimal);
        }
        Ok((Self { least: least.max(minimum), complete: bytes.len() >= N }, rest))
    }
}

/// The least and the most that a length of `N` bytes can be by those that have arrived.
#[cold]
fn bounds<const N: usize>(arrived: &[u8]) -> (u64, u64) {
    let known = arrived.iter().fold(0, |len, byte| len << 8 | u64::from(*byte));
    let open_bits = 8 * (N - arrived.len()) as u32;
    let open = u64::MAX.checked_shr(64 - open_bits).unwrap_or(0);
    let least = known.checked_shl(open_bits).unwrap_or(0);
    (least, least | open)
}

/// The bytes of a header that is cut.
#[derive(Clone, Copy, Default)]
pub(crate) struct PartialHeader {
    bytes: [u8; MAX_HEADER],
    len: u8,
}

impl PartialHeader {
    /// Takes the bytes of a header from the front of `input`; returns the header if it is complete.
    ///
    /// # Errors
    ///
    /// The fault that shows first. Its byte is the last one taken.
    pub(crate) fn take(
        &mut self,
        input: &mut &mut [u8],
        expected: Expected<'_>,
    ) -> Result<Option<Header>, ErrorKind> {
        let before = usize::from(self.len);
        let len = input.len().min(MAX_HEADER - before);
        let end = before + len;
        let mut bytes = self.bytes;
        bytes[before..end].copy_from_slice(&input[..len]);
        match Header::decode(&bytes[..end], expected) {
            Ok(Some((header, end))) => {
                *input = &mut mem::take(input)[end - before..];
                Ok(Some(header))
            }
            Ok(None) => {
                *input = &mut mem::take(input)[len..];
                *self = Self { bytes, len: end as u8 };
                Ok(None)
            }
            Err(_) => self.take_by_bytes(input, expected),
        }
    }

    /// Does the same byte by byte, so that the fault that shows first is found.
    #[cold]
    fn take_by_bytes(
        &mut self,
        input: &mut &mut [u8],
        expected: Expected<'_>,
    ) -> Result<Option<Header>, ErrorKind> {
        while let Some((byte, rest)) = mem::take(input).split_first_mut() {
            *input = rest;
            self.bytes[usize::from(self.len)] = *byte;
            self.len += 1;
            let arrived = &self.bytes[..usize::from(self.len)];
            if let Some((header, _)) = Header::decode(arrived, expected)? {
                return Ok(Some(header));
            }
        }
        Ok(None)
    }
}

#[inline(always)]
fn check_first(byte: u8, expected: Expected<'_>) -> Result<Opcode, ErrorKind> {
    let opcode = Opcode::from_bits(byte & OPCODE);
    // RFC 7692 §6: only on the first frame of a message.
    let compressible = matches!(opcode, Some(Opcode::Text | Opcode::Binary));
    let allowed = if expected.compression && compressible { COMPRESSED } else { 0 };
    if byte & RSV & !allowed != 0 {
        return Err(ErrorKind::ReservedBit);
    }
    let opcode = opcode.ok_or(ErrorKind::UnknownOpcode)?;
    match (opcode, expected.open) {
        _ if opcode.is_control() => match byte & FIN {
            0 => Err(ErrorKind::FragmentedControl),
            _ => Ok(opcode),
        },
        (Opcode::Continuation, None) => Err(ErrorKind::UnexpectedContinuation),
        (Opcode::Continuation, Some(open)) => {
            match open.fragments < expected.limits.max_fragments {
                true => Ok(opcode),
                false => Err(ErrorKind::TooManyFragments),
            }
        }
        (_, Some(_)) => Err(ErrorKind::ContinuationExpected),
        (_, None) => Ok(opcode),
    }
}

#[inline(always)]
fn check_second(opcode: Opcode, second: u8, masked: bool) -> Result<(), ErrorKind> {
    match (masked, second & MASKED != 0) {
        (true, false) => return Err(ErrorKind::MaskMissing),
        (false, true) => return Err(ErrorKind::MaskUnexpected),
        _ => {}
    }
    match second & !MASKED {
        len if opcode.is_control() && usize::from(len) > MAX_CONTROL => {
            Err(ErrorKind::ControlTooLong)
        }
        // A code takes two bytes (RFC 6455 §5.5.1).
        1 if opcode == Opcode::Close => Err(ErrorKind::InvalidCloseLength),
        _ => Ok(()),
    }
}

/// Checks a payload of at least `least` bytes.
#[inline(always)]
fn check_size(least: u64, compressed: bool, expected: Expected<'_>) -> Result<(), ErrorKind> {
    let limits = expected.limits;
    if least > limits.max_frame_size as u64 {
        return Err(ErrorKind::FrameTooBig);
    }
    let size = expected.open.map_or(0, |open| open.size);
    let compressed = compressed || expected.open.is_some_and(|open| open.compressed);
    let max = limits.max_message_size as u64;
    // A compressed message is measured when it is inflated. Here it may be larger by what DEFLATE
    // adds to data that cannot be compressed, so that empty blocks have a limit too.
    let max = if compressed { max.saturating_add(max / 64 + 64) } else { max };
    match size.checked_add(least) {
        Some(total) if total <= max => Ok(()),
        _ => Err(ErrorKind::MessageTooBig),
    }
}

/// Passes the minimal header for a payload of `len` bytes to `sink`. `first`: FIN, reserved bits,
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

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::*;

    const LIMITS: [Limits; 2] = [
        Limits::incoming(),
        Limits { max_message_size: 300, max_frame_size: 70_000, max_fragments: 2 },
    ];

    /// No message, and some that are limits away.
    fn open_messages() -> impl Iterator<Item = Option<OpenMessage>> {
        let message = |size, compressed, fragments| OpenMessage { size, compressed, fragments };
        let messages = [message(0, false, 1), message(299, false, 2), message(u64::MAX, true, 1)];
        core::iter::once(None).chain(messages.map(Some))
    }

    /// Every first byte, every kind of second byte, and lengths at the edges of their forms.
    fn headers() -> impl Iterator<Item = [u8; MAX_HEADER]> {
        let seconds = [0, 1, 2, 125, 126, 127].into_iter().flat_map(|len| [len, MASKED | len]);
        let lengths =
            [0, 1, 125, 126, 300, 301, 0xFFFF, 1 << 16, 70_000, 1 << 24, 1 << 40, 1 << 63];
        (0..=u8::MAX).flat_map(move |first| {
            seconds.clone().flat_map(move |second| {
                let in_two_bytes = second & !MASKED == 126;
                lengths.into_iter().map(move |len: u64| {
                    let mut header = [first, second, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4];
                    let length = if in_two_bytes { len.rotate_right(16) } else { len };
                    header[2..10].copy_from_slice(&length.to_be_bytes());
                    header
                })
            })
        })
    }

    type Taken = Result<Option<Header>, ErrorKind>;

    /// What `take` returns for these bytes in pieces of this length, and the number of bytes that it
    /// leaves of them.
    fn in_pieces(
        mut bytes: [u8; MAX_HEADER],
        len: usize,
        take: impl Fn(&mut PartialHeader, &mut &mut [u8]) -> Taken,
    ) -> (Taken, usize) {
        let mut header = PartialHeader::default();
        let mut left = MAX_HEADER;
        for mut piece in bytes.chunks_mut(len) {
            left -= piece.len();
            let result = take(&mut header, &mut piece);
            if result != Ok(None) {
                return (result, left + piece.len());
            }
        }
        (Ok(None), left)
    }

    #[test]
    fn a_header_is_taken_as_its_bytes_would_be() {
        let (mut taken, mut faulty) = (0, 0);
        for bytes in headers() {
            for limits in &LIMITS {
                for (masked, compression) in
                    [(false, false), (false, true), (true, false), (true, true)]
                {
                    for open in open_messages() {
                        let expected = Expected { masked, compression, limits, open };
                        let by_bytes = in_pieces(bytes, MAX_HEADER, |header, piece| {
                            header.take_by_bytes(piece, expected)
                        });
                        for len in [1, 3, MAX_HEADER] {
                            let taken =
                                in_pieces(bytes, len, |header, piece| header.take(piece, expected));
                            assert_eq!(taken, by_bytes, "{bytes:02x?} in pieces of {len}");
                        }
                        let (by_bytes, left) = by_bytes;
                        faulty += u32::from(by_bytes.is_err());

                        let mut whole = bytes;
                        let mut whole = &mut whole[..];
                        let at_once = Header::take(&mut whole, expected);
                        assert_eq!(by_bytes.ok().flatten(), at_once, "{bytes:02x?}");
                        let left = if at_once.is_some() { left } else { MAX_HEADER };
                        assert_eq!(whole.len(), left, "{bytes:02x?}");
                        taken += u32::from(at_once.is_some());
                    }
                }
            }
        }
        assert!(taken > 1000, "{taken} headers were valid");
        assert!(faulty > 1000, "{faulty} headers were not");
    }

    #[test]
    fn a_cut_header_is_left_where_it_is() {
        let expected =
            Expected { masked: true, compression: false, limits: &LIMITS[0], open: None };
        for len in [125, 126, 0xFFFF, 1 << 16] {
            let header = EncodedHeader::new(FIN | Opcode::Binary as u8, len, Some([1, 2, 3, 4]));
            for end in 0..header.as_bytes().len() {
                let mut bytes = Vec::from(&header.as_bytes()[..end]);
                let mut input = &mut bytes[..];
                assert_eq!(Header::take(&mut input, expected), None);
                assert_eq!(input.len(), end);
            }
        }
    }
}
