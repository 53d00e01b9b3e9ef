//! Sending into memory.

use divan::Bencher;
use divan::counter::{BytesCount, ItemsCount};
use ws_proto::{Config, Connection};

fn main() {
    divan::main();
}

const SIZES: [usize; 5] = [16, 125, 1024, 16 * 1024, 1024 * 1024];

fn send(bencher: Bencher<'_, '_>, mut connection: Connection, size: usize) {
    let frames = (64 * 1024 / (size + 14)).max(1);
    let payload = vec![0x55; size];
    let mut out = Vec::new();
    bencher.counter(ItemsCount::new(frames)).counter(BytesCount::new(frames * size)).bench_local(
        || {
            out.clear();
            for _ in 0..frames {
                connection.send(&payload, &mut out).expect("open");
            }
            out.len()
        },
    );
}

#[divan::bench(args = SIZES)]
fn server(bencher: Bencher<'_, '_>, size: usize) {
    send(bencher, Connection::server(Config::default()), size);
}

#[divan::bench(args = SIZES)]
fn client(bencher: Bencher<'_, '_>, size: usize) {
    send(bencher, Connection::client(Config::default(), [7; 32]), size);
}

/// The floor: the copy alone.
#[divan::bench(args = SIZES)]
fn copy(bencher: Bencher<'_, '_>, size: usize) {
    let frames = (64 * 1024 / (size + 14)).max(1);
    let payload = vec![0x55_u8; size];
    let mut out = Vec::new();
    bencher.counter(ItemsCount::new(frames)).counter(BytesCount::new(frames * size)).bench_local(
        || {
            out.clear();
            for _ in 0..frames {
                out.extend_from_slice(&payload);
            }
            out.len()
        },
    );
}
