//! The bytes that a compressed message may refer to (RFC 7692 §7.1.1).

use alloc::collections::VecDeque;

/// The last bytes that passed, at most a window of them; it grows as it is used.
#[derive(Default)]
pub(super) struct History {
    bytes: VecDeque<u8>,
}

impl History {
    pub(super) fn push(&mut self, data: &[u8], window_bits: u8) {
        let window = 1 << window_bits;
        let data = &data[data.len().saturating_sub(window)..];
        let surplus = (self.bytes.len() + data.len()).saturating_sub(window);
        self.bytes.drain(..surplus);
        if self.bytes.capacity() < self.bytes.len() + data.len() {
            // Doubling would overshoot the window.
            let wanted = (2 * self.bytes.capacity()).max(self.bytes.len() + data.len()).min(window);
            self.bytes.reserve_exact(wanted - self.bytes.len());
        }
        self.bytes.extend(data);
    }

    pub(super) fn as_slice(&mut self) -> &[u8] {
        self.bytes.make_contiguous()
    }

    /// Both parts of them, without moving any.
    pub(super) fn as_slices(&self) -> [&[u8]; 2] {
        self.bytes.as_slices().into()
    }

    pub(super) fn clear(&mut self) {
        self.bytes.clear();
    }
}
