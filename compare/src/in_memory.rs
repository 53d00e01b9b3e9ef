//! Receiving, sending and echoing in memory: CPU time without a kernel.

use std::time::{Duration, Instant};

use bytes::Bytes;
use ws_proto::Role;

use crate::Options;
use crate::codec::{Codec, Work};
use crate::content::{Content, Kind, size};
use crate::measure::interleave;
use crate::memory::Memory;
use crate::table::{Cells, Row, Table};
use crate::{floors, peers};

/// What is measured in one row.
#[derive(Clone, Copy)]
pub(crate) struct Case {
    pub(crate) work: Work,
    pub(crate) role: Role,
    pub(crate) kind: Kind,
    pub(crate) size: usize,
    /// The number of bytes that arrive together.
    pub(crate) arrival: usize,
    pub(crate) fragments: usize,
}

/// What a receive buffer of a TCP socket yields to a large read, a TLS record, and an Ethernet segment.
const LARGE: usize = 65_536;
const RECORD: usize = 16_384;
const SEGMENT: usize = 1_448;

const fn receive(kind: Kind, size: usize, arrival: usize) -> Case {
    Case { work: Work::Receive, role: Role::Server, kind, size, arrival, fragments: 1 }
}

const fn unmasked(kind: Kind, size: usize) -> Case {
    Case { role: Role::Client, ..receive(kind, size, LARGE) }
}

const fn fragmented(kind: Kind) -> Case {
    Case { fragments: 4, ..receive(kind, 16 << 10, LARGE) }
}

const fn send(role: Role, size: usize) -> Case {
    Case { work: Work::Send, role, ..receive(Kind::Binary, size, LARGE) }
}

const fn echo(size: usize) -> Case {
    Case { work: Work::Echo, ..receive(Kind::Binary, size, LARGE) }
}

const RECEIVE_BINARY: &[Case] = &[
    receive(Kind::Binary, 16, LARGE),
    receive(Kind::Binary, 125, LARGE),
    receive(Kind::Binary, 1 << 10, LARGE),
    receive(Kind::Binary, 1 << 10, SEGMENT),
    receive(Kind::Binary, 16 << 10, LARGE),
    receive(Kind::Binary, 16 << 10, RECORD),
    receive(Kind::Binary, 16 << 10, SEGMENT),
    receive(Kind::Binary, 64 << 10, LARGE),
    receive(Kind::Binary, 64 << 10, RECORD),
    receive(Kind::Binary, 64 << 10, SEGMENT),
    receive(Kind::Binary, 1 << 20, LARGE),
    receive(Kind::Binary, 1 << 20, RECORD),
    receive(Kind::Binary, 1 << 20, SEGMENT),
    fragmented(Kind::Binary),
];

const RECEIVE_TEXT: &[Case] = &[
    receive(Kind::Text, 16, LARGE),
    receive(Kind::Text, 125, LARGE),
    receive(Kind::Text, 1 << 10, LARGE),
    receive(Kind::Text, 16 << 10, LARGE),
    receive(Kind::Text, 16 << 10, RECORD),
    receive(Kind::Text, 16 << 10, SEGMENT),
    receive(Kind::Text, 64 << 10, LARGE),
    receive(Kind::Text, 64 << 10, SEGMENT),
    receive(Kind::Text, 1 << 20, LARGE),
    fragmented(Kind::Text),
];

const RECEIVE_UNMASKED: &[Case] = &[
    unmasked(Kind::Binary, 16),
    unmasked(Kind::Binary, 125),
    unmasked(Kind::Binary, 1 << 10),
    unmasked(Kind::Binary, 16 << 10),
    unmasked(Kind::Binary, 64 << 10),
    unmasked(Kind::Binary, 1 << 20),
    unmasked(Kind::Text, 125),
    unmasked(Kind::Text, 16 << 10),
    unmasked(Kind::Text, 1 << 20),
];

const SEND: &[Case] = &[
    send(Role::Server, 16),
    send(Role::Server, 125),
    send(Role::Server, 1 << 10),
    send(Role::Server, 16 << 10),
    send(Role::Client, 16),
    send(Role::Client, 125),
    send(Role::Client, 1 << 10),
    send(Role::Client, 16 << 10),
    send(Role::Client, 1 << 20),
];

const ECHO: &[Case] =
    &[echo(16), echo(125), echo(1 << 10), echo(16 << 10), echo(64 << 10), echo(1 << 20)];

/// The groups of rows, each a table.
const TABLES: [(&str, &str, &[Case]); 5] = [
    ("receive", "Receiving masked binary messages in memory", RECEIVE_BINARY),
    ("receive-text", "Receiving masked multi-byte text in memory", RECEIVE_TEXT),
    ("receive-unmasked", "Receiving unmasked messages in memory, as a client", RECEIVE_UNMASKED),
    ("send", "Sending binary messages in memory", SEND),
    ("echo-memory", "Echoing binary messages in memory, as a server", ECHO),
];

const ABOUT: &str = "The stream is in memory and is fed as sockets feed it: \"in 1,448 B\" returns at most \
    that much in each read, \"in 64 KiB\" at most 64 KiB. What is written is discarded, so that \
    payloads which are not copied cost nothing. On one thread.";

pub(crate) fn run(options: &Options) -> Vec<Table> {
    let table = |(id, title, cases): (&'static str, &'static str, &'static [Case])| {
        let mut table = Table::new(id, title, "ns per message", ABOUT);
        let cases = if options.quick { quick(cases) } else { cases.to_vec() };
        table.rows = cases.iter().map(|&case| row(case, options)).collect();
        table.finish();
        table
    };
    TABLES.map(table).into()
}

/// The cases of a quick check: each path, without those that only differ in size.
fn quick(cases: &[Case]) -> Vec<Case> {
    cases.iter().copied().filter(|case| [125, 16 << 10, 1 << 20].contains(&case.size)).collect()
}

fn row(case: Case, options: &Options) -> Row {
    Row::new(case.name(), measure(case, options))
}

impl Case {
    fn name(&self) -> String {
        let mut name = match (self.work, self.role) {
            (Work::Send, Role::Server) => "server, ".to_owned(),
            (Work::Send, Role::Client) => "client, ".to_owned(),
            _ => String::new(),
        };
        name += &size(self.size);
        match self.work {
            Work::Receive if self.role == Role::Client && self.kind == Kind::Text => {
                name += ", text"
            }
            Work::Receive if self.fragments > 1 => {
                name += &format!(", {} fragments", self.fragments)
            }
            Work::Receive if self.role == Role::Server && self.size >= 1 << 10 => {
                name += if self.arrival == SEGMENT { " in 1,448 B" } else { " in " };
                name += &if self.arrival == SEGMENT { String::new() } else { size(self.arrival) };
            }
            _ => {}
        }
        name
    }
}

/// Checks each contestant, then measures them in turns: nanoseconds per message.
pub(crate) fn measure(case: Case, options: &Options) -> Cells {
    let content = Content::new(case.kind, case.size);
    let one = content.wire(case.role, case.fragments);
    // Frames begin at varying positions in the reads.
    let repeats = (3 * LARGE / one.len()).max(3);
    let wire = Bytes::from(one.repeat(repeats));
    let mut running = Vec::new();
    for contestant in peers::ALL.iter().filter(|it| options.includes(it.name)) {
        let Some(open) = contestant.codec else { continue };
        let stream = || Memory::new(wire.clone(), case.arrival);
        let (checked_stream, written) = stream().keeping();
        let mut checked = open(checked_stream, case.role);
        if !checked.supports(case.work) {
            continue;
        }
        let count = (LARGE / (case.size + 1)).clamp(2, 100);
        checked.check(case.work, &content, count);
        if case.work != Work::Receive {
            content.check_sent(case.role, count, &written.take());
        }
        if case.kind == Kind::Text && contestant.name != floors::COPY_AND_XOR.name {
            let invalid = Content::invalid_text(case.size).wire(case.role, case.fragments);
            let stream = Memory::new(invalid.into(), case.arrival).ending();
            let received = open(stream, case.role).receives();
            assert!(!received, "{} does not validate text", contestant.name);
        }
        running.push((contestant.name, open(stream(), case.role)));
    }
    // Above this time the resolution of the clock and the cost of a call do not matter.
    let batch = Duration::from_micros(if options.quick { 500 } else { 4_000 });
    let counts: Vec<usize> = running
        .iter_mut()
        .map(|(_, codec)| calibrate(&mut **codec, case.work, &content, batch))
        .collect();
    let names: Vec<_> = running.iter().map(|(name, _)| *name).collect();
    let samples = interleave(running.len(), options.rounds(25, 2), |i| {
        let begin = Instant::now();
        running[i].1.run(case.work, &content, counts[i]);
        begin.elapsed().as_secs_f64() * 1e9 / counts[i] as f64
    });
    names.into_iter().zip(samples).collect()
}

/// Returns the number of messages that take about this time.
fn calibrate(codec: &mut dyn Codec, work: Work, content: &Content, batch: Duration) -> usize {
    let mut count = 1;
    loop {
        let begin = Instant::now();
        codec.run(work, content, count);
        if begin.elapsed() >= batch / 2 {
            return count;
        }
        count *= 2;
    }
}
