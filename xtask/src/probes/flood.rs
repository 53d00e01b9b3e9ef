use core::time::Duration;
use std::thread;
use std::time::Instant;

use ws_tokio::proto::{Config, Connection};

use crate::failure::{Result, bail};
use crate::memory::Memory;
use crate::probes::server::Server;
use crate::wire::Wire;

const CONNECTIONS: usize = 64;

/// How long the flood lasts.
const DURATION: Duration = Duration::from_secs(8);

/// Enough for each connection to fill the kernel's buffers several times.
const MAX_BYTES_EACH: usize = 32 << 20;

/// The write timeout of a connection, after which the server counts as no longer reading.
const BLOCKED: Duration = Duration::from_secs(2);

/// The limit of the memory that all connections together may add: half a MiB for each.
const MAX_GROWTH_KIB: u64 = 32 * 1024;

/// Peers that ping constantly and never read use no more than their share of buffers.
pub(crate) fn run(server: &mut Server) -> Result<String> {
    let wires: Result<Vec<_>> = (0..CONNECTIONS).map(|_| server.echo("hello")).collect();
    let wires = wires?;
    Memory::reset_peak(server.process.id())?;
    let before = Memory::of(server.process.id())?;

    let deadline = Instant::now() + DURATION;
    let flooders: Vec<_> =
        wires.into_iter().map(|wire| thread::spawn(move || flood(wire, deadline))).collect();
    // The connections stay open until the memory was measured.
    let flooded: Vec<_> = flooders.into_iter().filter_map(|flooder| flooder.join().ok()).collect();
    server.echo("after the flood")?;
    let after = Memory::of(server.process.id())?;

    let pings: usize = flooded.iter().map(|(_, pings)| pings).sum();
    let growth = after.peak.saturating_sub(before.resident);
    let seen = format!(
        "{pings} pings on {CONNECTIONS} connections: {growth} KiB more at the peak \
         (limit {MAX_GROWTH_KIB})"
    );
    if growth > MAX_GROWTH_KIB {
        bail!("{seen}");
    }
    Ok(seen)
}

/// Sends pings of the largest size until the time is up or the server takes no more.
fn flood(mut wire: Wire, deadline: Instant) -> (Wire, usize) {
    const BATCH: usize = 256;
    let (mut client, mut batch) = (Connection::client(Config::default(), [7; 32]), Vec::new());
    let _ = client.ping(&[b'p'; 125], &mut batch);
    let batch = batch.repeat(BATCH);
    let mut pings = 0;
    if wire.stream.set_write_timeout(Some(BLOCKED)).is_ok() {
        while Instant::now() < deadline
            && pings / BATCH * batch.len() < MAX_BYTES_EACH
            && wire.send(&batch).is_ok()
        {
            pings += BATCH;
        }
    }
    (wire, pings)
}
