//! What connections allocate.
//!
//! The counters are those of the whole process, so the checks run one after the other, without the
//! threads of the usual test harness.

#[cfg(feature = "deflate")]
#[allow(dead_code, reason = "the rest is for other tests")]
#[path = "../it/compressed/mod.rs"]
mod compressed;
#[cfg(feature = "deflate")]
mod deflate;
#[allow(dead_code, reason = "the rest is for other tests")]
#[path = "../it/pair/mod.rs"]
mod pair;
mod plain;

use std::alloc::System;

use stats_alloc::StatsAlloc;

#[global_allocator]
static ALLOCATOR: StatsAlloc<System> = StatsAlloc::system();

fn main() {
    run(&plain::CHECKS);
    #[cfg(feature = "deflate")]
    run(&deflate::CHECKS);
}

fn run(checks: &[(&str, fn())]) {
    println!("running {} checks", checks.len());
    for (name, check) in checks {
        println!("{name}");
        check();
    }
}

/// The bytes that are allocated now.
fn live() -> usize {
    let stats = ALLOCATOR.stats();
    stats.bytes_allocated - stats.bytes_deallocated
}

/// How often memory was asked for so far.
fn requests() -> usize {
    let stats = ALLOCATOR.stats();
    stats.allocations + stats.reallocations
}
