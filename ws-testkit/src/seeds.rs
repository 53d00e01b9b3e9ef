//! Reproducible randomness: every run tries the same seeds, and a failure names its seed.

use std::thread;

use rand::rngs::StdRng;
use rand::{Rng, RngExt};
use ws_futures::Message;

/// Prints the seed of the failed test.
pub struct Named(pub u64);

impl Drop for Named {
    fn drop(&mut self) {
        if thread::panicking() {
            eprintln!("with seed {}", self.0);
        }
    }
}

/// A text or binary message of 0 to 200 KiB.
pub fn message(random: &mut StdRng) -> Message {
    let len = match random.random_range(0..6) {
        0 => random.random_range(0..=125),
        1 => random.random_range(126..5000),
        2 => random.random_range(8000..9000),
        3 => random.random_range(65_000..66_000),
        4 => random.random_range(0..200 * 1024),
        _ => random.random_range(0..10),
    };
    match random.random() {
        true => Message::binary(bytes(random, len)),
        false => Message::text(text(random, len)),
    }
}

pub(crate) fn bytes(random: &mut StdRng, len: usize) -> Vec<u8> {
    let mut bytes = vec![0; len];
    random.fill_bytes(&mut bytes);
    bytes
}

/// At least this number of bytes, with characters of every width.
pub(crate) fn text(random: &mut StdRng, len: usize) -> String {
    let mut text = String::with_capacity(len + 3);
    while text.len() < len {
        text.push(['a', 'ß', '€', '😀'][random.random_range(0..4)]);
    }
    text
}
