//! The messages that are sent, and their frames.

use bytes::Bytes;
use ws_proto::Role;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Binary,
    /// Text of characters of one to three bytes.
    Text,
}

/// A message.
#[derive(Clone, Debug)]
pub(crate) struct Content {
    pub(crate) kind: Kind,
    pub(crate) data: Bytes,
}

const MULTIBYTE: &str =
    "Zwölf Boxkämpfer jagen Viktor quer über den großen Sylter Deich — 色は匂へど ";

impl Content {
    /// Returns a message of exactly `size` bytes.
    pub(crate) fn new(kind: Kind, size: usize) -> Self {
        let data = match kind {
            Kind::Binary => (0..size).map(|i| (i * 31 + i / 251) as u8).collect(),
            Kind::Text => {
                let mut text = String::with_capacity(size);
                for character in MULTIBYTE.chars().cycle() {
                    if text.len() + character.len_utf8() > size {
                        break;
                    }
                    text.push(character);
                }
                text.extend(std::iter::repeat_n('.', size - text.len()));
                text.into()
            }
        };
        Self { kind, data }
    }

    /// Returns text of this size that is not UTF-8: its last byte occurs in no character.
    pub(crate) fn invalid_text(size: usize) -> Self {
        let mut data = vec![b'x'; size];
        data[size - 1] = 0xFF;
        Self { kind: Kind::Text, data: data.into() }
    }

    /// Returns the message as an end in the role `to` receives it, in this number of fragments of about
    /// the same size. Fragments of text may end within a character.
    pub(crate) fn wire(&self, to: Role, fragments: usize) -> Vec<u8> {
        let size = self.data.len();
        let cut = |i| size * i / fragments;
        let parts: Vec<&[u8]> = (0..fragments).map(|i| &self.data[cut(i)..cut(i + 1)]).collect();
        ws_wire::fragments(to, self.opcode(), &parts)
    }

    fn opcode(&self) -> u8 {
        match self.kind {
            Kind::Binary => ws_wire::BINARY,
            Kind::Text => ws_wire::TEXT,
        }
    }

    /// Checks that `wire` is this message, `count` times, as an end in the role `from` sends it.
    pub(crate) fn check_sent(&self, from: Role, count: usize, wire: &[u8]) {
        let frames = ws_wire::parse(wire);
        assert_eq!(frames.len(), count, "frames sent");
        for frame in frames {
            assert_eq!(frame.first, ws_wire::FIN | self.opcode(), "the first byte of a frame");
            assert_eq!(frame.key.is_some(), from == Role::Client, "masked");
            assert!(frame.payload == self.data, "the payload that was sent");
        }
    }
}

/// A size as text, in the unit that suits it.
pub(crate) fn size(bytes: usize) -> String {
    match bytes {
        0..1024 => format!("{bytes} B"),
        1024..0x10_0000 => format!("{} KiB", bytes >> 10),
        _ => format!("{} MiB", bytes >> 20),
    }
}
