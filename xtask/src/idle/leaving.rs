//! Clients that end while they exchange compressed messages.

use std::path::Path;

use ws_tokio::Deflate;

use super::{converse, open, settled};
use crate::command::{command, output};
use crate::failure::{Result, bail};
use crate::memory::Memory;
use crate::service::Service;
use crate::{note, packages};

/// Far more connections than engines.
const CLIENTS: u64 = 300;

/// The allocator that the server uses.
struct Allocator {
    name: &'static str,
    environment: &'static [(&'static str, &'static str)],
    /// The number of rounds in which clients connect and end; memory must not grow from one round
    /// to the next.
    rounds: usize,
    /// The memory that may remain, in KiB, when all clients have ended.
    max_left: u64,
}

/// A block that is free returns to the system only if nothing above it is in use, such as one of the
/// small blocks that the allocator caches for each thread. When the same number of clients connects
/// again, they use the memory that has remained.
const GLIBC: Allocator =
    Allocator { name: "glibc", environment: &[], rounds: 1, max_left: 6 * 1024 };

/// Returns free pages wherever they are, after a second. The reserve of the pool remains (0.9 MiB).
const JEMALLOC: Allocator = Allocator {
    name: "jemalloc",
    environment: &[
        ("LD_PRELOAD", JEMALLOC_LIBRARY),
        ("MALLOC_CONF", "background_thread:true,dirty_decay_ms:1000,muzzy_decay_ms:0"),
    ],
    rounds: 3,
    max_left: 2 * 1024,
};
const JEMALLOC_LIBRARY: &str = "libjemalloc.so.2";

pub(super) async fn run(program: &Path) -> Result {
    check(program, &GLIBC).await?;
    let known = output(command("/sbin/ldconfig").arg("--print-cache"))?;
    if !known.contains(JEMALLOC_LIBRARY) {
        packages::install(&format!("library `{JEMALLOC_LIBRARY}`"), "libjemalloc2")?;
    }
    check(program, &JEMALLOC).await
}

async fn check(program: &Path, allocator: &Allocator) -> Result {
    let Allocator { name, environment, rounds, max_left } = allocator;
    let server = Service::echo_with(program, &["--deflate"], environment, "idle-leaving")?;
    let process = server.process.id();
    let _first = open(server.address, Some(Deflate::default())).await?;
    let before = Memory::of(process)?;
    for _ in 0..*rounds {
        let clients = converse(&server, CLIENTS).await?;
        let busy = Memory::of(process)?.since(before);
        drop(clients);
        let left = settled(process)?.since(before);
        note::print(&format!(
            "{left} of {busy} KiB remain after {CLIENTS} busy connections have ended ({name})"
        ));
        if left > *max_left {
            bail!("{left} KiB remain after all connections have ended, more than {max_left}");
        }
    }
    Ok(())
}
