//! A piece of a message, and the fault behind it.

use alloc::borrow::Cow;

use crate::error::ErrorKind;
use crate::event::Event;
use crate::utf8;

/// What a piece of a payload makes: an event, a fault, or a fault behind an event.
pub(super) struct Piece<'i> {
    pub(super) event: Option<Event<'i>>,
    pub(super) fault: Option<ErrorKind>,
}

impl<'i> From<Option<Event<'i>>> for Piece<'i> {
    fn from(event: Option<Event<'i>>) -> Self {
        Self { event, fault: None }
    }
}

impl From<ErrorKind> for Piece<'_> {
    fn from(fault: ErrorKind) -> Self {
        Self { event: None, fault: Some(fault) }
    }
}

impl<'i> Piece<'i> {
    /// Text that is not UTF-8. What of it is valid goes out first, as if it had arrived byte by byte.
    #[cold]
    pub(super) fn of_invalid_text(text: &'i [u8]) -> Self {
        let valid = match utf8::prefix(text) {
            Ok(valid) => valid.len(),
            Err(invalid) => invalid.valid,
        };
        let event = match utf8::complete(&text[..valid]) {
            Some(valid) if !valid.is_empty() => {
                Some(Event::TextChunk { data: Cow::Borrowed(valid), fin: false })
            }
            _ => None,
        };
        Self { event, fault: Some(ErrorKind::InvalidUtf8) }
    }
}
