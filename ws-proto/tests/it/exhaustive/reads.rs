//! Every way to cut a stream into reads.

use ws_proto::Config;

use crate::exhaustive::drive::Setup;
use crate::exhaustive::headers::compressed_payload;
use crate::pair::wire::{self, BINARY, CLOSE, CONTINUATION, FIN, PING, PONG, RSV1, TEXT};

/// Bytes that form codes and reasons of Close frames, characters and invalid sequences: 1000 is
/// `[0x03, 0xE8]`, é `[0xC3, 0xA9]`.
const ALPHABET: [u8; 5] = [0x03, 0xE8, b'a', 0xC3, 0xA9];

#[test]
fn of_a_frame() {
    println!("{} runs", frames(2));
}

#[test]
#[ignore = "half a minute with optimization"]
fn of_a_longer_frame() {
    println!("{} runs", frames(5));
}

#[test]
fn of_a_message_in_two_frames() {
    println!("{} runs", two_frames(1));
}

#[test]
#[ignore = "half a minute with optimization"]
fn of_a_longer_message_in_two_frames() {
    println!("{} runs", two_frames(2));
}

#[test]
fn of_a_compressed_message() {
    let mut runs = 0;
    for setup in Setup::all(&Config::default()).filter(|setup| setup.compression) {
        for len in 0..=6 {
            let payload = compressed_payload(len);
            runs += at_every_cut(&setup, &wire::frame(setup.role, FIN | RSV1 | TEXT, &payload));
            let (one, two) = payload.split_at(len / 2);
            let mut fragments = wire::frame(setup.role, RSV1 | BINARY, one);
            if fragments.len() + 2 + two.len() > 12 {
                continue;
            }
            fragments.extend(wire::frame(setup.role, FIN | CONTINUATION, two));
            runs += at_every_cut(&setup, &fragments);
        }
    }
    println!("{runs} runs");
}

/// Frames whose length takes 2 and 8 bytes, cut around their headers and before their ends.
#[test]
fn of_long_frames() {
    let mut runs = 0;
    for setup in plain() {
        for (len, first) in
            [(126, FIN | TEXT), (126, BINARY), (1 << 16, FIN | BINARY), (1 << 16, TEXT)]
        {
            let mut payload = vec![b'a'; len];
            payload[len - 2..].copy_from_slice("é".as_bytes());
            let stream = wire::frame(setup.role, first, &payload);
            let header = stream.len() - len;
            let places =
                [1, 2, 3, header - 1, header, header + 1, stream.len() - 2, stream.len() - 1];
            runs += at_all_of(&setup, &stream, &places);
        }
    }
    println!("{runs} runs");
}

fn plain() -> impl Iterator<Item = Setup> {
    wire::ROLES.into_iter().map(|role| Setup::new(role, false, &Config::default()))
}

/// Payloads of the alphabet up to a length.
fn payloads(max: usize) -> Vec<Vec<u8>> {
    let mut payloads = vec![vec![]];
    let mut begin = 0;
    for _ in 0..max {
        let end = payloads.len();
        for at in begin..end {
            for byte in ALPHABET {
                payloads.push([&*payloads[at], &[byte]].concat());
            }
        }
        begin = end;
    }
    payloads
}

/// Each kind of frame with each payload.
fn frames(max: usize) -> u64 {
    let mut runs = 0;
    for setup in plain().flat_map(|setup| [setup.clone(), setup.after_our_close()]) {
        for payload in payloads(max) {
            for first in
                [FIN | TEXT, TEXT, FIN | BINARY, BINARY, CLOSE, PING, PONG, FIN | CONTINUATION]
            {
                runs += at_every_cut(&setup, &wire::frame(setup.role, first, &payload));
            }
        }
    }
    runs
}

/// A fragment, and what may or may not follow it.
fn two_frames(max: usize) -> u64 {
    let mut runs = 0;
    for setup in plain() {
        for one in payloads(max) {
            for two in payloads(max) {
                for first in [FIN | CONTINUATION, CONTINUATION, PING, CLOSE] {
                    let mut stream = wire::frame(setup.role, TEXT, &one);
                    stream.extend(wire::frame(setup.role, first, &two));
                    runs += at_every_cut(&setup, &stream);
                }
            }
        }
    }
    runs
}

fn at_every_cut(setup: &Setup, stream: &[u8]) -> u64 {
    let places: Vec<usize> = (1..stream.len()).collect();
    at_all_of(setup, stream, &places)
}

/// Cuts the stream at every subset of these places.
fn at_all_of(setup: &Setup, stream: &[u8], places: &[usize]) -> u64 {
    let reading = setup.reader().read(stream);
    let subsets = 1 << places.len();
    for subset in 0..subsets {
        // One takes each read; of the others one waits in the end, one after every second read.
        let mut peers = [setup.peer(), setup.peer(), setup.peer()];
        let [peer, behind, waiting] = &mut peers;
        let mut begin = 0;
        let chosen = places.iter().enumerate().filter(|(i, _)| subset >> i & 1 == 1);
        for (index, end) in chosen.map(|(_, place)| *place).chain([stream.len()]).enumerate() {
            let piece = &stream[begin..end];
            peer.read(piece);
            behind.read_behind(piece);
            waiting.read_behind(piece);
            if index % 2 == 1 {
                waiting.wait();
            }
            begin = end;
        }
        behind.wait();
        waiting.wait();
        for peer in &peers {
            setup.compare(peer, &reading, stream);
        }
    }
    subsets
}
