//! DEFLATE streams made by hand (RFC 1951), which no compressor writes.

/// A symbol within a block of fixed codes.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Symbol {
    Literal(u8),
    /// From 3 to 10 bytes, from this distance.
    Copy(usize, usize),
    /// 258 bytes.
    CopyMost(usize),
}

/// Bits, the lowest first.
#[derive(Clone, Default)]
pub(crate) struct Stream {
    bytes: Vec<u8>,
    /// In bits.
    len: usize,
}

impl Stream {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// A block of fixed codes with this text.
    pub(crate) fn text(self, last: bool, text: &str) -> Self {
        let symbols: Vec<Symbol> = text.bytes().map(Symbol::Literal).collect();
        self.fixed(last, &symbols)
    }

    /// A block of fixed codes.
    pub(crate) fn fixed(self, last: bool, symbols: &[Symbol]) -> Self {
        self.open(last, symbols).code(0, 7)
    }

    /// Such a block without its end.
    pub(crate) fn open(self, last: bool, symbols: &[Symbol]) -> Self {
        let begun = self.bits(usize::from(last), 1).bits(1, 2);
        symbols.iter().fold(begun, |stream, symbol| match *symbol {
            Symbol::Literal(byte @ 0..144) => stream.code(0x30 + usize::from(byte), 8),
            Symbol::Literal(byte) => stream.code(0x190 + usize::from(byte) - 144, 9),
            Symbol::Copy(len, distance) => stream.code(len - 2, 7).distance(distance),
            Symbol::CopyMost(distance) => stream.code(0xC0 + 5, 8).distance(distance),
        })
    }

    pub(crate) fn stored(self, last: bool, data: &[u8]) -> Self {
        let len = u16::try_from(data.len()).expect("16 bits");
        let mut stream = self.bits(usize::from(last), 1).bits(0, 2).aligned();
        stream.bytes.extend(len.to_le_bytes());
        stream.bytes.extend((!len).to_le_bytes());
        stream.bytes.extend(data);
        stream.len = 8 * stream.bytes.len();
        stream
    }

    /// Pads to a whole byte.
    pub(crate) fn aligned(mut self) -> Self {
        self.len = 8 * self.bytes.len();
        self
    }

    /// The payload of a message: the end of a flush, without its trailer.
    pub(crate) fn message(self) -> Vec<u8> {
        self.bits(0, 3).aligned().bytes
    }

    /// The bytes as they are.
    pub(crate) fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    pub(crate) fn bits(mut self, value: usize, count: usize) -> Self {
        for i in 0..count {
            if self.len == 8 * self.bytes.len() {
                self.bytes.push(0);
            }
            self.bytes[self.len / 8] |= ((value >> i & 1) as u8) << (self.len % 8);
            self.len += 1;
        }
        self
    }

    /// A Huffman code: its highest bit comes first.
    fn code(self, code: usize, count: usize) -> Self {
        (0..count).rev().fold(self, |stream, i| stream.bits(code >> i, 1))
    }

    fn distance(self, distance: usize) -> Self {
        let below = distance - 1;
        if below < 4 {
            return self.code(below, 5);
        }
        let extra = below.ilog2() as usize - 1;
        self.code(2 * (extra + 1) + (below >> extra & 1), 5).bits(below & ((1 << extra) - 1), extra)
    }
}
