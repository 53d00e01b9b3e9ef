//! Text from a peer, made safe for a log and a terminal.

use std::fmt::{self, Write as _};

/// Displays text with everything escaped that could begin a line, control a terminal, or change how the
/// surrounding text looks: control characters, line separators, direction marks and similar ones. Text
/// over a maximum length is cut, and ends with an ellipsis.
#[derive(Clone, Copy, Debug)]
pub struct Printable<'t> {
    text: &'t str,
    max: usize,
}

impl<'t> Printable<'t> {
    /// `max` is the maximum length in characters.
    pub fn new(text: &'t str, max: usize) -> Self {
        Self { text, max }
    }
}

impl fmt::Display for Printable<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut characters = self.text.chars();
        for character in characters.by_ref().take(self.max) {
            match character {
                // JSON would be hard to read with these escaped.
                '"' | '\'' | '\\' => f.write_char(character)?,
                _ => write!(f, "{}", character.escape_debug())?,
            }
        }
        match characters.next() {
            Some(_) => f.write_char('…'),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_left_that_a_terminal_obeys() {
        for (text, printed) in [
            ("plain", "plain"),
            (r#"{"a":"b\n"}"#, r#"{"a":"b\n"}"#),
            ("Grüße, 世界 🦀", "Grüße, 世界 🦀"),
            ("a\n[ws] Client 00000000 connected", r"a\n[ws] Client 00000000 connected"),
            ("\r\t\0", r"\r\t\0"),
            ("\x1b[2J\x07\x7f", r"\u{1b}[2J\u{7}\u{7f}"),
            ("\u{9b}31m", r"\u{9b}31m"),
            (
                "\u{2028}\u{2029}\u{202e}\u{2066}\u{feff}",
                r"\u{2028}\u{2029}\u{202e}\u{2066}\u{feff}",
            ),
        ] {
            assert_eq!(Printable::new(text, 200).to_string(), printed);
        }
    }

    #[test]
    fn it_is_cut_between_characters() {
        assert_eq!(Printable::new("ääää", 4).to_string(), "ääää");
        assert_eq!(Printable::new("äääää", 4).to_string(), "ääää…");
        assert_eq!(Printable::new("", 0).to_string(), "");
    }
}
