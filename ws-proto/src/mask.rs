//! Masking (RFC 6455 §5.3): XOR with a key of four bytes, repeated.

use alloc::vec::Vec;

pub(crate) type Key = [u8; 4];

/// The key for bytes that begin `offset` bytes into the payload.
pub(crate) fn rotate(key: Key, offset: usize) -> Key {
    u32::from_le_bytes(key).rotate_right(8 * (offset as u32 % 4)).to_le_bytes()
}

/// Masks or unmasks `data` in place.
#[inline]
pub(crate) fn apply(data: &mut [u8], key: Key) {
    let word = wide(key);
    let mut words = data.chunks_exact_mut(8);
    for bytes in &mut words {
        let masked = u64::from_ne_bytes((&*bytes).try_into().expect("chunks of 8")) ^ word;
        bytes.copy_from_slice(&masked.to_ne_bytes());
    }
    for (byte, key) in words.into_remainder().iter_mut().zip(word.to_ne_bytes()) {
        *byte ^= key;
    }
}

/// Appends `data`, masked or unmasked, to `out`: one pass over memory, for a block is still in the
/// nearest cache when it is masked.
#[inline]
pub(crate) fn append(out: &mut Vec<u8>, data: &[u8], key: Key) {
    const BLOCK: usize = 4096;
    out.reserve(data.len());
    for block in data.chunks(BLOCK) {
        let start = out.len();
        out.extend_from_slice(block);
        apply(&mut out[start..], key);
    }
}

fn wide(key: Key) -> u64 {
    let [a, b, c, d] = key;
    u64::from_ne_bytes([a, b, c, d, a, b, c, d])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reference(data: &[u8], key: Key) -> Vec<u8> {
        data.iter().enumerate().map(|(i, byte)| byte ^ key[i % 4]).collect()
    }

    #[test]
    fn any_length_at_any_offset() {
        let key = [1, 0x20, 0xF3, 0x44];
        for len in (0..70).chain([4095, 4096, 4097, 9001]) {
            let data: Vec<u8> = (0..len).map(|i| (i * 7) as u8).collect();
            let masked = reference(&data, key);
            for cut in [0, 1, 2, 3, 5, 8, 13, 64].into_iter().filter(|cut| *cut <= len) {
                let mut in_place = data.clone();
                let (first, second) = in_place.split_at_mut(cut);
                apply(first, key);
                apply(second, rotate(key, cut));
                assert_eq!(in_place, masked, "{len} cut at {cut}");

                let mut appended = Vec::new();
                append(&mut appended, &data[..cut], key);
                append(&mut appended, &data[cut..], rotate(key, cut));
                assert_eq!(appended, masked, "{len} cut at {cut}");
            }
        }
    }
}
