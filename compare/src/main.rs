//! Measures echoes of compressed messages: `compare [ROUNDS]`.

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

use counted::{Counted, Wire};

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

const ROUNDS: usize = 60;
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

/// The measurements of one implementation.
struct Measured {
    name: &'static str,
    /// Microseconds per echo, in each round.
    times: Vec<f64>,
    /// Bytes on the wire per echo, in both directions.
    wire: usize,
}

impl Measured {
    fn new(name: &'static str) -> Self {
        Self { name, times: Vec::new(), wire: 0 }
    }

    fn round(&mut self, echo: impl FnOnce(&[Bytes]) -> (usize, usize), messages: &[Bytes]) {
        let plain: usize = messages.iter().map(Bytes::len).sum();
        let begin = Instant::now();
        let (received, wire) = black_box(echo(messages));
        self.times.push(begin.elapsed().as_secs_f64() * 1e6 / messages.len() as f64);
        assert_eq!(received, plain, "{}", self.name);
        self.wire = wire / messages.len();
    }
}

fn main() {
    let rounds = std::env::args().nth(1).map_or(ROUNDS, |rounds| rounds.parse().expect("a number"));
    for settings in SETTINGS {
        println!("level {}, window of {} bits:", settings.level, settings.window_bits);
        report(&measure(settings, rounds));
    }
}

fn measure(settings: Settings, rounds: usize) -> [Measured; 6] {
    let messages = messages::json(MESSAGES);
    // A single thread, so that the time is CPU time, not waiting.
    let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
    let wires: [Wire; 4] = Default::default();
    let (mut lent, mut owned, mut yawc, mut sockudo) = runtime.block_on(async {
        (
            ours::Echo::lent(streams(&wires[0]), settings).await,
            ours::Echo::owned(streams(&wires[1]), settings).await,
            yawc::Echo::new(streams(&wires[2]), settings),
            sockudo::Echo::new(streams(&wires[3]), settings),
        )
    });
    let [mut small, mut large] = MEM_LEVELS.map(|mem_level| bare::Engine::new(settings, mem_level));

    let mut all = [
        "ws-tokio, lent",
        "ws-tokio, owned",
        "yawc",
        "sockudo-ws",
        "zlib-rs alone, memLevel 5",
        "zlib-rs alone, memLevel 8",
    ]
    .map(Measured::new);
    for round in 0..rounds + 1 {
        // The first round is a warm-up: buffers grow and windows fill.
        if round == 1 {
            all.iter_mut().for_each(|measured| measured.times.clear());
        }
        let [first, second, third, fourth, fifth, sixth] = &mut all;
        first.round(|messages| exchange(&runtime, &mut lent, &wires[0], messages), &messages);
        second.round(|messages| exchange(&runtime, &mut owned, &wires[1], messages), &messages);
        third.round(|messages| exchange(&runtime, &mut yawc, &wires[2], messages), &messages);
        fourth.round(|messages| exchange(&runtime, &mut sockudo, &wires[3], messages), &messages);
        fifth.round(|messages| small.exchange(messages), &messages);
        sixth.round(|messages| large.exchange(messages), &messages);
    }
    all
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

/// Prints the medians, and the medians of the ratio to the first implementation in the same round.
fn report(all: &[Measured]) {
    println!("{:<26} {:>8} {:>8} {:>12}", "", "µs/echo", "ratio", "wire bytes");
    for measured in all {
        let ratios = measured.times.iter().zip(&all[0].times).map(|(time, first)| time / first);
        println!(
            "{:<26} {:>8.1} {:>8.3} {:>12}",
            measured.name,
            median(measured.times.iter().copied()),
            median(ratios),
            measured.wire,
        );
    }
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}
