//! UTF-8, checked as it arrives (RFC 6455 §8.1).

/// The bytes are not UTF-8; `valid` of them, before the offending sequence, are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Invalid {
    pub(crate) valid: usize,
}

/// The whole of `bytes` as text.
#[inline]
pub(crate) fn complete(bytes: &[u8]) -> Option<&str> {
    #[cfg(feature = "simdutf8")]
    return simdutf8::basic::from_utf8(bytes).ok();
    #[cfg(not(feature = "simdutf8"))]
    return core::str::from_utf8(bytes).ok();
}

/// The longest prefix that ends with a character; the rest, at most three bytes, may yet become
/// one.
pub(crate) fn prefix(bytes: &[u8]) -> Result<&str, Invalid> {
    let (body, _) = bytes.split_at(bytes.len() - unfinished(bytes));
    complete(body).ok_or_else(|| Invalid { valid: valid_up_to(bytes) })
}

/// The number of bytes at the end that begin a character and lack the rest of it.
fn unfinished(bytes: &[u8]) -> usize {
    let start = bytes.len().saturating_sub(3);
    let Some(lead) = bytes[start..].iter().rposition(|byte| byte & 0xC0 != 0x80) else { return 0 };
    let tail = &bytes[start + lead..];
    match core::str::from_utf8(tail) {
        Err(error) if error.error_len().is_none() => tail.len(),
        _ => 0,
    }
}

#[cold]
fn valid_up_to(bytes: &[u8]) -> usize {
    #[cfg(feature = "simdutf8")]
    use simdutf8::compat::from_utf8;

    #[cfg(not(feature = "simdutf8"))]
    use core::str::from_utf8;

    from_utf8(bytes).err().map_or(bytes.len(), |error| error.valid_up_to())
}

#[cfg(test)]
mod tests {
    use super::*;

    const BYTES: [u8; 13] =
        [b'a', 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC3, 0xE0, 0xE2, 0xED, 0xF0, 0xF4];

    /// Every end of a text, after one that is long enough for the block validator.
    #[test]
    fn the_standard_library_agrees() {
        for start in ["", "€", "long enough for a block of 64 bytes: ÄÖÜäöü €uro 色は匂へど 😀😀"]
        {
            for tail in 0..BYTES.len().pow(4) {
                let tail = [0, 1, 2, 3].map(|i| BYTES[tail / BYTES.len().pow(i) % BYTES.len()]);
                let bytes = [start.as_bytes(), &tail].concat();
                let expected = match core::str::from_utf8(&bytes) {
                    Err(error) if error.error_len().is_some() => {
                        Err(Invalid { valid: error.valid_up_to() })
                    }
                    result => Ok(result.map_or_else(|error| error.valid_up_to(), str::len)),
                };
                assert_eq!(prefix(&bytes).map(str::len), expected, "{bytes:02x?}");
            }
        }
    }
}
