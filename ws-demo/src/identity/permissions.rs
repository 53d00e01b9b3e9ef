//! What a client may do, as pure functions.

/// The rooms that a client may read and write, and whether it may broadcast to all clients.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Permissions {
    /// The rooms that it may join.
    pub(super) read: Rooms,
    /// The rooms that it may broadcast to, once it has joined them.
    pub(super) write: Rooms,
    /// Whether it may broadcast without a room.
    pub(super) everyone: bool,
}

/// A set of rooms.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Rooms {
    All,
    /// Those that match one of the patterns.
    Listed(Vec<String>),
}

impl Permissions {
    /// Everything: those of a client without claims.
    pub(crate) const ALL: Self = Self { read: Rooms::All, write: Rooms::All, everyone: true };

    pub(crate) fn may_read(&self, room: &str) -> bool {
        self.read.contains(room)
    }

    /// The rooms that it may join; `None`: all.
    pub(crate) fn readable(&self) -> Option<impl Iterator<Item = Pattern<'_>>> {
        match &self.read {
            Rooms::All => None,
            Rooms::Listed(patterns) => Some(patterns.iter().map(|text| Pattern::new(text))),
        }
    }

    pub(crate) fn may_write(&self, room: &str) -> bool {
        self.write.contains(room)
    }

    pub(crate) fn may_write_to_everyone(&self) -> bool {
        self.everyone
    }
}

impl Rooms {
    fn contains(&self, room: &str) -> bool {
        match self {
            Self::All => true,
            Self::Listed(patterns) => {
                patterns.iter().any(|pattern| Pattern::new(pattern).matches(room))
            }
        }
    }
}

/// Which rooms an entry of a list means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pattern<'p> {
    Name(&'p str),
    /// Names that start with this: it was written with a `*` behind it.
    Prefix(&'p str),
}

impl<'p> Pattern<'p> {
    fn new(text: &'p str) -> Self {
        text.strip_suffix('*').map_or(Self::Name(text), Self::Prefix)
    }

    pub(crate) fn matches(self, room: &str) -> bool {
        match self {
            Self::Name(name) => room == name,
            Self::Prefix(prefix) => room.starts_with(prefix),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns() {
        for (pattern, room, expected) in [
            ("news", "news", true),
            ("news", "new", false),
            ("news", "newsroom", false),
            ("news", "News", false),
            ("news*", "news", true),
            ("news*", "newsroom", true),
            ("news*", "new", false),
            ("news*", "the news", false),
            ("*", "anything", true),
            ("", "anything", false),
            // Only the last character has a meaning.
            ("a*b", "a*b", true),
            ("a*b", "axb", false),
            ("a**", "a*", true),
            ("a**", "ab", false),
            ("*a", "ba", false),
            ("a.b", "axb", false),
            ("ü*", "über", true),
            ("ü*", "uber", false),
        ] {
            assert_eq!(Pattern::new(pattern).matches(room), expected, "{pattern} {room}");
        }
    }

    #[test]
    fn reading_writing_and_everyone_are_separate() {
        let listed = |pattern: &str| Rooms::Listed(vec![pattern.to_owned()]);
        let permissions = Permissions { read: listed("a*"), write: listed("b"), everyone: false };
        assert!(permissions.may_read("ab") && !permissions.may_read("b"));
        assert!(permissions.may_write("b") && !permissions.may_write("ab"));
        assert!(!permissions.may_write_to_everyone());
        assert!(!Permissions { read: Rooms::Listed(vec![]), ..permissions }.may_read("a"));
        assert!(Permissions::ALL.may_read("x") && Permissions::ALL.may_write("x"));
    }
}
