//! The engines: a compressor and a decompressor over zlib-rs.

use alloc::boxed::Box;
use alloc::vec;
use alloc::vec::Vec;

use zlib_rs::{Deflate, DeflateConfig, DeflateFlush, Inflate, InflateFlush, Status};

/// What ends every flush, and is left out at the end of a message (RFC 7692 §7.2.1).
pub(super) const TRAILER: [u8; 4] = [0x00, 0x00, 0xFF, 0xFF];
/// One step of inflating gives at most this much.
const STEP: usize = 16 * 1024;
/// Hash chains for windows of some KiB; more would cost memory and gain nothing there.
const MEM_LEVEL: i32 = 5;

/// An unused compressor keeps an output buffer up to this size.
const KEPT_OUTPUT: usize = 64 * 1024;

/// Compresses; its output lies in a buffer that is allocated, and cleared, once.
pub(super) struct Deflater {
    engine: Deflate,
    level: i32,
    window_bits: u8,
    output: Vec<u8>,
}

impl Deflater {
    /// `window_bits` from 9 to 15: zlib cannot compress with a window of 8 bits.
    pub(super) fn new(level: i32, window_bits: u8) -> Self {
        let config = DeflateConfig {
            level,
            window_bits: -i32::from(window_bits),
            mem_level: MEM_LEVEL,
            ..DeflateConfig::default()
        };
        Self { engine: Deflate::new_with_config(config), level, window_bits, output: Vec::new() }
    }

    pub(super) fn fits(&self, level: i32, window_bits: u8) -> bool {
        (self.level, self.window_bits) == (level, window_bits)
    }

    /// Frees the memory that a large message needed.
    pub(super) fn trim(&mut self) {
        if self.output.len() > KEPT_OUTPUT {
            self.output = Vec::new();
        }
    }

    /// Begins a stream that may refer to `history`.
    pub(super) fn restart(&mut self, history: &[u8]) {
        self.engine.reset();
        if !history.is_empty() {
            // Fails only in the middle of a block, and this is the beginning.
            let _ = self.engine.set_dictionary(history);
        }
    }

    /// Compresses `data` up to a flush. Data without a byte gives none.
    pub(super) fn compress(&mut self, data: &[u8]) -> &[u8] {
        let mut input = data;
        let mut len = 0;
        loop {
            if self.output.len() - len < 64 {
                // Compressed data is usually half the size, and at most a little larger.
                let room = self.output.len().max(input.len() / 2 + 128);
                self.output.resize(self.output.len() + room, 0);
            }
            let (before_in, before_out) = (self.engine.total_in(), self.engine.total_out());
            let result =
                self.engine.compress(input, &mut self.output[len..], DeflateFlush::SyncFlush);
            input = &input[(self.engine.total_in() - before_in) as usize..];
            len += (self.engine.total_out() - before_out) as usize;
            // A flush is complete when it leaves room in the output.
            if result.is_err() || input.is_empty() && len < self.output.len() {
                return &self.output[..len];
            }
        }
    }
}

/// Decompresses; its own window has 15 bits, whatever was negotiated.
pub(super) struct Inflater {
    engine: Inflate,
    output: Box<[u8]>,
}

/// The result of a step of inflating.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// The input is used up.
    NeedsInput,
    /// There is more output.
    Full,
    /// A block marked as the last one has ended; what follows is a new stream (RFC 7692 §7.2.3.4).
    StreamEnd,
}

/// The input is not DEFLATE.
pub(super) struct Corrupt;

impl Inflater {
    pub(super) fn new() -> Self {
        Self { engine: Inflate::new(false, 15), output: vec![0; STEP].into_boxed_slice() }
    }

    /// Begins a stream that may refer to `history`.
    pub(super) fn restart(&mut self, history: [&[u8]; 2]) {
        self.engine.reset(false);
        for part in history {
            // Fails only for streams with a header, which this one does not have.
            let _ = self.engine.set_dictionary(part);
        }
    }

    /// Inflates from the front of `input`, to at most `max` bytes. The output before a fault is returned
    /// with it.
    pub(super) fn step(&mut self, input: &mut &[u8], max: usize) -> (&[u8], Result<Step, Corrupt>) {
        let room = STEP.min(max);
        let (before_in, before_out) = (self.engine.total_in(), self.engine.total_out());
        let result =
            self.engine.decompress(input, &mut self.output[..room], InflateFlush::SyncFlush);
        *input = &input[(self.engine.total_in() - before_in) as usize..];
        let output = &self.output[..(self.engine.total_out() - before_out) as usize];
        let step = match result {
            Err(_) => Err(Corrupt),
            Ok(Status::StreamEnd) => Ok(Step::StreamEnd),
            Ok(_) if output.len() == room => Ok(Step::Full),
            Ok(_) if input.is_empty() => Ok(Step::NeedsInput),
            // Neither consumed nor produced: it would loop forever.
            Ok(_) if output.is_empty() => Err(Corrupt),
            Ok(_) => Ok(Step::Full),
        };
        (output, step)
    }

    /// Whether the stream is where a message may end: behind the trailer it stands between two
    /// blocks, and the trailer gave no output.
    pub(super) fn ends_message(&mut self) -> bool {
        // Asked to stop between blocks it does not touch the byte behind the trailer; within a
        // block it would.
        let [a, b, c, d] = TRAILER;
        let (before_in, before_out) = (self.engine.total_in(), self.engine.total_out());
        let result =
            self.engine.decompress(&[a, b, c, d, 0], &mut self.output, InflateFlush::Block);
        result.is_ok()
            && self.engine.total_in() - before_in == TRAILER.len() as u64
            && self.engine.total_out() == before_out
    }
}
