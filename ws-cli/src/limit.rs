//! Sizes and limits as values of options.

use bytesize::ByteSize;

/// Parses a number of bytes: plain, or with a unit, such as `64k` (64,000) or `1MiB` (1,048,576).
///
/// # Errors
///
/// The message for the user.
pub fn size(text: &str) -> Result<usize, String> {
    const EXPECTED: &str = "expected a number of bytes, such as 65536, 64k or 1MiB";
    // The parser takes what is no number, such as "inf", for one.
    if !text.starts_with(|first: char| first.is_ascii_digit()) {
        return Err(EXPECTED.to_owned());
    }
    let ByteSize(bytes) = text.parse().map_err(|_| EXPECTED.to_owned())?;
    match isize::try_from(bytes) {
        // Larger ones are cut to `u64::MAX` above.
        Ok(isize::MAX) | Err(_) => Err("too large for this system".to_owned()),
        Ok(bytes) => Ok(bytes.unsigned_abs()),
    }
}

/// Parses a [`size`] that is a limit: 0 is `usize::MAX`, no limit.
///
/// # Errors
///
/// The message for the user.
pub fn size_limit(text: &str) -> Result<usize, String> {
    size(text).map(unless_zero)
}

/// Parses a number that is a limit: 0 is `usize::MAX`, no limit.
///
/// # Errors
///
/// The message for the user.
pub fn count_limit(text: &str) -> Result<usize, String> {
    let expected = |_| "expected a number, or 0 for no limit".to_owned();
    text.parse().map_err(expected).map(unless_zero)
}

fn unless_zero(limit: usize) -> usize {
    if limit == 0 { usize::MAX } else { limit }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes() {
        for (text, bytes) in [
            ("0", 0),
            ("65536", 65_536),
            ("64k", 64_000),
            ("64K", 64_000),
            ("64kB", 64_000),
            ("64KiB", 65_536),
            ("64Ki", 65_536),
            ("1MiB", 1 << 20),
            ("1 MiB", 1 << 20),
            ("1.5M", 1_500_000),
            ("2GiB", 2 << 30),
        ] {
            assert_eq!(size(text), Ok(bytes), "{text}");
        }
    }

    #[test]
    fn other_texts_are_no_sizes() {
        for text in ["", "MiB", "-1", "1 message", "1MiB2", "0x10", "inf", "nan", ".5k", "1e3"] {
            let error = size(text).expect_err(text);
            assert!(error.contains("64k or 1MiB"), "{text}: {error}");
        }
        assert!(size("99999999EiB").is_err());
    }

    #[test]
    fn zero_is_no_limit() {
        assert_eq!((size_limit("0"), size_limit("0KiB")), (Ok(usize::MAX), Ok(usize::MAX)));
        assert_eq!((size_limit("1KiB"), size_limit("1")), (Ok(1024), Ok(1)));
        assert_eq!((count_limit("0"), count_limit("7")), (Ok(usize::MAX), Ok(7)));
        for text in ["", "-1", "many", "1k"] {
            assert!(count_limit(text).is_err(), "{text}");
        }
    }
}
