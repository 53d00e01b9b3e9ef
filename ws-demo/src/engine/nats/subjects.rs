//! What is published where.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::room::RoomName;

/// What all subjects of nodes that belong together begin with: words of letters, digits, `-` and `_`
/// with dots between them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Prefix(String);

impl FromStr for Prefix {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        let word = |word: &str| !word.is_empty() && word.bytes().all(plain);
        match text.split('.').all(word) && text.len() <= 128 {
            true => Ok(Self(text.to_owned())),
            false => Err("expected words of letters, digits, - and _ with dots between them, \
                          128 bytes at most"
                .to_owned()),
        }
    }
}

impl fmt::Display for Prefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The subjects of version 1.
#[derive(Clone, Debug)]
pub(super) struct Subjects {
    prefix: Prefix,
}

impl Subjects {
    pub(super) fn new(prefix: Prefix) -> Self {
        Self { prefix }
    }

    /// For broadcasts to all clients.
    pub(super) fn all(&self) -> String {
        format!("{}.v1.all", self.prefix)
    }

    /// For reports of nodes.
    pub(super) fn node(&self) -> String {
        format!("{}.v1.node", self.prefix)
    }

    /// For broadcasts to a room. A room's name is a client's text, in which `.`, `*`, `>` and spaces
    /// must mean nothing to the broker.
    pub(super) fn room(&self, room: &RoomName) -> String {
        format!("{}.v1.room.{}", self.prefix, URL_SAFE_NO_PAD.encode(room.as_str()))
    }

    /// Without a subscriber: the broker answers requests to it at once.
    pub(super) fn no_responders(&self) -> String {
        format!("{}.v1.nobody", self.prefix)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn subjects() -> Subjects {
        Subjects::new("chat.eu-1".parse().expect("a prefix"))
    }

    #[test]
    fn the_subjects() {
        assert_eq!(subjects().all(), "chat.eu-1.v1.all");
        assert_eq!(subjects().node(), "chat.eu-1.v1.node");
        let room = RoomName::new("lobby").expect("a name");
        assert_eq!(subjects().room(&room), "chat.eu-1.v1.room.bG9iYnk");
    }

    #[test]
    fn no_name_of_a_room_means_anything_to_the_broker() {
        let longest = ">".repeat(128);
        let names = [
            ".",
            "*",
            ">",
            " ",
            "a.b",
            "a b",
            "*.>",
            "a..b",
            "Grüße 🦀",
            "all",
            "a/b+c=",
            "÷÷÷???",
            &longest,
        ];
        let mut seen = HashSet::new();
        for name in names {
            let subject = subjects().room(&RoomName::new(name).expect("a name"));
            let word = subject.strip_prefix("chat.eu-1.v1.room.").expect("the prefix");
            let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
            assert!(!word.is_empty() && word.bytes().all(plain), "{name:?}: {subject}");
            assert!(seen.insert(subject), "{name:?} has the subject of another room");
        }
    }

    #[test]
    fn prefixes() {
        for good in ["ws-demo", "a", "A_1.b-2.c"] {
            assert_eq!(good.parse::<Prefix>().map(|prefix| prefix.to_string()), Ok(good.into()));
        }
        let long = "a".repeat(129);
        for bad in ["", ".", "a.", ".a", "a..b", "a b", "a.*", "a.>", "ü", "a\n", &long] {
            assert!(bad.parse::<Prefix>().is_err(), "{bad:?}");
        }
    }
}
