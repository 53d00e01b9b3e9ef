//! What rooms are called.

use std::borrow::Borrow;
use std::fmt;
use std::sync::Arc;

/// The longest name, in bytes.
const MAX_LEN: usize = 128;

/// A valid name of a room: 1 to 128 bytes without control characters. Cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct RoomName(Arc<str>);

impl RoomName {
    /// The name, if it is one.
    pub(crate) fn new(name: &str) -> Option<Self> {
        let valid = (1..=MAX_LEN).contains(&name.len()) && !name.contains(char::is_control);
        valid.then(|| Self(name.into()))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl Borrow<str> for RoomName {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RoomName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        let (longest, too_long) = ("x".repeat(128), "x".repeat(129));
        let wide = "ü".repeat(65);
        for (name, valid) in [
            ("lobby", true),
            (" ", true),
            ("Grüße 🦀", true),
            ("a.b.*.>", true),
            (&longest, true),
            ("", false),
            ("a\nb", false),
            ("\0", false),
            ("\u{7f}", false),
            ("\u{85}", false),
            (&too_long, false),
            (&wide, false),
        ] {
            assert_eq!(RoomName::new(name).is_some(), valid, "{name:?}");
        }
    }
}
