//! Strategies for the property tests: the same cases in every run.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::RngSeed;
use ws_proto::Role;

use super::pair::wire::{self, BINARY, CLOSE, CONTINUATION, FIN, PING, PONG, ROLES, TEXT};

pub(crate) fn cases(cases: u32) -> ProptestConfig {
    ProptestConfig {
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(6455),
        ..ProptestConfig::with_cases(cases)
    }
}

pub(crate) fn role() -> impl Strategy<Value = Role> {
    select(&ROLES[..])
}

/// Lengths of reads, to be used in turn.
pub(crate) fn cuts() -> impl Strategy<Value = Vec<usize>> {
    vec(prop_oneof![4 => 1..10_usize, 1 => 1..200_usize], 1..8)
}

/// Text in which characters of every width follow each other.
pub(crate) fn text() -> impl Strategy<Value = String> {
    let character = select(vec!['a', 'Ω', '€', '\u{FFFD}', '\u{10000}', '😀', '\u{10FFFF}']);
    prop_oneof![
        3 => vec(character, 0..20).prop_map(String::from_iter),
        1 => any::<String>(),
        1 => "[ -~]{100,400}",
    ]
}

pub(crate) fn data() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        4 => vec(any::<u8>(), 0..20),
        1 => vec(any::<u8>(), 100..300),
        // Around the boundaries between the forms of the length.
        1 => select(vec![125, 126, 127, 65_535, 65_536]).prop_map(|len| vec![0xA5; len]),
    ]
}

/// Frames to an end in the role `to`, most of them in an order that it accepts.
pub(crate) fn frames(to: Role) -> impl Strategy<Value = Vec<u8>> {
    vec(part(to), 1..12).prop_map(|parts| parts.concat())
}

fn part(to: Role) -> impl Strategy<Value = Vec<u8>> {
    let first = prop_oneof![
        select(vec![FIN | TEXT, FIN | BINARY, TEXT, BINARY, FIN | CONTINUATION, CONTINUATION]),
        any::<u8>(),
    ];
    let code = prop_oneof![select(vec![1000, 1001, 1005, 1014, 3000, 4999, 5000]), any::<u16>()];
    let close = (code, damaged_text());
    prop_oneof![
        6 => fragmented(to, text().prop_map(String::into_bytes).boxed(), TEXT),
        2 => fragmented(to, damaged_text().boxed(), TEXT),
        4 => fragmented(to, data().boxed(), BINARY),
        2 => data().prop_map(move |payload| control(to, PING, &payload)),
        2 => data().prop_map(move |payload| control(to, PONG, &payload)),
        1 => close.prop_map(move |(code, reason)| {
            control(to, CLOSE, &wire::close_payload(code, &reason))
        }),
        1 => Just(wire::frame(to, CLOSE, b"")),
        1 => (first, data()).prop_map(move |(first, payload)| wire::frame(to, first, &payload)),
        1 => padded(to),
        1 => vec(any::<u8>(), 0..8),
    ]
}

fn padded(to: Role) -> impl Strategy<Value = Vec<u8>> {
    let first = select(vec![FIN | BINARY, BINARY, PING, PONG]);
    (first, vec(any::<u8>(), 0..=125))
        .prop_map(move |(first, payload)| wire::padded(to, first, &payload))
}

fn control(to: Role, first: u8, payload: &[u8]) -> Vec<u8> {
    wire::frame(to, first, &payload[..payload.len().min(125)])
}

/// A message in fragments, with a ping between any two.
fn fragmented(
    to: Role,
    payload: BoxedStrategy<Vec<u8>>,
    kind: u8,
) -> impl Strategy<Value = Vec<u8>> {
    let cuts = vec(any::<prop::sample::Index>(), 0..4);
    (payload, cuts, any::<bool>()).prop_map(move |(payload, cuts, pings)| {
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(payload.len() + 1)).collect();
        cuts.extend([0, payload.len()]);
        cuts.sort_unstable();
        let parts: Vec<&[u8]> = cuts.windows(2).map(|ends| &payload[ends[0]..ends[1]]).collect();
        if !pings {
            return wire::fragments(to, kind, &parts);
        }
        let last = parts.len() - 1;
        let mut frames = Vec::new();
        for (i, part) in parts.into_iter().enumerate() {
            let opcode = if i == 0 { kind } else { CONTINUATION };
            frames.extend(wire::frame(to, if i == last { FIN | opcode } else { opcode }, part));
            frames.extend(wire::frame(to, PING, &[i as u8]));
        }
        frames
    })
}

/// Text of which a byte was changed, removed or left as it was.
fn damaged_text() -> impl Strategy<Value = Vec<u8>> {
    (text(), any::<prop::sample::Index>(), any::<u8>(), 0..3).prop_map(
        |(text, place, byte, damage)| {
            let mut bytes = text.into_bytes();
            if bytes.is_empty() {
                return bytes;
            }
            let place = place.index(bytes.len());
            match damage {
                0 => bytes[place] = byte,
                1 => bytes.truncate(place),
                _ => {}
            }
            bytes
        },
    )
}
