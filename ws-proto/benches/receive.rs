//! Receiving from memory. Reads from a socket are cut anywhere, so each read copies some bytes of a
//! stream of frames into a buffer, from which the connection receives; behind an unfinished frame, if it
//! fits. The floor is the same copy and a masking pass.

use core::fmt;

use divan::counter::{BytesCount, ItemsCount};
use divan::{Bencher, black_box};
use ws_proto::{Config, Connection, Event, Limits, Role};

fn main() {
    divan::main();
}

const ASCII: &str = "The quick brown fox jumps over the lazy dog. ";
const MULTIBYTE: &str =
    "Zwölf Boxkämpfer jagen Viktor quer über den großen Sylter Deich — 色は匂へど ";

/// The size up to which reads are placed behind an unfinished frame, as in `ws-futures`.
const BUFFER: usize = 66 * 1024;

/// Messages of `size` bytes, read `read` bytes at a time: a TCP segment on Ethernet, a TLS record,
/// the buffer of an adapter.
#[derive(Clone, Copy)]
struct Stream {
    size: usize,
    read: usize,
    fragments: usize,
}

impl fmt::Display for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { size, read, fragments } = self;
        write!(f, "{size} in {read}")?;
        if *fragments > 1 { write!(f, ", {fragments} fragments") } else { Ok(()) }
    }
}

const fn stream(size: usize, read: usize) -> Stream {
    Stream { size, read, fragments: 1 }
}

const STREAMS: [Stream; 12] = [
    stream(16, 65_536),
    stream(125, 65_536),
    stream(1024, 65_536),
    stream(16 * 1024, 1448),
    stream(16 * 1024, 16_384),
    stream(16 * 1024, 65_536),
    stream(64 * 1024, 1448),
    stream(64 * 1024, 16_384),
    stream(64 * 1024, 65_536),
    stream(1024 * 1024, 1448),
    stream(1024 * 1024, 16_384),
    stream(1024 * 1024, 65_536),
];

const FRAGMENTED: [Stream; 3] = [
    Stream { fragments: 4, ..stream(16 * 1024, 65_536) },
    Stream { fragments: 64, ..stream(16 * 1024, 65_536) },
    Stream { fragments: 1024, ..stream(16 * 1024, 65_536) },
];

#[derive(Clone, Copy)]
enum Payload {
    Binary,
    Text(&'static str),
}

/// About 64 KiB of messages to an end in this role, at least one message.
fn wire(to: Role, stream: Stream, payload: Payload) -> (Vec<u8>, usize) {
    let mut peer = match to {
        Role::Server => Connection::client(Config::default(), [7; 32]),
        Role::Client => Connection::server(Config::default()),
    };
    let unit = match payload {
        Payload::Binary => "U",
        Payload::Text(unit) => unit,
    };
    let mut content = String::new();
    for character in unit.chars().cycle() {
        if content.len() + character.len_utf8() > stream.size {
            break;
        }
        content.push(character);
    }
    let messages = (64 * 1024 / (stream.size + 14)).max(1);
    let mut wire = Vec::new();
    for _ in 0..messages {
        let mut rest = &*content;
        for left in (1..=stream.fragments).rev() {
            let about = rest.len() / left;
            let end = (about..=rest.len()).find(|end| rest.is_char_boundary(*end));
            let (part, more) = rest.split_at(end.unwrap_or(rest.len()));
            let sent = match payload {
                Payload::Binary => peer.send_fragment(part.as_bytes(), left == 1, &mut wire),
                Payload::Text(_) => peer.send_fragment(part, left == 1, &mut wire),
            };
            sent.expect("open");
            rest = more;
        }
    }
    (wire, messages)
}

fn receive(bencher: Bencher<'_, '_>, to: Role, stream: Stream, payload: Payload) {
    let (wire, messages) = wire(to, stream, payload);
    let config = Config {
        incoming: Limits { max_message_size: 4 << 20, ..Limits::incoming() },
        ..Config::default()
    };
    let mut connection = match to {
        Role::Server => Connection::server(config),
        Role::Client => Connection::client(config, [7; 32]),
    };
    let mut buffer = vec![0; BUFFER + stream.read];
    bencher.counter(ItemsCount::new(messages)).counter(BytesCount::new(wire.len())).bench_local(
        || {
            let mut count = 0;
            let mut unread = 0..0;
            for read in wire.chunks(stream.read) {
                let end = unread.end + read.len();
                buffer[unread.end..end].copy_from_slice(read);
                let mut input = &mut buffer[unread.start..end];
                while let Some(event) = connection.receive_whole(&mut input).expect("valid") {
                    match event {
                        Event::Binary(data) => count += black_box(&*data).len(),
                        Event::Text(text) => count += black_box(&*text).len(),
                        Event::TextChunk { .. } | Event::BinaryChunk { .. } => {
                            unreachable!("whole messages are delivered by default")
                        }
                        Event::Ping(_) | Event::Pong(_) | Event::Close(_) => {
                            unreachable!("only messages were sent")
                        }
                    }
                }
                let rest = connection.lacks(input.len());
                unread = end - input.len()..end;
                if rest > (BUFFER - end.min(BUFFER)) as u64 {
                    assert_eq!(connection.receive(&mut input), Ok(None));
                    unread = 0..0;
                } else if rest == 0 {
                    unread = 0..0;
                }
            }
            count
        },
    );
}

#[divan::bench(args = STREAMS)]
fn binary(bencher: Bencher<'_, '_>, stream: Stream) {
    receive(bencher, Role::Server, stream, Payload::Binary);
}

#[divan::bench(args = STREAMS)]
fn binary_unmasked(bencher: Bencher<'_, '_>, stream: Stream) {
    receive(bencher, Role::Client, stream, Payload::Binary);
}

#[divan::bench(args = STREAMS)]
fn text_ascii(bencher: Bencher<'_, '_>, stream: Stream) {
    receive(bencher, Role::Server, stream, Payload::Text(ASCII));
}

#[divan::bench(args = STREAMS)]
fn text_multibyte(bencher: Bencher<'_, '_>, stream: Stream) {
    receive(bencher, Role::Server, stream, Payload::Text(MULTIBYTE));
}

#[divan::bench(args = STREAMS)]
fn text_multibyte_unmasked(bencher: Bencher<'_, '_>, stream: Stream) {
    receive(bencher, Role::Client, stream, Payload::Text(MULTIBYTE));
}

#[divan::bench(args = FRAGMENTED)]
fn fragments_binary(bencher: Bencher<'_, '_>, stream: Stream) {
    receive(bencher, Role::Server, stream, Payload::Binary);
}

#[divan::bench(args = FRAGMENTED)]
fn fragments_text_multibyte(bencher: Bencher<'_, '_>, stream: Stream) {
    receive(bencher, Role::Server, stream, Payload::Text(MULTIBYTE));
}

/// The floor: the same bytes copied in reads of the same length to where the message is whole, and
/// the XOR there.
#[divan::bench(args = STREAMS)]
fn copy_and_mask(bencher: Bencher<'_, '_>, stream: Stream) {
    floor(bencher, Role::Server, stream);
}

/// The floor without masks: the copy alone.
#[divan::bench(args = STREAMS)]
fn copy(bencher: Bencher<'_, '_>, stream: Stream) {
    floor(bencher, Role::Client, stream);
}

fn floor(bencher: Bencher<'_, '_>, to: Role, stream: Stream) {
    let (wire, messages) = wire(to, stream, Payload::Binary);
    let mut buffer = vec![0; wire.len()];
    let frame = wire.len() / messages;
    bencher.counter(ItemsCount::new(messages)).counter(BytesCount::new(wire.len())).bench_local(
        || {
            for (frame, place) in wire.chunks(frame).zip(buffer.chunks_exact_mut(frame)) {
                for (read, place) in frame.chunks(stream.read).zip(place.chunks_mut(stream.read)) {
                    place.copy_from_slice(read);
                }
                if to == Role::Server {
                    let (header, payload) = place.split_at_mut(frame.len() - stream.size);
                    mask(payload, *header.last_chunk().expect("a key"));
                }
                black_box(place);
            }
        },
    );
}

fn mask(payload: &mut [u8], key: [u8; 4]) {
    let key = u64::from(u32::from_ne_bytes(key));
    let key = key << 32 | key;
    let mut words = payload.chunks_exact_mut(8);
    for word in &mut words {
        let masked = u64::from_ne_bytes((&*word).try_into().expect("8 bytes")) ^ key;
        word.copy_from_slice(&masked.to_ne_bytes());
    }
    for (byte, key) in words.into_remainder().iter_mut().zip(key.to_ne_bytes()) {
        *byte ^= key;
    }
}
