//! Message contents: the same bytes in every run.

/// A pseudorandom number generator (Knuth's MMIX).
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn next(&mut self) -> u32 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(0x1405_7B7E_F767_814F);
        (self.0 >> 33) as u32
    }

    /// Below `end`.
    pub(crate) fn below(&mut self, end: u32) -> usize {
        (self.next() % end) as usize
    }
}

/// Words that are repeated at short and long distances.
pub(crate) fn words(len: usize, random: &mut Random) -> String {
    const WORDS: [&str; 8] =
        ["{\"name\":", "\"value\"", ",", "12345", "true}", "€uro", "😀", "the quick brown fox "];
    let mut text = String::with_capacity(len + 32);
    while text.len() < len {
        match random.below(12) {
            at @ 0..8 => text.push_str(WORDS[at]),
            _ => text.push_str(&random.next().to_string()),
        }
    }
    while !text.is_char_boundary(len) {
        text.insert(0, '.');
    }
    text.truncate(len);
    text
}

/// Bytes that cannot be compressed.
pub(crate) fn noise(len: usize, random: &mut Random) -> Vec<u8> {
    (0..len).map(|_| random.next() as u8).collect()
}
