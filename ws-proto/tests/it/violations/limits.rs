//! One byte, or one fragment, more than allowed.

use ws_proto::{Config, ErrorKind, Limits, Role};

use super::Case;
use crate::pair::wire::{self, BINARY, CONTINUATION, FIN, TEXT};

pub(super) fn cases(to: Role) -> Vec<Case> {
    let mut cases = frames(to);
    cases.extend(messages(to));
    cases.extend(fragments(to));
    cases
}

fn with(case: Case, incoming: Limits) -> Case {
    Case { config: Config { incoming, ..Config::default() }, ..case }
}

/// A limit, and the length bytes up to the one that shows that it is exceeded.
const TOO_LONG: &[(usize, u8, &[u8])] = &[
    (0, 1, &[]),
    (100, 101, &[]),
    (100, 125, &[]),
    // 126 at least.
    (125, 126, &[]),
    (126, 126, &[0, 127]),
    (1000, 126, &[0x03, 0xE9]),
    // 1,024 at least.
    (1000, 126, &[0x04]),
    // 65,536 at least.
    (65_535, 127, &[]),
    (65_536, 127, &[0, 0, 0, 0, 0, 1, 0, 1]),
    (65_536, 127, &[0, 0, 0, 0, 0, 2]),
    // 2^40, beyond what any default allows.
    (16 << 20, 127, &[0, 0, 1]),
    (16 << 20, 127, &[0x7F]),
];

/// A frame whose end no 32-bit pointer could reach is too big by itself, before its message is.
fn message_too_big(form: u8, length: &[u8]) -> ErrorKind {
    let beyond_32_bits = form == 127 && length.iter().take(4).any(|byte| *byte != 0);
    match usize::BITS == 32 && beyond_32_bits {
        true => ErrorKind::FrameTooBig,
        false => ErrorKind::MessageTooBig,
    }
}

fn frames(to: Role) -> Vec<Case> {
    let mut cases = Vec::new();
    for &(max, form, length) in TOO_LONG {
        for first in [FIN | TEXT, BINARY] {
            let wire = wire::begin(to, first, form, length);
            let name = format!("frame {first:#x} of {form} {length:02x?}, {max} allowed");
            let frame = Case::new(&name, to, wire.clone(), ErrorKind::FrameTooBig);
            cases.push(with(frame, Limits { max_frame_size: max, ..Limits::UNLIMITED }));
            let message = Case::new(&name, to, wire, message_too_big(form, length));
            cases.push(with(message, Limits { max_message_size: max, ..Limits::UNLIMITED }));
        }
    }
    cases
}

fn messages(to: Role) -> Vec<Case> {
    let limits = Limits { max_message_size: 10, max_frame_size: 8, max_fragments: u32::MAX };
    let frame = |first, len| wire::frame(to, first, &b"0123456789"[..len]);
    let [first, next] = [frame(TEXT, 8), frame(CONTINUATION, 1)];
    let empty = frame(CONTINUATION, 0);
    let table = [
        ("2 fragments", vec![first.clone(), wire::begin(to, FIN | CONTINUATION, 3, &[])]),
        (
            "4 fragments",
            vec![first.clone(), next.clone(), next, wire::begin(to, CONTINUATION, 1, &[])],
        ),
        ("empty fragments", vec![first, empty, wire::begin(to, CONTINUATION, 3, &[])]),
    ];
    let too_big = table.map(|(name, frames)| {
        let case = Case::new(name, to, frames.concat(), ErrorKind::MessageTooBig);
        with(case, limits)
    });
    let huge = wire::begin(to, FIN | CONTINUATION, 127, &[0x7F]);
    let huge = [frame(BINARY, 8), huge].concat();
    let huge = Case::new("a sum near 2^63", to, huge, message_too_big(127, &[0x7F]));
    let most = Limits { max_message_size: usize::MAX >> 2, ..Limits::UNLIMITED };
    too_big.into_iter().chain([with(huge, most)]).collect()
}

fn fragments(to: Role) -> Vec<Case> {
    let mut cases = Vec::new();
    for (payload, kind) in [(&b""[..], "empty"), (b"x", "tiny")] {
        for max in [1, 2, 1000] {
            let mut wire = wire::frame(to, TEXT, payload);
            wire.extend(wire::frame(to, CONTINUATION, payload).repeat(max as usize - 1));
            wire.push(FIN | CONTINUATION);
            let name = format!("{kind} fragment {} of {max}", max + 1);
            let case = Case::new(name, to, wire, ErrorKind::TooManyFragments);
            cases.push(with(case, Limits { max_fragments: max, ..Limits::incoming() }));
        }
    }
    cases
}
