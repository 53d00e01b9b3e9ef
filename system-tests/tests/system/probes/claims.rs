//! Frames that announce much and contain little.

use std::io::Write as _;
use std::net::TcpStream;
use std::thread;
use std::time::{Duration, Instant};

use procfs::net::TcpNetEntry;
use ws_tokio::proto::Role;
use ws_wire::{BINARY, FIN};

use super::{Kind, probe, probe_one};
use crate::memory::Memory;
use crate::raw::{TIMEOUT, ends_within, read_to_end};
use crate::server::Server;

const CONNECTIONS: usize = 64;

/// The length that each connection claims: 1 TiB.
const CLAIM: u64 = 1 << 40;

/// A limit for messages that the claim does not exceed.
const LIMIT_ABOVE: &str = "2199023255552";

/// The limit of the resident memory that all claims together may add.
const MAX_RESIDENT_KIB: u64 = 1024;

/// The limit of the reserved memory that they may add: some arenas of the allocator, but no claim.
const MAX_RESERVED_KIB: u64 = 16 * 1024;

/// And no memory was reserved for it.
#[test]
fn a_claim_above_the_limit_ends_the_connection() {
    probe(|kind, server| {
        let (mut streams, before) = prepare(kind, server);
        for stream in &mut streams {
            stream.write_all(&claiming(&[])).expect("a header");
        }
        streams.iter_mut().for_each(read_to_end);
        check_memory(kind, server, before);
    });
}

/// With no more memory than for the bytes that have arrived.
#[test]
fn a_claim_below_the_limit_is_awaited() {
    probe_one(Kind::Echo, &["--max-message", LIMIT_ABOVE], |kind, server| {
        let (mut streams, before) = prepare(kind, server);
        for stream in &mut streams {
            stream.write_all(&claiming(b"the first bytes")).expect("a part of a frame");
        }
        wait_until_read(server, &streams);
        check_memory(kind, server, before);
        for stream in &mut streams {
            assert!(!ends_within(stream, Duration::from_millis(1)), "a connection ended");
        }
    });
}

/// Opens the connections and uses each once, so that only the claims add to the memory after that.
fn prepare(kind: Kind, server: &Server) -> (Vec<TcpStream>, Memory) {
    let streams = (0..CONNECTIONS).map(|_| kind.echo(server, "hello")).collect();
    (streams, Memory::with_peak_reset(server.process.id()))
}

fn check_memory(kind: Kind, server: &Server, before: Memory) {
    // When the answer arrives, the server has acted on everything before the question.
    kind.echo(server, "in between");
    let after = Memory::of(server.process.id());
    let resident = after.since(before);
    let reserved = after.reserved.saturating_sub(before.reserved);
    println!("{CONNECTIONS} claims: {resident} KiB resident, {reserved} KiB reserved");
    assert!(resident <= MAX_RESIDENT_KIB && reserved <= MAX_RESERVED_KIB);
}

/// Waits until the server has read all that was sent to it.
fn wait_until_read(server: &Server, clients: &[TcpStream]) {
    let port = |client: &TcpStream| client.local_addr().expect("an address").port();
    let ports: Vec<_> = clients.iter().map(port).collect();
    let deadline = Instant::now() + TIMEOUT;
    let unread = |entry: &TcpNetEntry| {
        let (local, remote) = (entry.local_address.port(), entry.remote_address.port());
        local == server.address.port() && ports.contains(&remote) && entry.rx_queue > 0
    };
    while procfs::net::tcp().expect("/proc/net/tcp").iter().any(unread) {
        assert!(Instant::now() < deadline, "the server has not read what was sent");
        thread::sleep(Duration::from_millis(10));
    }
}

/// The start of a frame.
fn claiming(payload: &[u8]) -> Vec<u8> {
    [&ws_wire::header(Role::Server, FIN | BINARY, CLAIM), payload].concat()
}
