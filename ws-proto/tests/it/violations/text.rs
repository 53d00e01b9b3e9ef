//! Text that is not UTF-8 (RFC 6455 §8.1, RFC 3629).

use ws_proto::{ErrorKind, Role};

use super::Case;
use crate::pair::wire::{self, CONTINUATION, FIN, PING, TEXT};

/// Byte strings, and the index of the byte that makes them invalid.
const INVALID: &[(&[u8], usize)] = &[
    // A continuation byte with nothing to continue.
    (b"\x80", 0),
    (b"\xBF", 0),
    (b"ab\x80", 2),
    (b"\xCE\xBA\xCF\x8C\x80", 4),
    // Bytes that begin no character.
    (b"\xC0\x80", 0),
    (b"\xC1\xBF", 0),
    (b"\xF5\x80\x80\x80", 0),
    (b"\xF8\x88\x80\x80\x80", 0),
    (b"\xFE", 0),
    (b"\xFF", 0),
    // Overlong forms.
    (b"\xE0\x80\x80", 1),
    (b"\xE0\x9F\xBF", 1),
    (b"\xF0\x80\x80\x80", 1),
    (b"\xF0\x8F\xBF\xBF", 1),
    // Surrogates, lone and paired.
    (b"\xED\xA0\x80", 1),
    (b"\xED\xBF\xBF", 1),
    (b"\xED\xA0\xBD\xED\xB8\x80", 1),
    // Beyond U+10FFFF.
    (b"\xF4\x90\x80\x80", 1),
    (b"\xF4\xBF\xBF\xBF", 1),
    // Characters cut by another byte.
    (b"\xC3(", 1),
    (b"\xE2\x82(", 2),
    (b"\xE2(\xA1", 1),
    (b"\xF0\x90\x8C(", 3),
    (b"\xF0(\x8C\xBC", 1),
    (b"\xF0\x9F\x98\xE2\x82\xAC", 3),
    (b"a longer text, so that blocks of 16 or 32 bytes are checked at once \xE2\x82(", 70),
];

/// Byte strings that end inside a character.
const TRUNCATED: &[&[u8]] = &[
    b"\xC3",
    b"\xE2",
    b"\xE2\x82",
    b"\xF0",
    b"\xF0\x9F",
    b"\xF0\x9F\x98",
    b"ab\xF4\x8F",
    b"\xCE\xBA\xCF\x8C\xCF",
    b"a longer text, so that blocks of 16 or 32 bytes are checked at once \xE2\x82",
];

pub(super) fn cases(to: Role) -> Vec<Case> {
    let mut cases = Vec::new();
    let mut push = |name, wire| cases.push(Case::new(name, to, wire, ErrorKind::InvalidUtf8));
    for &(text, offending) in INVALID {
        for fin in [FIN, 0] {
            let name = format!("{}, FIN {fin:#x}", text.escape_ascii());
            push(name, up_to(wire::frame(to, fin | TEXT, text), text, offending));
        }
        for cut in 1..text.len() {
            let name = format!("{} cut at {cut}", text.escape_ascii());
            push(name, cut_in_two(to, text, offending, cut));
        }
    }
    for text in TRUNCATED {
        let last = text.len() - 1;
        push(format!("{} ends", text.escape_ascii()), wire::frame(to, FIN | TEXT, text));
        for cut in 1..text.len() {
            let name = format!("{} cut at {cut} ends", text.escape_ascii());
            push(name, cut_in_two(to, text, last, cut));
        }
        // The header of the last frame shows the error.
        let empty = wire::fragments(to, TEXT, &[text, b"", b""]);
        push(format!("{} and empty fragments", text.escape_ascii()), empty);
    }
    cases
}

/// `frame` up to the byte at `offending` in its payload `text`.
fn up_to(mut frame: Vec<u8>, text: &[u8], offending: usize) -> Vec<u8> {
    frame.truncate(frame.len() - text.len() + offending + 1);
    frame
}

/// Two fragments with a control frame and an empty fragment in between.
fn cut_in_two(to: Role, text: &[u8], offending: usize, cut: usize) -> Vec<u8> {
    let (before, after) = text.split_at(cut);
    let first = wire::frame(to, TEXT, before);
    let Some(offending) = offending.checked_sub(cut) else {
        return up_to(first, before, offending);
    };
    let ping = wire::frame(to, PING, b"\xFF");
    let empty = wire::frame(to, CONTINUATION, b"");
    let last = up_to(wire::frame(to, FIN | CONTINUATION, after), after, offending);
    [first, ping, empty, last].concat()
}

#[test]
fn the_tables_agree_with_the_standard_library() {
    for &(text, offending) in INVALID {
        let breaks = |end: &usize| match core::str::from_utf8(&text[..*end]) {
            Ok(_) => false,
            Err(error) => error.error_len().is_some(),
        };
        let first = (1..=text.len()).find(breaks);
        assert_eq!(first, Some(offending + 1), "{}", text.escape_ascii());
    }
    for text in TRUNCATED {
        let error = core::str::from_utf8(text).expect_err("cut");
        assert_eq!(error.error_len(), None, "{}", text.escape_ascii());
    }
}
