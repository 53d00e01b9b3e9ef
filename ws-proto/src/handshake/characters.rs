//! The bytes that are allowed in the parts of a head.

/// A character of a token (RFC 9110 §5.6.2).
pub(super) const TOKEN: u8 = 1;
/// A byte of a request target: anything but blanks and control characters, because some clients
/// do not percent-encode the rest (RFC 3986 §2).
pub(super) const TARGET: u8 = 2;
/// A byte of a field value or a reason phrase (RFC 9110 §5.5).
pub(super) const TEXT: u8 = 4;

pub(super) fn is(byte: u8, class: u8) -> bool {
    CLASSES[usize::from(byte)] & class != 0
}

/// Whether the text is a token.
pub(super) fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| is(byte, TOKEN))
}

/// Whether a field value has no byte that could end the line.
pub(super) fn is_field_value(value: impl AsRef<[u8]>) -> bool {
    value.as_ref().iter().all(|byte| is(*byte, TEXT))
}

const CLASSES: [u8; 256] = {
    let mut classes = [0; 256];
    let mut byte = 0;
    while byte < classes.len() {
        classes[byte] = match byte as u8 {
            b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' => TOKEN | TARGET | TEXT,
            b'!' | b'#'..=b'\'' | b'*' | b'+' | b'-' | b'.' | b'^'..=b'`' | b'|' | b'~' => {
                TOKEN | TARGET | TEXT
            }
            b'!'..=b'~' | 0x80..=0xFF => TARGET | TEXT,
            b' ' | b'\t' => TEXT,
            _ => 0,
        };
        byte += 1;
    }
    classes
};
