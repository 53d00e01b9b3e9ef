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
    let (valid, incomplete) = match validate(bytes) {
        Ok(text) => return Ok(text),
        Err(cut) => cut,
    };
    if !incomplete {
        return Err(Invalid { valid });
    }
    complete(&bytes[..valid]).ok_or(Invalid { valid })
}

/// The text, or how far it is valid and whether the fault is only that it ends too early.
fn validate(bytes: &[u8]) -> Result<&str, (usize, bool)> {
    #[cfg(feature = "simdutf8")]
    use simdutf8::compat::from_utf8;

    #[cfg(not(feature = "simdutf8"))]
    use core::str::from_utf8;

    from_utf8(bytes).map_err(|error| (error.valid_up_to(), error.error_len().is_none()))
}
