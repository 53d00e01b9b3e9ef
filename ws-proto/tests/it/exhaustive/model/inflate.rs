//! The part of DEFLATE that these tests write: stored blocks, and blocks of fixed codes with
//! ASCII (RFC 1951 §3.2).

/// The content of a compressed message, or `None` if it ends within a block (RFC 7692 §7.2.2).
pub(super) fn message(payload: &[u8]) -> Option<Vec<u8>> {
    let stream = [payload, &[0x00, 0x00, 0xFF, 0xFF]].concat();
    let mut bits = Bits { bytes: &stream, at: 0 };
    let mut content = Vec::new();
    while bits.at < 8 * stream.len() {
        let (last, kind) = (bits.take(1)?, bits.take(2)?);
        assert_eq!(last, 0, "the model supports no last blocks");
        match kind {
            0 => {
                bits.at = bits.at.next_multiple_of(8);
                let (len, complement) = (bits.take(16)?, bits.take(16)?);
                if len != !complement & 0xFFFF {
                    return None;
                }
                for _ in 0..len {
                    content.push(bits.take(8)? as u8);
                }
            }
            1 => loop {
                // The end of a block has a code of 7 bits, ASCII codes of 8 from 0x30 on.
                let prefix = (0..7).try_fold(0, |code, _| Some(code << 1 | bits.take(1)?))?;
                if prefix == 0 {
                    break;
                }
                let code = prefix << 1 | bits.take(1)?;
                assert!((0x30..0x30 + 128).contains(&code), "the model supports ASCII only");
                content.push((code - 0x30) as u8);
            },
            _ => panic!("the model supports no such blocks"),
        }
    }
    Some(content)
}

struct Bits<'b> {
    bytes: &'b [u8],
    at: usize,
}

impl Bits<'_> {
    /// A number whose lowest bit comes first.
    fn take(&mut self, count: usize) -> Option<u32> {
        (0..count).try_fold(0, |number, i| {
            let byte = self.bytes.get(self.at / 8)?;
            let bit = u32::from(byte >> (self.at % 8) & 1);
            self.at += 1;
            Some(number | bit << i)
        })
    }
}
