//! Peers that ping constantly and never read.

use std::io::Write as _;
use std::net::TcpStream;
use std::thread;
use std::time::{Duration, Instant};

use ws_tokio::proto::Role;
use ws_wire::PING;

use super::probe;
use crate::memory::Memory;

const CONNECTIONS: usize = 64;

/// How long the flood lasts.
const DURATION: Duration = Duration::from_secs(8);

/// Enough for each connection to fill the kernel's buffers several times.
const MAX_BYTES_EACH: usize = 32 << 20;

/// The write timeout of a connection, after which the server counts as no longer reading.
const BLOCKED: Duration = Duration::from_secs(2);

/// The limit of the memory that all connections together may add: half a MiB for each.
const MAX_GROWTH_KIB: u64 = 32 * 1024;

#[test]
fn a_flood_of_pings_uses_no_more_than_its_share_of_buffers() {
    probe(|kind, server| {
        let process = server.process.id();
        let streams: Vec<_> = (0..CONNECTIONS).map(|_| kind.echo(server, "hello")).collect();
        let before = Memory::with_peak_reset(process);
        let deadline = Instant::now() + DURATION;
        let pings: usize = thread::scope(|scope| {
            let flood = |stream| scope.spawn(move || flood(stream, deadline));
            let threads: Vec<_> = streams.iter().map(flood).collect();
            threads.into_iter().map(|thread| thread.join().expect("no panic")).sum()
        });
        // The connections stay open until the memory was measured.
        kind.echo(server, "after the flood");
        let growth = Memory::of(process).peak.saturating_sub(before.resident);
        drop(streams);
        println!("{pings} pings on {CONNECTIONS} connections: {growth} KiB more at the peak");
        assert!(growth <= MAX_GROWTH_KIB);
    });
}

/// Sends pings of the largest size until the time is up or the server takes no more; returns their number.
fn flood(mut stream: &TcpStream, deadline: Instant) -> usize {
    const BATCH: usize = 256;
    let batch = ws_wire::frame(Role::Server, PING, &[b'p'; 125]).repeat(BATCH);
    stream.set_write_timeout(Some(BLOCKED)).expect("a socket");
    let mut sent = 0;
    while Instant::now() < deadline
        && sent * batch.len() < MAX_BYTES_EACH
        && stream.write_all(&batch).is_ok()
    {
        sent += 1;
    }
    sent * BATCH
}
