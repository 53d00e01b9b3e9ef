//! The stamp that identifies each message: its sender, its number, and its due time.

use std::fmt::Write as _;

use ws_tokio::Message;

/// `~`, sender, sequence number and due time in hexadecimal digits, `~`.
const LEN: usize = 1 + 8 + 8 + 16 + 1;
const MARK: u8 = b'~';
const PADDING: u8 = b'x';

/// The identity of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stamp {
    /// The number of the sender.
    pub(crate) sender: u32,
    /// The number of the sender's message.
    pub(crate) sequence: u32,
    /// The time for which it was scheduled, in nanoseconds of the clock.
    pub(crate) due: u64,
}

/// The bytes around the stamp in the messages of one sender.
#[derive(Clone, Debug)]
pub(crate) struct Envelope {
    before: Vec<u8>,
    padding: usize,
    after: &'static str,
    binary: bool,
}

impl Envelope {
    /// A text of `size` bytes.
    ///
    /// # Errors
    ///
    /// The minimum size, if `size` is less.
    pub(crate) fn text(size: usize) -> Result<Self, usize> {
        Self::new(Vec::new(), "", size, false)
    }

    /// Binary data of `size` bytes that are not UTF-8.
    ///
    /// # Errors
    ///
    /// The minimum size, if `size` is less.
    pub(crate) fn binary(size: usize) -> Result<Self, usize> {
        Self::new(vec![0xff], "", size, true)
    }

    /// A broadcast of `size` bytes, to a room or to all clients.
    ///
    /// # Errors
    ///
    /// The minimum size, if `size` is less.
    pub(crate) fn broadcast(room: Option<&str>, size: usize) -> Result<Self, usize> {
        let mut before = r#"{"type":"broadcast","#.to_owned();
        if let Some(room) = room {
            let _ = write!(before, r#""room":{},"#, serde_json::Value::from(room));
        }
        before += r#""message":""#;
        Self::new(before.into_bytes(), "\"}", size, false)
    }

    fn new(before: Vec<u8>, after: &'static str, size: usize, binary: bool) -> Result<Self, usize> {
        let least = before.len() + LEN + after.len();
        match size.checked_sub(least) {
            Some(padding) => Ok(Self { before, padding, after, binary }),
            None => Err(least),
        }
    }

    /// Returns the message with this stamp.
    pub(crate) fn seal(&self, stamp: Stamp) -> Message {
        let capacity = self.before.len() + LEN + self.padding + self.after.len();
        let mut message = Vec::with_capacity(capacity);
        self.seal_into(stamp, &mut message);
        match String::from_utf8(message) {
            Ok(text) => Message::text(text),
            Err(error) => Message::binary(error.into_bytes()),
        }
    }

    /// Writes the message with this stamp to a buffer.
    pub(crate) fn seal_into(&self, stamp: Stamp, message: &mut Vec<u8>) {
        message.clear();
        message.extend_from_slice(&self.before);
        message.push(MARK);
        hexadecimal(message, stamp.sender.into(), 8);
        hexadecimal(message, stamp.sequence.into(), 8);
        hexadecimal(message, stamp.due, 16);
        message.push(MARK);
        message.resize(message.len() + self.padding, PADDING);
        message.extend_from_slice(self.after.as_bytes());
    }

    pub(crate) fn is_binary(&self) -> bool {
        self.binary
    }
}

fn hexadecimal(message: &mut Vec<u8>, value: u64, digits: u32) {
    message.extend(
        (0..digits).rev().map(|at| b"0123456789abcdef"[(value >> (4 * at)) as usize & 0xf]),
    );
}

/// Finds stamps in messages of the server, which may wrap those of the client.
#[derive(Clone, Debug)]
pub(crate) struct Reader {
    padding: usize,
    /// The position of the last stamp, which is usually that of the next one.
    at: usize,
}

/// The kind of a received message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reading {
    Stamped(Stamp),
    /// It has a stamp, but its padding is not complete.
    Damaged,
    /// It has no stamp.
    Foreign,
}

impl Reader {
    pub(crate) fn new(envelope: &Envelope) -> Self {
        Self { padding: envelope.padding, at: 0 }
    }

    pub(crate) fn read(&mut self, message: &[u8]) -> Reading {
        let stamp = stamp_at(message, self.at).or_else(|| {
            let marks = message.iter().enumerate().filter(|&(_, &byte)| byte == MARK);
            let (at, stamp) =
                marks.map(|(at, _)| at).find_map(|at| Some((at, stamp_at(message, at)?)))?;
            self.at = at;
            Some(stamp)
        });
        let Some(stamp) = stamp else { return Reading::Foreign };
        let padding = message.get(self.at + LEN..self.at + LEN + self.padding);
        match padding.is_some_and(|padding| padding.iter().all(|&byte| byte == PADDING)) {
            true => Reading::Stamped(stamp),
            false => Reading::Damaged,
        }
    }
}

fn stamp_at(message: &[u8], at: usize) -> Option<Stamp> {
    let stamp = message.get(at..)?.get(..LEN)?;
    if stamp[0] != MARK || stamp[LEN - 1] != MARK {
        return None;
    }
    let number = |digits: &[u8]| {
        digits.iter().try_fold(0, |number, &digit| {
            Some(number << 4 | u64::from(char::from(digit).to_digit(16)?))
        })
    };
    Some(Stamp {
        sender: number(&stamp[1..9])?.try_into().ok()?,
        sequence: number(&stamp[9..17])?.try_into().ok()?,
        due: number(&stamp[17..33])?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const STAMP: Stamp = Stamp { sender: 0xabc, sequence: u32::MAX, due: 0x0123_4567_89ab_cdef };

    #[test]
    fn a_stamp_is_found_in_what_a_server_makes_of_it() {
        for envelope in [Envelope::text(34), Envelope::text(500), Envelope::binary(100)] {
            let envelope = envelope.expect("large enough");
            let mut reader = Reader::new(&envelope);
            let message = envelope.seal(STAMP);
            assert_eq!(reader.read(message.as_bytes()), Reading::Stamped(STAMP));
            for before in ["{\"type\":\"echo\",\"original\":\"", "~~", ""] {
                let reply = [before.as_bytes(), message.as_bytes(), b"\"}"].concat();
                assert_eq!(reader.read(&reply), Reading::Stamped(STAMP));
                assert_eq!(reader.read(&reply), Reading::Stamped(STAMP));
            }
        }
    }

    #[test]
    fn messages_have_the_size_that_was_asked_for() {
        let room = Some("a \"room\"");
        for envelope in [Envelope::text(128), Envelope::binary(128), Envelope::broadcast(room, 128)]
        {
            let message = envelope.expect("large enough").seal(STAMP);
            assert_eq!(message.as_bytes().len(), 128);
        }
        let envelope = Envelope::broadcast(room, 128).expect("large enough");
        let message: serde_json::Value =
            serde_json::from_slice(envelope.seal(STAMP).as_bytes()).expect("JSON");
        assert_eq!(
            (&message["type"], &message["room"]),
            (&"broadcast".into(), &"a \"room\"".into())
        );
        assert_eq!(Envelope::text(33).map(drop), Err(34));
        assert_eq!(Envelope::binary(0).map(drop), Err(35));
    }

    #[test]
    fn damage_is_seen() {
        let envelope = Envelope::text(100).expect("large enough");
        let message = envelope.seal(STAMP).as_bytes().to_vec();
        let mut reader = Reader::new(&envelope);
        assert_eq!(reader.read(&message[..99]), Reading::Damaged);
        let mut changed = message.clone();
        changed[70] = b'y';
        assert_eq!(reader.read(&changed), Reading::Damaged);
        changed = message;
        changed[5] = b'g';
        assert_eq!(reader.read(&changed), Reading::Foreign);
        assert_eq!(reader.read(br#"{"type":"welcome"}"#), Reading::Foreign);
    }
}
