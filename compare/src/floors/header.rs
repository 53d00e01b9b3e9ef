//! Frame headers and masks.

/// The header of a frame.
#[derive(Clone, Copy)]
pub(super) struct Header {
    /// FIN, the reserved bits and the opcode.
    pub(super) first: u8,
    pub(super) key: Option<[u8; 4]>,
    pub(super) len: usize,
    /// The size of the header itself.
    pub(super) size: usize,
}

pub(super) const FIN: u8 = 0x80;
pub(super) const CONTINUATION: u8 = 0;
pub(super) const TEXT: u8 = 1;
pub(super) const BINARY: u8 = 2;
pub(super) const CLOSE: u8 = 8;

impl Header {
    /// Parses a header; `None` if it is incomplete.
    #[inline]
    pub(super) fn parse(input: &[u8]) -> Option<Self> {
        let [first, second, rest @ ..] = input else { return None };
        let (len, rest, extended) = match second & 0x7F {
            126 => {
                let (len, rest) = rest.split_first_chunk()?;
                (u16::from_be_bytes(*len).into(), rest, 2)
            }
            127 => {
                let (len, rest) = rest.split_first_chunk()?;
                (u64::from_be_bytes(*len) as usize, rest, 8)
            }
            len => (len.into(), rest, 0),
        };
        let masked = second & 0x80 != 0;
        let key = if masked { Some(*rest.first_chunk()?) } else { None };
        Some(Self { first: *first, key, len, size: 2 + extended + if masked { 4 } else { 0 } })
    }

    pub(super) fn opcode(&self) -> u8 {
        self.first & 0xF
    }

    /// Whether it is the first, and only, frame of a message.
    pub(super) fn is_whole(&self) -> bool {
        self.first & FIN != 0 && self.opcode() != CONTINUATION
    }
}

/// Appends a header.
#[inline]
pub(super) fn write(output: &mut Vec<u8>, first: u8, key: Option<[u8; 4]>, len: usize) {
    let mask = if key.is_some() { 0x80 } else { 0 };
    match len {
        0..=125 => output.extend_from_slice(&[first, mask | len as u8]),
        126..=0xFFFF => {
            let [high, low] = (len as u16).to_be_bytes();
            output.extend_from_slice(&[first, mask | 126, high, low]);
        }
        _ => {
            output.extend_from_slice(&[first, mask | 127]);
            output.extend_from_slice(&(len as u64).to_be_bytes());
        }
    }
    if let Some(key) = key {
        output.extend_from_slice(&key);
    }
}

/// Masks or unmasks in place. Returns the key for the bytes that follow.
#[inline]
pub(super) fn mask(data: &mut [u8], key: [u8; 4]) -> [u8; 4] {
    let rotate = data.len() % 4;
    let word = u64::from(u32::from_ne_bytes(key));
    let word = word | word << 32;
    let mut chunks = data.chunks_exact_mut(8);
    for chunk in &mut chunks {
        let masked = u64::from_ne_bytes((&*chunk).try_into().expect("eight bytes")) ^ word;
        chunk.copy_from_slice(&masked.to_ne_bytes());
    }
    let rest = chunks.into_remainder();
    for (byte, key) in rest.iter_mut().zip(word.to_ne_bytes()) {
        *byte ^= key;
    }
    let mut next = key;
    next.rotate_left(rotate);
    next
}
