//! What nodes send each other, on the wire: a header, and a body as it is.
//!
//! ```text
//!   0        1      2      10         18      26       30
//!   version  kind   node   sequence   index   sender   body …      (numbers: big-endian)
//! ```

use std::fmt;

use bytes::Bytes;

use crate::id::ClientId;

/// The version of all this. Nodes with another one are not understood.
const VERSION: u8 = 1;

/// How long a header is.
///
/// The shortest text that a client can broadcast a message with, `{"type":"broadcast","message":…}`,
/// has 31 bytes beside the message: so a broker which takes as much as the server does from its
/// clients, 1 MiB by default on both sides, takes every broadcast.
pub(super) const HEADER: usize = 30;

/// A node, from its start to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct NodeId(u64);

impl NodeId {
    /// `number` is random, so that nodes differ.
    pub(super) const fn new(number: u64) -> Self {
        Self(number)
    }
}

impl fmt::Display for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

/// What a body is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A client's message, in JSON.
    Broadcast = 1,
    /// A part of a [report](super::report) on clients and rooms.
    Presence = 2,
    /// Nothing: the node is about to end.
    Bye = 3,
    /// A message of the backend, in JSON.
    ServerBroadcast = 4,
    /// A [request](crate::disconnect::Disconnect) to disconnect clients, in JSON.
    Disconnect = 5,
    /// A part of a [list](super::members) of the members of rooms.
    Members = 6,
}

/// The sender and the kind of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) kind: Kind,
    pub(super) node: NodeId,
    /// Counts the messages of the node, from 1: the order of messages on different subjects.
    pub(super) sequence: u64,
    /// Counts its messages to this subject, from 1: a receiver that has only some of the subjects
    /// notices which are missing.
    pub(super) index: u64,
    /// The client that sent a broadcast, or that does not receive one of the backend.
    pub(super) sender: ClientId,
}

/// A body with place for its header, so that it is copied once.
#[derive(Debug)]
pub(super) struct Draft(Vec<u8>);

impl Draft {
    pub(super) fn new(body: &[u8]) -> Self {
        let mut bytes = Vec::with_capacity(HEADER + body.len());
        bytes.resize(HEADER, 0);
        bytes.extend_from_slice(body);
        Self(bytes)
    }

    /// How long the envelope will be.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn seal(self, header: &Header) -> Bytes {
        let Self(mut bytes) = self;
        bytes[0] = VERSION;
        bytes[1] = header.kind as u8;
        bytes[2..10].copy_from_slice(&header.node.0.to_be_bytes());
        bytes[10..18].copy_from_slice(&header.sequence.to_be_bytes());
        bytes[18..26].copy_from_slice(&header.index.to_be_bytes());
        bytes[26..HEADER].copy_from_slice(&header.sender.number().to_be_bytes());
        bytes.into()
    }
}

/// Bytes that are no envelope of this version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Malformed {
    Truncated,
    Version(u8),
    Kind(u8),
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Truncated => f.write_str("it is too short"),
            Self::Version(version) => write!(f, "its version is {version}, ours is {VERSION}"),
            Self::Kind(kind) => write!(f, "its kind, {kind}, is unknown"),
        }
    }
}

impl Header {
    /// The header, and the body behind it.
    pub(super) fn split(bytes: &[u8]) -> Result<(Self, &[u8]), Malformed> {
        // The version comes first: of another one nothing else is known.
        if let Some(version) = bytes.first().copied().filter(|version| *version != VERSION) {
            return Err(Malformed::Version(version));
        }
        let (header, body) = bytes.split_first_chunk::<HEADER>().ok_or(Malformed::Truncated)?;
        let kind = match header[1] {
            1 => Kind::Broadcast,
            2 => Kind::Presence,
            3 => Kind::Bye,
            4 => Kind::ServerBroadcast,
            5 => Kind::Disconnect,
            6 => Kind::Members,
            kind => return Err(Malformed::Kind(kind)),
        };
        let number = |at: usize, len: usize| {
            header[at..at + len].iter().fold(0, |number, byte| number << 8 | u64::from(*byte))
        };
        let sender = ClientId::new(number(26, 4) as u32);
        let node = NodeId(number(2, 8));
        Ok((Self { kind, node, sequence: number(10, 8), index: number(18, 8), sender }, body))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER_OF_TWO: Header = Header {
        kind: Kind::Broadcast,
        node: NodeId(0x0123_4567_89ab_cdef),
        sequence: u64::MAX - 1,
        index: 0x0102_0304_0506_0708,
        sender: ClientId::new(0xfedc_ba98),
    };

    #[test]
    fn what_is_sealed_is_read_again() {
        for kind in [
            Kind::Broadcast,
            Kind::Presence,
            Kind::Bye,
            Kind::ServerBroadcast,
            Kind::Disconnect,
            Kind::Members,
        ] {
            let header = Header { kind, ..HEADER_OF_TWO };
            for body in [&b""[..], b"\"hi\"", &[0; 1000]] {
                let draft = Draft::new(body);
                assert_eq!(draft.len(), HEADER + body.len());
                assert_eq!(Header::split(&draft.seal(&header)), Ok((header, body)));
            }
        }
    }

    #[test]
    fn the_layout() {
        let bytes = Draft::new(b"[]").seal(&HEADER_OF_TWO);
        let expected = b"\x01\x01\x01\x23\x45\x67\x89\xab\xcd\xef\xff\xff\xff\xff\xff\xff\xff\xfe\
            \x01\x02\x03\x04\x05\x06\x07\x08\xfe\xdc\xba\x98[]";
        assert_eq!(&bytes[..], expected);
    }

    #[test]
    fn what_is_no_envelope() {
        let good = Draft::new(b"1").seal(&HEADER_OF_TWO);
        for len in 0..HEADER {
            assert_eq!(Header::split(&good[..len]), Err(Malformed::Truncated), "{len}");
        }
        let with = |at: usize, byte: u8| {
            let mut bytes = good.to_vec();
            bytes[at] = byte;
            Header::split(&bytes).map(drop)
        };
        assert_eq!(with(0, 2), Err(Malformed::Version(2)));
        assert_eq!(with(1, 0), Err(Malformed::Kind(0)));
        assert_eq!(with(1, 7), Err(Malformed::Kind(7)));
        assert_eq!(Header::split(&[9]), Err(Malformed::Version(9)));
    }

    #[test]
    fn the_largest_broadcast_of_a_client_fits_where_its_text_fits() {
        let text = r#"{"type":"broadcast","message":1}"#;
        assert!(Draft::new(b"1").len() <= text.len());
    }
}
