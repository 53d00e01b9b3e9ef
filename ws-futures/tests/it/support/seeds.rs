//! Reproducible randomness: every run tries the same seeds, and a failure names its seed.

use std::thread;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use super::script::{Script, Turns};

/// Runs `check` with the generators of this number of seeds.
pub(crate) fn for_seeds(count: u64, check: impl Fn(&mut StdRng)) {
    for seed in 0..count {
        let _named = Named(seed);
        check(&mut StdRng::seed_from_u64(seed));
    }
}

/// Prints the seed of the failed test.
struct Named(u64);

impl Drop for Named {
    fn drop(&mut self) {
        if thread::panicking() {
            eprintln!("with seed {}", self.0);
        }
    }
}

/// A stream that cuts and waits at random.
pub(crate) fn script(random: &mut StdRng) -> Script {
    Script {
        reads: turns(random),
        writes: turns(random),
        flushes: turns(random),
        closes: turns(random),
        holds: random.random(),
    }
}

fn turns(random: &mut StdRng) -> Turns {
    let count = random.random_range(1..8);
    let mut lengths: Vec<usize> = (0..count).map(|_| length(random)).collect();
    lengths.push(random.random_range(1..100));
    Turns::of(&lengths)
}

fn length(random: &mut StdRng) -> usize {
    match random.random_range(0..4) {
        0 => 0,
        1 => random.random_range(1..8),
        2 => random.random_range(1..5000),
        _ => usize::MAX,
    }
}

pub(crate) fn bytes(random: &mut StdRng, len: usize) -> Vec<u8> {
    (0..len).map(|_| random.random()).collect()
}
