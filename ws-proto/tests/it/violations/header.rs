//! Violations in the two to ten bytes of a header (RFC 6455 §5.2–§5.5).

use ws_proto::{ErrorKind, Role};

use super::Case;
use crate::pair::wire::{self, BINARY, CLOSE, CONTINUATION, FIN, PING, PONG, TEXT};

pub(super) fn cases(to: Role) -> Vec<Case> {
    [reserved(to), control(to), mask(to), length(to), sequence(to)].into_iter().flatten().collect()
}

fn reserved(to: Role) -> Vec<Case> {
    let mut cases = Vec::new();
    for rsv in [0x40, 0x20, 0x10, 0x70] {
        for first in [FIN | TEXT, BINARY, PING, PONG, CLOSE] {
            let name = format!("RSV {rsv:#x} on {first:#x}");
            cases.push(Case::new(name, to, vec![first | rsv], ErrorKind::ReservedBit));
        }
        let wire = [wire::frame(to, TEXT, b"a"), vec![FIN | CONTINUATION | rsv]].concat();
        let name = format!("RSV {rsv:#x} on a continuation");
        cases.push(Case::new(name, to, wire, ErrorKind::ReservedBit));
    }
    for opcode in (0x3..=0x7).chain(0xB..=0xF) {
        for fin in [FIN, 0] {
            let name = format!("opcode {opcode:#x}, FIN {fin:#x}");
            cases.push(Case::new(name, to, vec![fin | opcode], ErrorKind::UnknownOpcode));
        }
    }
    cases
}

fn control(to: Role) -> Vec<Case> {
    let mut cases = Vec::new();
    for control in [CLOSE, PING, PONG] {
        let name = format!("{control:#x} without FIN");
        cases.push(Case::new(name, to, vec![control & !FIN], ErrorKind::FragmentedControl));
        for length in [126, 127] {
            let name = format!("{control:#x} of length {length}");
            let wire = wire::begin(to, control, length, &[]);
            cases.push(Case::new(name, to, wire, ErrorKind::ControlTooLong));
        }
    }
    cases
}

fn mask(to: Role) -> Vec<Case> {
    let (wrong, kind) = match to {
        Role::Server => (Role::Client, ErrorKind::MaskMissing),
        Role::Client => (Role::Server, ErrorKind::MaskUnexpected),
    };
    let firsts = [FIN | TEXT, TEXT, FIN | BINARY, PING, PONG, CLOSE];
    let lengths = [0, 5, 126, 127];
    let pairs = firsts.into_iter().flat_map(|first| lengths.map(|length| (first, length)));
    pairs
        .map(|(first, length)| {
            let name = format!("mask bit of {first:#x}, length {length}");
            Case::new(name, to, wire::begin(wrong, first, length, &[]), kind)
        })
        .collect()
}

fn length(to: Role) -> Vec<Case> {
    let top_bit = [&[0x80][..], &[0xFF]];
    let padded: [(u8, &[u8]); 5] = [
        (126, &[0, 0]),
        (126, &[0, 1]),
        (126, &[0, 125]),
        // Two more bytes cannot increase it to 65,536.
        (127, &[0; 6]),
        (127, &[0; 6]),
    ];
    let top_bit = top_bit.into_iter().map(|bytes| (127, bytes, ErrorKind::LengthTopBit));
    let padded = padded.into_iter().map(|(form, bytes)| (form, bytes, ErrorKind::LengthNotMinimal));
    let data = [FIN | TEXT, BINARY];
    top_bit
        .chain(padded)
        .flat_map(|case| data.map(|first| (first, case)))
        .map(|(first, (form, bytes, kind))| {
            let name = format!("{first:#x} of length {form} {bytes:02x?}");
            Case::new(name, to, wire::begin(to, first, form, bytes), kind)
        })
        .collect()
}

fn sequence(to: Role) -> Vec<Case> {
    let whole = wire::frame(to, FIN | TEXT, b"whole");
    let fragmented = wire::fragments(to, TEXT, &[b"frag", b"mented"]);
    let ping = wire::frame(to, PING, b"");
    let mut cases = Vec::new();
    for (after, before) in [
        ("nothing", &[][..]),
        ("a message", &whole),
        ("a fragmented message", &fragmented),
        ("a ping", &ping),
    ] {
        for fin in [FIN, 0] {
            let name = format!("continuation, FIN {fin:#x}, after {after}");
            let wire = [before, &[fin | CONTINUATION]].concat();
            cases.push(Case::new(name, to, wire, ErrorKind::UnexpectedContinuation));
        }
    }
    for first in [FIN | TEXT, TEXT, FIN | BINARY, BINARY] {
        for (inside, parts) in [("one fragment", 1), ("three fragments", 3)] {
            let unfinished = wire::frame(to, BINARY, b"").into_iter();
            let more = wire::frame(to, CONTINUATION, b"more").repeat(parts - 1);
            let wire = unfinished.chain(more).chain(ping.clone()).chain([first]).collect();
            let name = format!("{first:#x} after {inside}");
            cases.push(Case::new(name, to, wire, ErrorKind::ContinuationExpected));
        }
    }
    cases
}
