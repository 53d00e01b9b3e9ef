//! `zlib-rs`, which all implementations use, with the same settings and without a protocol.

use bytes::Bytes;
use zlib_rs::{Deflate, DeflateConfig, DeflateFlush, Inflate, InflateFlush};

use super::Settings;

struct Direction {
    deflate: Deflate,
    inflate: Inflate,
}

impl Direction {
    fn new(settings: Settings, mem_level: i32) -> Self {
        let config = DeflateConfig {
            level: settings.level.into(),
            window_bits: -i32::from(settings.window_bits),
            mem_level,
            ..DeflateConfig::default()
        };
        Self {
            deflate: Deflate::new_with_config(config),
            inflate: Inflate::new(false, settings.window_bits),
        }
    }

    /// Compresses and inflates a message. Returns the inflated and the compressed length.
    fn pass(&mut self, data: &[u8], packed: &mut [u8], unpacked: &mut [u8]) -> (usize, usize) {
        let before = self.deflate.total_out();
        self.deflate.compress(data, packed, DeflateFlush::SyncFlush).expect("room");
        let len = (self.deflate.total_out() - before) as usize;
        let before = self.inflate.total_out();
        self.inflate.decompress(&packed[..len], unpacked, InflateFlush::SyncFlush).expect("valid");
        ((self.inflate.total_out() - before) as usize, len)
    }
}

pub(super) struct Engine {
    there: Direction,
    back: Direction,
    packed: Vec<u8>,
    unpacked: Vec<u8>,
}

impl Engine {
    pub(super) fn new(settings: Settings, mem_level: i32) -> Self {
        let buffer = vec![0; 16 * 1024];
        Self {
            there: Direction::new(settings, mem_level),
            back: Direction::new(settings, mem_level),
            packed: buffer.clone(),
            unpacked: buffer,
        }
    }

    pub(super) fn exchange(&mut self, messages: &[Bytes]) -> (usize, usize) {
        let (mut received, mut wire) = (0, 0);
        for message in messages {
            for direction in [&mut self.there, &mut self.back] {
                let (len, packed) = direction.pass(message, &mut self.packed, &mut self.unpacked);
                assert_eq!(len, message.len());
                wire += packed;
            }
            received += message.len();
        }
        (received, wire)
    }
}
