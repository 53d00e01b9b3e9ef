//! The body of a Close frame (RFC 6455 §5.5.1 and §7.4).

use std::sync::LazyLock;

use ws_proto::{Close, CloseCode, ErrorKind};

use super::text;

/// RFC 6455 §7.4: codes that a Close frame may carry.
pub(crate) fn is_allowed(code: u16) -> bool {
    match code {
        // §7.4.2: not used.
        0..=999 => false,
        // §7.4.1.
        1000..=1003 => true,
        // Reserved without a meaning.
        1004 => false,
        // For connections that ended without a Close frame, or with one without a code.
        1005 | 1006 => false,
        1007..=1011 => true,
        // Registered with IANA since (§11.7).
        1012..=1014 => true,
        // A failed TLS handshake; never in a Close frame.
        1015 => false,
        // §7.4.2: for later versions and extensions, of which there are none.
        1016..=2999 => false,
        // §7.4.2: libraries, frameworks and applications.
        3000..=4999 => true,
        // Outside of the ranges that §7.4.2 defines.
        5000..=u16::MAX => false,
    }
}

/// Whether any allowed code begins with this byte.
static BEGINS_ALLOWED: LazyLock<[bool; 256]> = LazyLock::new(|| {
    std::array::from_fn(|high| (0..=0xFF).any(|low| is_allowed((high << 8 | low) as u16)))
});

pub(crate) fn code_of(body: &[u8]) -> Option<u16> {
    Some(u16::from_be_bytes([*body.first()?, *body.get(1)?]))
}

/// The error that the first bytes of a body show, by index; an index after them stands for what the
/// end of the frame shows. Bodies of one byte are refused by their length.
pub(super) fn fault(body: &[u8], complete: bool) -> Option<(usize, ErrorKind)> {
    let high = *body.first()?;
    if !BEGINS_ALLOWED[usize::from(high)] {
        return Some((0, ErrorKind::InvalidCloseCode));
    }
    if !is_allowed(code_of(body)?) {
        return Some((1, ErrorKind::InvalidCloseCode));
    }
    let at = text::fault(&body[2..], complete)?;
    Some((2 + at, ErrorKind::InvalidUtf8))
}

pub(super) fn parse(body: &[u8]) -> Close<'static> {
    // RFC 6455 §7.1.5.
    let Some(code) = code_of(body) else { return Close::EMPTY };
    let reason = String::from_utf8(body[2..].to_vec()).expect("judged before");
    Close::new(CloseCode::new(code), reason)
}
