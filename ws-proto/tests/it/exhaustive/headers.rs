//! All 65,536 values of a header's first two bytes, in every state of a connection.

use ws_proto::{Config, Limits, Role};

use crate::exhaustive::drive::Setup;
use crate::pair::wire::{self, BINARY, CLOSE, FIN, PING, RSV1, TEXT};

/// A connection and the bytes that it has read: the state in which it receives a header.
struct State {
    name: &'static str,
    setup: Setup,
    before: Vec<u8>,
    /// Whether a compressed message is unfinished.
    compressed: bool,
}

/// A stored block of "a": the first fragment of a compressed message.
const STORED: &[u8] = &[0x00, 0x01, 0x00, 0xFE, 0xFF, b'a'];

const ONE_FRAGMENT: Limits = Limits { max_fragments: 1, ..Limits::incoming() };

fn states(close_sent: &[bool]) -> Vec<State> {
    let mut states = Vec::new();
    for setup in Setup::all(&Config::default()) {
        for close_sent in close_sent {
            let setup = Setup { close_sent: *close_sent, ..setup.clone() };
            let to = setup.role;
            let message = wire::frame(to, FIN | TEXT, b"whole");
            let ping = wire::frame(to, PING, b"ping");
            let text = wire::frame(to, TEXT, b"text");
            let cut = wire::frame(to, TEXT, &[0xC3]);
            let binary = wire::frame(to, BINARY, b"\xFF");
            let compressed = wire::frame(to, RSV1 | TEXT, STORED);
            let close = wire::frame(to, CLOSE, &wire::close_payload(1000, b"bye"));
            let config = Config { incoming: ONE_FRAGMENT, ..(*setup.config).clone() };
            states.push(State {
                name: "inside a message that has all the fragments it may have",
                setup: Setup { config: config.into(), ..setup.clone() },
                before: text.clone(),
                compressed: false,
            });
            let mut push = |name, before: &[&[u8]], compressed| {
                let before = before.concat();
                states.push(State { name, setup: setup.clone(), before, compressed });
            };
            push("open", &[], false);
            push("after a message", &[&message], false);
            push("after a control frame", &[&ping], false);
            push("inside a text message", &[&text], false);
            push("inside a character of a text message", &[&cut], false);
            push("inside a binary message", &[&binary], false);
            push("inside a message, after a control frame", &[&binary, &ping], false);
            push("after the peer's Close frame", &[&close], false);
            push("after a Close frame inside a message", &[&text, &close], false);
            if setup.compression {
                push("inside a compressed message", &[&compressed], true);
                push(
                    "inside a compressed message, after a control frame",
                    &[&compressed, &ping],
                    true,
                );
            }
        }
    }
    states
}

#[test]
fn each_is_judged_at_the_earliest_byte() {
    let (mut headers, mut refused) = (0_u64, 0_u64);
    for State { name, setup, before, .. } in states(&[false, true]) {
        for first in 0..=u8::MAX {
            let stream = [&*before, &[first]].concat();
            let reading = setup.reader().read(&stream);
            if reading.has_ended() {
                // Of the following bytes each is ignored or repeats the error.
                setup.check_from(before.len(), &stream);
                let mut peer = setup.peer();
                peer.read(&stream);
                for second in 0..=u8::MAX {
                    peer.read(&[second]);
                }
                setup.compare(&peer, &reading, &stream);
                headers += 256;
                refused += if reading.violation.is_some() { 256 } else { 0 };
                continue;
            }
            for second in 0..=u8::MAX {
                let stream = [&*before, &[first, second]].concat();
                let reading = setup.check_from(before.len(), &stream);
                headers += 1;
                refused += u64::from(reading.violation.is_some());
            }
        }
        println!("{setup:?}, {name}");
    }
    println!("{headers} headers, {refused} refused");
}

#[test]
fn each_accepted_one_begins_a_frame() {
    frames(states(&[false]));
}

#[test]
#[ignore = "another role or state in the same code"]
fn each_accepted_one_begins_a_frame_after_our_close_frame() {
    frames(states(&[true]));
}

/// The same headers, if they are accepted, with the rest of their frames.
fn frames(states: Vec<State>) {
    let mut frames = 0_u64;
    for State { setup, before, compressed, .. } in states {
        for first in 0..=u8::MAX {
            if setup.reader().read(&[&*before, &[first]].concat()).has_ended() {
                continue;
            }
            for second in 0..=u8::MAX {
                let stream = [&*before, &[first, second]].concat();
                if setup.reader().read(&stream).violation.is_some() {
                    continue;
                }
                let compressed = if first & 0x0F == 0 { compressed } else { first & RSV1 != 0 };
                let frame = frame(setup.role, first, second, compressed);
                let stream = [&*before, &frame].concat();
                setup.check_from(stream.len().saturating_sub(LAST), &stream);
                frames += 1;
            }
        }
    }
    println!("{frames} frames");
}

/// The number of bytes at the end of a frame that are read one by one.
const LAST: usize = 8;

/// The shortest complete frame that begins with this header.
fn frame(to: Role, first: u8, second: u8, compressed: bool) -> Vec<u8> {
    let len = match second & 0x7F {
        126 => 126,
        127 => 1 << 16,
        len => usize::from(len),
    };
    let payload = match (first, compressed) {
        (CLOSE, _) if len > 0 => wire::close_payload(1000, &vec![b'r'; len - 2]),
        (_, true) => compressed_payload(len),
        _ => vec![b'p'; len],
    };
    wire::frame(to, first, &payload)
}

/// Literals in a block of fixed codes, each one byte but shifted (RFC 1951 §3.2.6), and the
/// beginning of the stored block that a flush adds: together this number of bytes, which
/// must be at least one.
pub(crate) fn compressed_payload(len: usize) -> Vec<u8> {
    let Some(literals) = len.checked_sub(2) else { return vec![0; len] };
    // The lowest bit comes first: not the last block, fixed codes; then 0x30 + 'a', and at the end
    // seven zeros, highest bit first.
    let mut bits = vec![false, true, false];
    for _ in 0..literals {
        bits.extend((0..8).rev().map(|i| (0x30 + b'a') >> i & 1 == 1));
    }
    bits.resize(8 * len, false);
    let byte = |bits: &[bool]| bits.iter().rev().fold(0, |byte, bit| byte << 1 | u8::from(*bit));
    bits.chunks(8).map(byte).collect()
}
