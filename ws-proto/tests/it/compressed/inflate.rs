//! A second inflater, simple and slow, that records the distances of references (RFC 1951).

/// The messages of one end, inflated as its peer would, with exactly the window that was
/// negotiated.
pub(crate) struct Inflate {
    window: usize,
    takeover: bool,
    /// All output so far; without takeover, that of this message.
    output: Vec<u8>,
    /// The greatest distance so far.
    pub(crate) farthest: usize,
    /// The greatest distance so far into an earlier message.
    pub(crate) farthest_earlier: usize,
}

const LENGTHS: [(usize, u32); 29] = [
    (3, 0),
    (4, 0),
    (5, 0),
    (6, 0),
    (7, 0),
    (8, 0),
    (9, 0),
    (10, 0),
    (11, 1),
    (13, 1),
    (15, 1),
    (17, 1),
    (19, 2),
    (23, 2),
    (27, 2),
    (31, 2),
    (35, 3),
    (43, 3),
    (51, 3),
    (59, 3),
    (67, 4),
    (83, 4),
    (99, 4),
    (115, 4),
    (131, 5),
    (163, 5),
    (195, 5),
    (227, 5),
    (258, 0),
];

/// The order of the lengths of the code length codes.
const ORDER: [usize; 19] = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

impl Inflate {
    pub(crate) fn new((bits, takeover): (u8, bool)) -> Self {
        let output = Vec::new();
        Self { window: 1 << bits, takeover, output, farthest: 0, farthest_earlier: 0 }
    }

    /// Returns the content of a message with this compressed payload.
    pub(crate) fn message(&mut self, payload: &[u8]) -> Vec<u8> {
        if !self.takeover {
            self.output.clear();
        }
        let begin = self.output.len();
        let payload = [payload, &[0x00, 0x00, 0xFF, 0xFF]].concat();
        let mut bits = Bits { bytes: &payload, at: 0 };
        while bits.at < 8 * payload.len() {
            assert_eq!(bits.take(1), 0, "a block that is marked as the last one");
            match bits.take(2) {
                0 => self.stored(&mut bits),
                1 => {
                    let mut lengths = [8; 288];
                    lengths[144..256].fill(9);
                    lengths[256..280].fill(7);
                    self.block(&mut bits, &Code::new(&lengths), &Code::new(&[5; 30]), begin);
                }
                2 => {
                    let (literals, distances) = codes(&mut bits);
                    self.block(&mut bits, &literals, &distances, begin);
                }
                _ => panic!("a reserved type of block"),
            }
        }
        assert_eq!(bits.at, 8 * payload.len(), "the trailer does not end the message");
        self.output[begin..].to_vec()
    }

    fn stored(&mut self, bits: &mut Bits<'_>) {
        bits.at = bits.at.next_multiple_of(8);
        let len = bits.take(16);
        assert_eq!(len, !bits.take(16) & 0xFFFF, "length of a stored block");
        let begin = bits.at / 8;
        self.output.extend_from_slice(&bits.bytes[begin..begin + len]);
        bits.at += 8 * len;
    }

    fn block(&mut self, bits: &mut Bits<'_>, literals: &Code, distances: &Code, begin: usize) {
        loop {
            match literals.decode(bits) {
                literal @ 0..256 => self.output.push(literal as u8),
                256 => return,
                symbol => {
                    let (base, extra) = LENGTHS[symbol - 257];
                    let len = base + bits.take(extra);
                    let distance = match distances.decode(bits) {
                        symbol @ 0..4 => symbol + 1,
                        symbol => {
                            let extra = symbol as u32 / 2 - 1;
                            ((2 + symbol % 2) << extra) + 1 + bits.take(extra)
                        }
                    };
                    self.copy(len, distance, begin);
                }
            }
        }
    }

    fn copy(&mut self, len: usize, distance: usize, begin: usize) {
        assert!(distance <= self.window, "{distance} bytes back, at a window of {}", self.window);
        assert!(distance <= self.output.len(), "before the beginning");
        self.farthest = self.farthest.max(distance);
        if distance > self.output.len() - begin {
            self.farthest_earlier = self.farthest_earlier.max(distance);
        }
        let from = self.output.len() - distance;
        if distance >= len {
            self.output.extend_from_within(from..from + len);
            return;
        }
        (from..from + len).for_each(|at| self.output.push(self.output[at]));
    }
}

fn codes(bits: &mut Bits<'_>) -> (Code, Code) {
    let literals = bits.take(5) + 257;
    let distances = bits.take(5) + 1;
    let mut lengths = [0; 19];
    for at in &ORDER[..bits.take(4) + 4] {
        lengths[*at] = bits.take(3);
    }
    let code = Code::new(&lengths);
    let mut lengths = Vec::new();
    while lengths.len() < literals + distances {
        let (length, times) = match code.decode(bits) {
            16 => (*lengths.last().expect("a length to repeat"), 3 + bits.take(2)),
            17 => (0, 3 + bits.take(3)),
            18 => (0, 11 + bits.take(7)),
            length => (length, 1),
        };
        lengths.extend(core::iter::repeat_n(length, times));
    }
    (Code::new(&lengths[..literals]), Code::new(&lengths[literals..]))
}

/// A Huffman code: the number of codes of each length, and their symbols in order.
struct Code {
    counts: [usize; 16],
    symbols: Vec<usize>,
}

impl Code {
    fn new(lengths: &[usize]) -> Self {
        let mut counts = [0; 16];
        lengths.iter().for_each(|length| counts[*length] += 1);
        counts[0] = 0;
        let mut symbols: Vec<usize> = (0..lengths.len()).filter(|at| lengths[*at] > 0).collect();
        symbols.sort_by_key(|at| lengths[*at]);
        Self { counts, symbols }
    }

    fn decode(&self, bits: &mut Bits<'_>) -> usize {
        let (mut code, mut first, mut index) = (0, 0, 0);
        for count in &self.counts[1..] {
            code |= bits.take(1);
            if code < first + count {
                return self.symbols[index + code - first];
            }
            index += count;
            first = (first + count) << 1;
            code <<= 1;
        }
        panic!("no such code");
    }
}

struct Bits<'b> {
    bytes: &'b [u8],
    /// In bits.
    at: usize,
}

impl Bits<'_> {
    fn take(&mut self, count: u32) -> usize {
        let mut value = 0;
        for i in 0..count {
            value |= usize::from(self.bytes[self.at / 8] >> (self.at % 8) & 1) << i;
            self.at += 1;
        }
        value
    }
}
