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
    let data = apply_blocks::<64>(data, key);
    let data = apply_blocks::<32>(data, key);
    let data = apply_blocks::<16>(data, key);
    let data = apply_blocks::<8>(data, key);
    let data = apply_blocks::<4>(data, key);
    for (byte, key) in data.iter_mut().zip(key) {
        *byte ^= key;
    }
}

/// Data below this size is appended without loops.
const SHORT: usize = 128;

/// Appends `data`, masked or unmasked, to `out` in one pass.
#[inline]
pub(crate) fn append(out: &mut Vec<u8>, data: &[u8], key: Key) {
    out.reserve(data.len());
    match data.len() {
        SHORT.. => append_long(out, data, key),
        64.. => append_ends::<64>(out, data, key),
        32.. => append_ends::<32>(out, data, key),
        16.. => append_ends::<16>(out, data, key),
        _ => append_tail(out, data, key),
    }
}

#[inline]
fn append_long(out: &mut Vec<u8>, data: &[u8], key: Key) {
    let data = append_blocks::<128>(out, data, key);
    let data = append_blocks::<64>(out, data, key);
    let data = append_blocks::<32>(out, data, key);
    let data = append_blocks::<16>(out, data, key);
    append_tail(out, data, key);
}

/// Appends less than 16 bytes.
#[inline(always)]
fn append_tail(out: &mut Vec<u8>, data: &[u8], key: Key) {
    let [k, e, y, _] = key;
    match *data {
        [] => {}
        [a] => out.push(a ^ k),
        [a, b] => out.extend_from_slice(&[a ^ k, b ^ e]),
        [a, b, c] => out.extend_from_slice(&[a ^ k, b ^ e, c ^ y]),
        [_, _, _, _, _, _, _, _, ..] => append_ends::<8>(out, data, key),
        _ => append_ends::<4>(out, data, key),
    }
}

/// Appends `N` to `2 * N` bytes as two blocks, which may overlap.
#[inline(always)]
fn append_ends<const N: usize>(out: &mut Vec<u8>, data: &[u8], key: Key) {
    let first = data.first_chunk().expect("N bytes at least");
    let last = data.last_chunk().expect("N bytes at least");
    let end = out.len() + data.len();
    out.extend_from_slice(&masked::<N>(first, key));
    out.truncate(end - N);
    out.extend_from_slice(&masked::<N>(last, rotate(key, data.len() - N)));
}

/// Masks blocks of `N` bytes, a multiple of four; returns the remaining bytes.
#[inline(always)]
fn apply_blocks<const N: usize>(data: &mut [u8], key: Key) -> &mut [u8] {
    let mut blocks = data.chunks_exact_mut(N);
    for block in &mut blocks {
        let block: &mut [u8; N] = block.try_into().expect("chunks of N");
        *block = masked(block, key);
    }
    blocks.into_remainder()
}

/// Does the same into `out`, by stores of constant size.
#[inline(always)]
fn append_blocks<'d, const N: usize>(out: &mut Vec<u8>, data: &'d [u8], key: Key) -> &'d [u8] {
    let mut blocks = data.chunks_exact(N);
    for block in &mut blocks {
        out.extend_from_slice(&masked::<N>(block.try_into().expect("chunks of N"), key));
    }
    blocks.remainder()
}

#[inline(always)]
fn masked<const N: usize>(block: &[u8; N], key: Key) -> [u8; N] {
    let key = u32::from_ne_bytes(key);
    let mut masked = *block;
    for word in masked.chunks_exact_mut(4) {
        let value = u32::from_ne_bytes((&*word).try_into().expect("chunks of 4")) ^ key;
        word.copy_from_slice(&value.to_ne_bytes());
    }
    masked
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
        for len in (0..300).chain([4095, 4096, 4097, 9001]) {
            let data: Vec<u8> = (0..len).map(|i| (i * 7) as u8).collect();
            let masked = reference(&data, key);
            for cut in [0, 1, 2, 3, 5, 8, 13, 64, 129].into_iter().filter(|cut| *cut <= len) {
                let mut in_place = data.clone();
                let (first, second) = in_place.split_at_mut(cut);
                apply(first, key);
                apply(second, rotate(key, cut));
                assert_eq!(in_place, masked, "{len} cut at {cut}");

                // It needs no room beyond the data.
                let mut appended = Vec::with_capacity(len);
                let capacity = appended.capacity();
                append(&mut appended, &data[..cut], key);
                append(&mut appended, &data[cut..], rotate(key, cut));
                assert_eq!(appended, masked, "{len} cut at {cut}");
                assert_eq!(appended.capacity(), capacity, "{len} cut at {cut}");
            }
        }
    }
}
