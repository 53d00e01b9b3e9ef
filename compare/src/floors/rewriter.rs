//! An echo by rewriting: payloads are unmasked as they arrive and follow a new header. Nothing is checked.

use super::header::{self, CLOSE, Header, mask};

/// The position in the stream of frames of one connection. It is empty between frames.
#[derive(Default)]
pub(super) struct Rewriter {
    /// The beginning of a header.
    partial: [u8; 14],
    partial_len: u8,
    /// The rest of the payload, and its key.
    left: usize,
    key: [u8; 4],
}

impl Rewriter {
    /// Appends the echo of `input`. Returns whether the connection continues: a Close frame ends it.
    pub(super) fn rewrite(&mut self, mut input: &mut [u8], output: &mut Vec<u8>) -> bool {
        loop {
            let len = self.left.min(input.len());
            let (payload, rest) = input.split_at_mut(len);
            if len > 0 {
                self.key = mask(payload, self.key);
                self.left -= len;
                output.extend_from_slice(payload);
            }
            input = rest;
            if input.is_empty() {
                return true;
            }
            let Some((header, taken)) = self.header(input) else { return true };
            input = &mut input[taken..];
            if header.opcode() == CLOSE {
                return false;
            }
            header::write(output, header.first, None, header.len);
            self.left = header.len;
            self.key = header.key.unwrap_or_default();
        }
    }

    /// Parses a header that may have begun in an earlier input. Returns the number of bytes that were taken
    /// from this one.
    fn header(&mut self, input: &[u8]) -> Option<(Header, usize)> {
        let kept = usize::from(self.partial_len);
        if kept == 0
            && let Some(header) = Header::parse(input)
        {
            return Some((header, header.size));
        }
        let more = input.len().min(self.partial.len() - kept);
        self.partial[kept..kept + more].copy_from_slice(&input[..more]);
        match Header::parse(&self.partial[..kept + more]) {
            Some(header) => {
                self.partial_len = 0;
                Some((header, header.size - kept))
            }
            None => {
                self.partial_len += more as u8;
                None
            }
        }
    }
}
