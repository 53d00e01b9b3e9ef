//! Echoes of compressed messages. Every implementation has the same level and window, validates text, and
//! compresses with `zlib-rs`. Client and server run on one thread.

mod bare;
mod counted;
mod messages;
mod ours;
mod sockudo;
mod yawc;

use std::hint::black_box;
use std::time::Instant;

use bytes::Bytes;
use tokio::io::DuplexStream;
use tokio::runtime::{Builder, Runtime};

use self::counted::{Counted, Wire};
use crate::Options;
use crate::measure::{Samples, interleave};
use crate::table::{Cells, Row, Table};

/// The settings of every implementation.
#[derive(Clone, Copy)]
struct Settings {
    /// The compression level, from 1 (fast) to 9 (small).
    level: u8,
    /// The base-2 logarithm of the window size, in both directions.
    window_bits: u8,
}

/// The defaults of `ws-tokio`, and those of the other implementations.
const SETTINGS: [Settings; 2] =
    [Settings { level: 3, window_bits: 12 }, Settings { level: 6, window_bits: 15 }];

/// The `memLevel` of our compressor, and of the other implementations, which use zlib's default.
const MEM_LEVELS: [i32; 2] = [5, 8];

/// The contestants, in the order in which they are measured.
const NAMES: [&str; 6] = [
    "zlib-rs alone, memLevel 5",
    "zlib-rs alone, memLevel 8",
    "ws-tokio, lent",
    "ws-tokio, owned",
    "sockudo-ws",
    "yawc",
];

/// Messages in a round of one implementation.
const MESSAGES: usize = 512;

/// A client whose server echoes.
trait Echo {
    /// Sends each message after the previous one was echoed. Returns the number of bytes received.
    async fn exchange(&mut self, messages: &[Bytes]) -> usize;
}

type Stream = Counted<DuplexStream>;

fn streams(wire: &Wire) -> (Stream, Stream) {
    let (client, server) = tokio::io::duplex(64 * 1024);
    (Counted::new(client, wire.clone()), Counted::new(server, wire.clone()))
}

pub(crate) fn run(options: &Options) -> Vec<Table> {
    let about = "A client sends JSON messages of 2 KiB, one at a time, and the server sends each one back: four \
        passes of DEFLATE with context takeover. Both are on one thread, over a stream in memory. All \
        compress with zlib-rs; ours has a memLevel of 5, which takes less memory, the others have 8.";
    let mut table = Table::new("deflate", "Compressed echoes", "µs per echo", about);
    let mut sizes = Table::new(
        "deflate-bytes",
        "Compressed echoes: size",
        "bytes per echo",
        "Bytes on the wire in both directions, of the same run.",
    );
    let settings = if options.quick { &SETTINGS[..1] } else { &SETTINGS };
    for &settings in settings {
        let (times, bytes) = measure(settings, options);
        let name = format!("level {}, window of {} bits", settings.level, settings.window_bits);
        table.rows.push(Row::new(&*name, times));
        sizes.rows.push(Row::new(name, bytes));
    }
    table.finish();
    sizes.finish();
    vec![table, sizes]
}

/// Returns the microseconds of an echo, and its bytes on the wire.
fn measure(settings: Settings, options: &Options) -> (Cells, Cells) {
    let messages = messages::json(if options.quick { 64 } else { MESSAGES });
    let plain: usize = messages.iter().map(Bytes::len).sum();
    // A single thread, so that the time is CPU time, not waiting.
    let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
    let wires: [Wire; 4] = Default::default();
    let (mut lent, mut owned, mut sockudo, mut yawc) = runtime.block_on(async {
        (
            ours::Echo::lent(streams(&wires[0]), settings).await,
            ours::Echo::owned(streams(&wires[1]), settings).await,
            sockudo::Echo::new(streams(&wires[2]), settings),
            yawc::Echo::new(streams(&wires[3]), settings),
        )
    });
    let mut engines = MEM_LEVELS.map(|mem_level| bare::Engine::new(settings, mem_level));
    let mut run = |i| match i {
        0 | 1 => engines[i].exchange(&messages),
        2 => exchange(&runtime, &mut lent, &wires[0], &messages),
        3 => exchange(&runtime, &mut owned, &wires[1], &messages),
        4 => exchange(&runtime, &mut sockudo, &wires[2], &messages),
        _ => exchange(&runtime, &mut yawc, &wires[3], &messages),
    };
    let mut bytes = [0; NAMES.len()];
    let mut round = |i| {
        let begin = Instant::now();
        let (received, wire) = black_box(run(i));
        let time = begin.elapsed();
        assert_eq!(received, plain, "{}", NAMES[i]);
        bytes[i] = wire / messages.len();
        time.as_secs_f64() * 1e6 / messages.len() as f64
    };
    // The first round is a warm-up: buffers grow and windows fill.
    interleave(NAMES.len(), 1, &mut round);
    let times = interleave(NAMES.len(), options.rounds(40, 2), &mut round);
    let bytes = bytes.map(|bytes| Samples::of(bytes as f64));
    let named = |samples: Vec<Samples>| {
        let all = NAMES.into_iter().zip(samples);
        all.filter(|(name, _)| options.includes(name)).collect()
    };
    (named(times), named(bytes.into()))
}

fn exchange(
    runtime: &Runtime,
    echo: &mut impl Echo,
    wire: &Wire,
    messages: &[Bytes],
) -> (usize, usize) {
    let before = wire.len();
    let received = runtime.block_on(echo.exchange(messages));
    (received, wire.len() - before)
}
