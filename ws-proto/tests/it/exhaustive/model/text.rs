//! UTF-8, as the standard library judges it (RFC 3629).

/// The index of the first byte with which no text begins; `text.len()` if the error is that
/// `text`, being complete, ends within a character.
pub(crate) fn fault(text: &[u8], complete: bool) -> Option<usize> {
    let error = std::str::from_utf8(text).err()?;
    let valid = error.valid_up_to();
    let cannot_begin = |len: &usize| {
        std::str::from_utf8(&text[valid..*len]).is_err_and(|error| error.error_len().is_some())
    };
    match (valid + 1..=text.len()).find(cannot_begin) {
        Some(len) => Some(len - 1),
        None => complete.then_some(text.len()),
    }
}
