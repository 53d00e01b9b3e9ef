//! Sending into memory. The floor is the copy of the payload, and the masking pass where there is one.

use divan::counter::{BytesCount, ItemsCount};
use divan::{Bencher, black_box};
use ws_proto::{Config, Connection};

fn main() {
    divan::main();
}

const SIZES: [usize; 7] = [0, 16, 125, 1024, 16 * 1024, 64 * 1024, 1024 * 1024];

/// Appends about 64 KiB of payloads of this size, at least one payload, to an output that keeps its
/// memory.
fn append(
    bencher: Bencher<'_, '_>,
    size: usize,
    mut append: impl FnMut(&[u8], bool, &mut Vec<u8>),
) {
    let count = (64 * 1024 / (size + 14)).max(1);
    let payload = vec![0x55; size];
    let mut out = Vec::new();
    bencher.counter(ItemsCount::new(count)).counter(BytesCount::new(count * size)).bench_local(
        || {
            out.clear();
            for left in (0..count).rev() {
                append(black_box(&payload), left == 0, &mut out);
            }
            out.len()
        },
    );
}

fn send(bencher: Bencher<'_, '_>, mut connection: Connection, size: usize) {
    append(bencher, size, |payload, _, out| connection.send(payload, out).expect("open"));
}

fn send_fragments(bencher: Bencher<'_, '_>, mut connection: Connection, size: usize) {
    append(bencher, size, |payload, fin, out| {
        connection.send_fragment(payload, fin, out).expect("open");
    });
}

#[divan::bench(args = SIZES)]
fn server(bencher: Bencher<'_, '_>, size: usize) {
    send(bencher, Connection::server(Config::default()), size);
}

#[divan::bench(args = SIZES)]
fn client(bencher: Bencher<'_, '_>, size: usize) {
    send(bencher, Connection::client(Config::default(), [7; 32]), size);
}

#[divan::bench(args = SIZES)]
fn server_fragments(bencher: Bencher<'_, '_>, size: usize) {
    send_fragments(bencher, Connection::server(Config::default()), size);
}

#[divan::bench(args = SIZES)]
fn client_fragments(bencher: Bencher<'_, '_>, size: usize) {
    send_fragments(bencher, Connection::client(Config::default(), [7; 32]), size);
}

/// The floor of a server.
#[divan::bench(args = SIZES)]
fn copy(bencher: Bencher<'_, '_>, size: usize) {
    append(bencher, size, |payload, _, out| out.extend_from_slice(payload));
}

/// The floor of a client.
#[divan::bench(args = SIZES)]
fn copy_and_mask(bencher: Bencher<'_, '_>, size: usize) {
    append(bencher, size, |payload, _, out| {
        let start = out.len();
        out.extend_from_slice(payload);
        let mut words = out[start..].chunks_exact_mut(8);
        for word in &mut words {
            let masked = u64::from_ne_bytes((&*word).try_into().expect("8 bytes")) ^ KEY;
            word.copy_from_slice(&masked.to_ne_bytes());
        }
        for (byte, key) in words.into_remainder().iter_mut().zip(KEY.to_ne_bytes()) {
            *byte ^= key;
        }
    });
}

const KEY: u64 = 0x1234_5678_1234_5678;
