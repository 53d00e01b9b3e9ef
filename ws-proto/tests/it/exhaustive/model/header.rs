//! The header of a frame (RFC 6455 §5.2–§5.5, RFC 7692 §6).

use ws_proto::{ErrorKind, Role};

use super::{Message, Reader};

/// The fields of a header, unchecked.
#[derive(Clone, Copy, Debug)]
pub(super) struct Header {
    pub(super) fin: bool,
    pub(super) rsv1: bool,
    rsv2_or_3: bool,
    pub(super) opcode: u8,
    masked: bool,
    /// The seven bits of the length.
    short_len: u8,
    pub(super) payload_len: u64,
}

impl Header {
    fn new(first: u8, second: u8, payload_len: u64) -> Self {
        Self {
            fin: first & 0b1000_0000 != 0,
            rsv1: first & 0b0100_0000 != 0,
            rsv2_or_3: first & 0b0011_0000 != 0,
            opcode: first & 0b0000_1111,
            masked: second & 0b1000_0000 != 0,
            short_len: second & 0b0111_1111,
            payload_len,
        }
    }

    /// The header that `bytes` begins with, unless its length is cut.
    fn parse(bytes: &[u8]) -> Option<Self> {
        let (first, second) = (*bytes.first()?, *bytes.get(1)?);
        let extended = bytes.get(2..2 + extended_len(second))?;
        let payload_len = match extended {
            [] => u64::from(second & 0b0111_1111),
            _ => number(extended),
        };
        Some(Self::new(first, second, payload_len))
    }

    /// The key at the end of the header; zeros, which change nothing, if there is none.
    pub(super) fn key(self, bytes: &[u8]) -> Option<[u8; 4]> {
        if !self.masked {
            return Some([0; 4]);
        }
        let key = bytes.get(self.len() - 4..self.len())?;
        Some([key[0], key[1], key[2], key[3]])
    }

    /// With the key.
    pub(super) fn len(self) -> usize {
        2 + extended_len(self.short_len) + if self.masked { 4 } else { 0 }
    }

    fn is_control(self) -> bool {
        self.opcode >= 0x8
    }

    fn begins_message(self) -> bool {
        matches!(self.opcode, 0x1 | 0x2)
    }
}

impl Reader<'_> {
    /// The header that `bytes` begins with, or the index of the first byte with which no allowed
    /// header begins.
    pub(super) fn header(
        &self,
        bytes: &[u8],
        message: Option<&Message>,
    ) -> Result<Option<Header>, (usize, Vec<ErrorKind>)> {
        for len in 1..=bytes.len().min(10) {
            let prefix = &bytes[..len];
            if let Some(kinds) = self.refusal(prefix, message) {
                return Err((len - 1, kinds));
            }
            if let Some(header) = Header::parse(prefix) {
                return Ok(Some(header));
            }
        }
        Ok(None)
    }

    /// Why no header that begins with `prefix` is allowed: the rules that all of them break, or, if
    /// there is no such rule, those that any of them breaks.
    fn refusal(&self, prefix: &[u8], message: Option<&Message>) -> Option<Vec<ErrorKind>> {
        let mut every: Option<Vec<ErrorKind>> = None;
        let mut any = Vec::new();
        for header in self.completions(prefix, message) {
            let broken = self.broken_rules(header, message);
            if broken.is_empty() {
                return None;
            }
            let mut common = every.unwrap_or_else(|| broken.clone());
            common.retain(|kind| broken.contains(kind));
            every = Some(common);
            any.extend(broken);
        }
        match every {
            Some(common) if !common.is_empty() => Some(common),
            _ => Some(any),
        }
    }

    /// Headers that begin with `prefix`: one that is allowed is among them if there is any.
    ///
    /// No allowed length lies between two that are not allowed, so the ends of the range that
    /// `prefix` leaves open and the bounds of the rules suffice.
    fn completions(&self, prefix: &[u8], message: Option<&Message>) -> Vec<Header> {
        let first = prefix[0];
        let seconds = match prefix.get(1) {
            Some(second) => vec![*second],
            // Lengths from 2 to 125 are equivalent here.
            None => [0, 1, 2, 126, 127].map(|len| [len, 0b1000_0000 | len]).concat(),
        };
        let before = message.map_or(0, |message| message.payload.len() as u64);
        let bounds = [
            126,
            1 << 16,
            self.limits.max_frame_size as u64,
            (self.limits.max_message_size as u64).saturating_sub(before),
        ];
        let mut headers = Vec::new();
        for second in seconds {
            let width = extended_len(second);
            if width == 0 {
                headers.push(Header::new(first, second, u64::from(second & 0b0111_1111)));
                continue;
            }
            let known = prefix.get(2..).unwrap_or_default();
            let fill = |byte| number(&[known, &[byte; 8][..width - known.len()]].concat());
            let (least, most) = (fill(0), fill(u8::MAX));
            let lengths = bounds.map(|bound| bound.clamp(least, most));
            headers.extend(lengths.map(|len| Header::new(first, second, len)));
            headers.extend([least, most].map(|len| Header::new(first, second, len)));
        }
        headers
    }

    fn broken_rules(&self, header: Header, message: Option<&Message>) -> Vec<ErrorKind> {
        let limits = self.limits;
        let size = message.map_or(0, |message| message.payload.len() as u64);
        let compressed = header.rsv1 || message.is_some_and(|message| message.compressed);
        // RFC 6455 §5.2, and RFC 7692 §6: RSV1 belongs to the first frame of a message.
        let rsv1_allowed = self.compression && header.begins_message();
        let rules = [
            (ErrorKind::ReservedBit, header.rsv2_or_3 || header.rsv1 && !rsv1_allowed),
            // RFC 6455 §5.2.
            (ErrorKind::UnknownOpcode, matches!(header.opcode, 0x3..=0x7 | 0xB..=0xF)),
            // RFC 6455 §5.5: control frames are not fragmented.
            (ErrorKind::FragmentedControl, header.is_control() && !header.fin),
            // RFC 6455 §5.5.
            (ErrorKind::ControlTooLong, header.is_control() && header.payload_len > 125),
            // RFC 6455 §5.5.1: a body begins with two bytes of code.
            (ErrorKind::InvalidCloseLength, header.opcode == 0x8 && header.payload_len == 1),
            // RFC 6455 §5.1.
            (ErrorKind::MaskMissing, self.role == Role::Server && !header.masked),
            (ErrorKind::MaskUnexpected, self.role == Role::Client && header.masked),
            // RFC 6455 §5.2: the most significant bit is 0.
            (ErrorKind::LengthTopBit, header.payload_len > u64::MAX >> 1),
            // RFC 6455 §5.2: the shortest form.
            (
                ErrorKind::LengthNotMinimal,
                header.short_len == 126 && header.payload_len < 126
                    || header.short_len == 127 && header.payload_len < 1 << 16,
            ),
            // RFC 6455 §5.4.
            (ErrorKind::UnexpectedContinuation, header.opcode == 0x0 && message.is_none()),
            (ErrorKind::ContinuationExpected, header.begins_message() && message.is_some()),
            // RFC 6455 §10.4: limits of one's own.
            (
                ErrorKind::TooManyFragments,
                header.opcode == 0x0
                    && message.is_some_and(|message| message.fragments >= limits.max_fragments),
            ),
            (
                ErrorKind::FrameTooBig,
                !header.is_control() && header.payload_len > limits.max_frame_size as u64,
            ),
            // Compressed messages are measured when they are inflated, which is not modelled.
            (
                ErrorKind::MessageTooBig,
                !header.is_control()
                    && !compressed
                    && size.saturating_add(header.payload_len) > limits.max_message_size as u64,
            ),
        ];
        rules.into_iter().filter(|(_, broken)| *broken).map(|(kind, _)| kind).collect()
    }
}

/// The number of length bytes after the second byte.
fn extended_len(second: u8) -> usize {
    match second & 0b0111_1111 {
        126 => 2,
        127 => 8,
        _ => 0,
    }
}

fn number(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0, |number, byte| number << 8 | u64::from(*byte))
}
