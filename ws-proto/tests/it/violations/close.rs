//! Invalid Close frames (RFC 6455 §5.5.1 and §7.4).

use ws_proto::{ErrorKind, Role};

use super::Case;
use crate::pair::wire::{self, CLOSE};

/// Reserved, unassigned, or only ever reported locally.
const INVALID_CODES: [u16; 17] = [
    0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 1999, 2000, 2999, 5000, 5001, 9999, 32_768,
    65_535,
];

/// Reasons, and the index of the byte that makes them invalid; the length if it is their end.
pub(super) const INVALID_REASONS: [(&[u8], usize); 6] = [
    (b"\xFF", 0),
    (b"\x80", 0),
    (b"fine so far \xED\xA0\x80 and on", 13),
    (b"\xC0\xAF", 0),
    (b"\xF4\x90\x80\x80", 1),
    // 123 bytes, the last character cut.
    (&const { cut_reason() }, 122),
];

const fn cut_reason() -> [u8; 123] {
    let mut reason = [b'r'; 123];
    reason[121] = 0xE2;
    reason[122] = 0x82;
    reason
}

pub(super) fn cases(to: Role) -> Vec<Case> {
    let one_byte = wire::begin(to, CLOSE, 1, &[]);
    let mut cases = vec![Case::new("1 byte", to, one_byte, ErrorKind::InvalidCloseLength)];
    for code in INVALID_CODES {
        for reason in [&b""[..], b"because"] {
            let mut frame = wire::frame(to, CLOSE, &wire::close_payload(code, reason));
            let begin = frame.len() - reason.len() - 2;
            frame.truncate(begin + if high_byte_is_invalid(code) { 1 } else { 2 });
            let name = format!("code {code}, {} bytes of reason", reason.len());
            cases.push(Case::new(name, to, frame, ErrorKind::InvalidCloseCode));
        }
    }
    for (reason, offending) in INVALID_REASONS {
        let mut frame = wire::frame(to, CLOSE, &wire::close_payload(1000, reason));
        frame.truncate(frame.len() - reason.len() + offending + 1);
        let name = format!("reason {}", reason.escape_ascii());
        cases.push(Case::new(name, to, frame, ErrorKind::InvalidUtf8));
    }
    cases
}

/// Whether no code with the same high byte may be sent: 1000–1014 are `0x03` and 3000–4999 are
/// `0x0B` to `0x13`.
fn high_byte_is_invalid(code: u16) -> bool {
    !matches!(code >> 8, 0x03 | 0x0B..=0x13)
}
