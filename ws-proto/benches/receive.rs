//! Receiving from memory: each pass copies the bytes of many frames into a buffer, as a read from a
//! socket does, and takes them from there. The floor is the same copy and a masking pass.

use divan::counter::{BytesCount, ItemsCount};
use divan::{Bencher, black_box};
use ws_proto::{Config, Connection, Event, Limits};

fn main() {
    divan::main();
}

const SIZES: [usize; 6] = [16, 125, 1024, 16 * 1024, 64 * 1024, 1024 * 1024];

/// As many frames as one read of 64 KiB would bring, at least one.
fn wire(size: usize, text: Option<&str>) -> (Vec<u8>, usize) {
    let frames = (64 * 1024 / (size + 14)).max(1);
    let mut client = Connection::client(Config::default(), [7; 32]);
    let mut wire = Vec::new();
    for _ in 0..frames {
        match text {
            Some(unit) => {
                let text: String =
                    unit.chars().cycle().take(size / unit.len() * unit.chars().count()).collect();
                client.send(text, &mut wire).expect("open");
            }
            None => client.send(vec![0x55; size], &mut wire).expect("open"),
        }
    }
    (wire, frames)
}

fn config() -> Config {
    Config {
        incoming: Limits { max_message_size: 4 << 20, ..Limits::incoming() },
        ..Config::default()
    }
}

fn receive(bencher: Bencher<'_, '_>, size: usize, text: Option<&str>) {
    let (wire, frames) = wire(size, text);
    let mut buffer = vec![0; wire.len()];
    let mut server = Connection::server(config());
    bencher.counter(ItemsCount::new(frames)).counter(BytesCount::new(wire.len())).bench_local(
        || {
            buffer.copy_from_slice(&wire);
            let mut input = buffer.as_mut_slice();
            let mut count = 0;
            while let Some(event) = server.receive(&mut input).expect("valid") {
                match event {
                    Event::Binary(data) => count += black_box(&*data).len(),
                    Event::Text(text) => count += black_box(&*text).len(),
                    _ => unreachable!("only messages were sent"),
                }
            }
            count
        },
    );
}

#[divan::bench(args = SIZES)]
fn binary(bencher: Bencher<'_, '_>, size: usize) {
    receive(bencher, size, None);
}

#[divan::bench(args = SIZES)]
fn text_ascii(bencher: Bencher<'_, '_>, size: usize) {
    receive(bencher, size, Some("The quick brown fox jumps over the lazy dog. "));
}

#[divan::bench(args = SIZES)]
fn text_multibyte(bencher: Bencher<'_, '_>, size: usize) {
    receive(
        bencher,
        size,
        Some("Zwölf Boxkämpfer jagen Viktor quer über den großen Sylter Deich — 色は匂へど "),
    );
}

/// The floor: the copy and the XOR, for the same bytes in the same frames.
#[divan::bench(args = SIZES)]
fn copy_and_mask(bencher: Bencher<'_, '_>, size: usize) {
    let (wire, frames) = wire(size, None);
    let mut buffer = vec![0; wire.len()];
    let frame = wire.len() / frames;
    bencher.counter(ItemsCount::new(frames)).counter(BytesCount::new(wire.len())).bench_local(
        || {
            buffer.copy_from_slice(&wire);
            for frame in buffer.chunks_exact_mut(frame) {
                let (header, payload) = frame.split_at_mut(frame.len() - size);
                let key = u64::from(u32::from_ne_bytes(*header.last_chunk().expect("a key")));
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
            black_box(buffer[buffer.len() - 1])
        },
    );
}
