use core::time::Duration;
use std::thread;
use std::time::Instant;

use procfs::net::TcpNetEntry;

use crate::failure::{Context as _, Result, bail};
use crate::memory::Memory;
use crate::probes::server::Server;
use crate::wire::{Arrival, TIMEOUT, Wire};

const CONNECTIONS: usize = 64;

/// The length that each connection claims: 1 TiB.
const CLAIM: u64 = 1 << 40;

/// A limit for messages that the claim does not exceed.
pub(crate) const LIMIT_ABOVE: &str = "2199023255552";

/// The limit of the resident memory that all claims together may add.
const MAX_RESIDENT_KIB: u64 = 1024;

/// The limit of the reserved memory that they may add: some arenas of the allocator, but no claim.
const MAX_RESERVED_KIB: u64 = 16 * 1024;

/// A claim above the limit ends the connection, and no memory was reserved for it.
pub(crate) fn refused(server: &mut Server) -> Result<String> {
    let (mut wires, before) = prepare(server)?;
    for wire in &mut wires {
        wire.send(&claiming(CLAIM, &[]))?;
    }
    for wire in &mut wires {
        wire.read_to_end(TIMEOUT).context("after a claim above the limit")?;
    }
    judge(server, before)
}

/// A claim below the limit is waited for, with no more memory than for the bytes that have arrived.
pub(crate) fn awaited(server: &mut Server) -> Result<String> {
    let (mut wires, before) = prepare(server)?;
    let mut ports = Vec::new();
    for wire in &mut wires {
        wire.send(&claiming(CLAIM, b"the first bytes"))?;
        ports.push(wire.stream.local_addr()?.port());
    }
    wait_until_read(server.address.port(), &ports)?;
    let seen = judge(server, before)?;
    for wire in &mut wires {
        if wire.read(Duration::ZERO)? == Arrival::End {
            bail!("a connection ended though its claim is below the limit");
        }
    }
    Ok(seen)
}

/// Opens the connections and uses each once, so that only the claims add to the memory after that.
fn prepare(server: &Server) -> Result<(Vec<Wire>, Memory)> {
    let wires: Result<Vec<_>> = (0..CONNECTIONS).map(|_| server.echo("hello")).collect();
    let wires = wires?;
    Memory::reset_peak(server.process.id())?;
    Ok((wires, Memory::of(server.process.id())?))
}

fn judge(server: &Server, before: Memory) -> Result<String> {
    // When the answer arrives, the server has acted on everything before the question.
    server.echo("in between")?;
    let after = Memory::of(server.process.id())?;
    let resident = after.resident.saturating_sub(before.resident);
    let reserved = after.reserved.saturating_sub(before.reserved);
    let seen = format!(
        "{CONNECTIONS} claims: {resident} KiB resident (limit {MAX_RESIDENT_KIB}), \
         {reserved} KiB reserved (limit {MAX_RESERVED_KIB})"
    );
    if resident > MAX_RESIDENT_KIB || reserved > MAX_RESERVED_KIB {
        bail!("{seen}");
    }
    Ok(seen)
}

/// Waits until the server has read all that was sent to it from these ports.
fn wait_until_read(server: u16, clients: &[u16]) -> Result {
    let deadline = Instant::now() + TIMEOUT;
    let unread = |entry: &TcpNetEntry| {
        let (local, remote) = (entry.local_address.port(), entry.remote_address.port());
        local == server && clients.contains(&remote) && entry.rx_queue > 0
    };
    while procfs::net::tcp().context("/proc/net/tcp")?.iter().any(unread) {
        if Instant::now() > deadline {
            bail!("the server has not read what was sent within {} s", TIMEOUT.as_secs());
        }
        thread::sleep(Duration::from_millis(10));
    }
    Ok(())
}

/// The start of a binary frame that claims `length` bytes, masked with zeros.
fn claiming(length: u64, payload: &[u8]) -> Vec<u8> {
    [&[0x82, 0x80 | 127], &length.to_be_bytes()[..], &[0; 4], payload].concat()
}
