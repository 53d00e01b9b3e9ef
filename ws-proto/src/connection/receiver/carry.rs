//! A character that is cut.

/// The first bytes of a character whose end has not arrived: at most three (RFC 3629).
#[derive(Clone, Copy, Default)]
pub(super) struct Carry {
    bytes: [u8; 4],
    len: u8,
}

/// What a further byte makes of the character.
pub(super) enum Carried {
    Incomplete,
    Character(char),
    Invalid,
}

impl Carry {
    pub(super) fn is_empty(self) -> bool {
        self.len == 0
    }

    pub(super) fn len(self) -> usize {
        usize::from(self.len)
    }

    /// Keeps the incomplete end of a piece.
    pub(super) fn keep(&mut self, tail: &[u8]) {
        self.bytes[..tail.len()].copy_from_slice(tail);
        self.len = tail.len() as u8;
    }

    pub(super) fn push(&mut self, byte: u8) -> Carried {
        self.bytes[usize::from(self.len)] = byte;
        self.len += 1;
        match core::str::from_utf8(&self.bytes[..usize::from(self.len)]) {
            Ok(text) => {
                self.len = 0;
                text.chars().next().map_or(Carried::Invalid, Carried::Character)
            }
            Err(error) if error.error_len().is_none() => Carried::Incomplete,
            Err(_) => Carried::Invalid,
        }
    }
}
