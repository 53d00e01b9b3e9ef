//! A node's report: its clients, its rooms with their members, and the number of messages that it has sent
//! to all and to each room, so that a missing message is noticed even if no other follows it.
//!
//! A report goes out in parts that any broker takes. A part's body:
//!
//! ```text
//!   0        1        5         9      17
//!   is last  number   clients   sent   { length of a name, the name, members, sent } …
//! ```
//!
//! Numbers are big-endian, 4 bytes each; what was sent has 8.

use super::envelope::Draft;
use crate::room::RoomName;

/// The size of a part, in bytes; it may exceed that by one room.
pub(super) const PART: usize = 32 * 1024;

/// A room in a report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Room {
    pub(super) name: RoomName,
    pub(super) members: u32,
    /// The index of the latest message to it.
    pub(super) sent: u64,
}

/// A part of a report that has arrived.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Part {
    /// Counts from 0.
    pub(super) number: u32,
    pub(super) is_last: bool,
    pub(super) clients: u32,
    /// The index of the latest message to all.
    pub(super) sent: u64,
    pub(super) rooms: Vec<Room>,
}

/// The parts of a report, at least one.
pub(super) fn parts(clients: usize, sent: u64, rooms: &[Room]) -> Vec<Draft> {
    let mut bodies = vec![begin(0, clients, sent)];
    for Room { name, members, sent: sent_there } in rooms {
        if bodies.last().is_some_and(|body| body.len() >= PART) {
            bodies.push(begin(bodies.len(), clients, sent));
        }
        if let Some(body) = bodies.last_mut() {
            // A name has 128 bytes at most.
            body.push(name.as_str().len() as u8);
            body.extend_from_slice(name.as_str().as_bytes());
            body.extend_from_slice(&members.to_be_bytes());
            body.extend_from_slice(&sent_there.to_be_bytes());
        }
    }
    if let Some(body) = bodies.last_mut() {
        body[0] = 1;
    }
    bodies.iter().map(|body| Draft::new(body)).collect()
}

fn begin(part: usize, clients: usize, sent: u64) -> Vec<u8> {
    let number = |count: usize| count32(count).to_be_bytes();
    [&[0][..], &number(part), &number(clients), &sent.to_be_bytes()].concat()
}

/// A number of clients, members or parts, as it is sent.
pub(super) fn count32(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

impl Part {
    /// The part in a body, if it is one.
    pub(super) fn parse(body: &[u8]) -> Option<Self> {
        let mut rest = Rest(body);
        let is_last = match rest.take::<1>()? {
            [0] => false,
            [1] => true,
            _ => return None,
        };
        let number = u32::from_be_bytes(*rest.take()?);
        let clients = u32::from_be_bytes(*rest.take()?);
        let sent = u64::from_be_bytes(*rest.take()?);
        let mut rooms = Vec::new();
        while let Some([len]) = rest.take() {
            let name = rest.take_slice(usize::from(*len))?;
            let name = RoomName::new(str::from_utf8(name).ok()?)?;
            let members = u32::from_be_bytes(*rest.take()?);
            rooms.push(Room { name, members, sent: u64::from_be_bytes(*rest.take()?) });
        }
        Some(Self { number, is_last, clients, sent, rooms })
    }
}

/// What was not read yet.
pub(super) struct Rest<'b>(pub(super) &'b [u8]);

impl<'b> Rest<'b> {
    pub(super) fn take<const N: usize>(&mut self) -> Option<&'b [u8; N]> {
        let (taken, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(taken)
    }

    pub(super) fn take_slice(&mut self, len: usize) -> Option<&'b [u8]> {
        let (taken, rest) = self.0.split_at_checked(len)?;
        self.0 = rest;
        Some(taken)
    }
}

#[cfg(test)]
mod tests {
    use super::super::envelope::{HEADER, Header, Kind, NodeId};
    use super::*;
    use crate::id::ClientId;

    const SENT: u64 = 1 << 40;

    fn rooms(count: u32) -> Vec<Room> {
        let name = |number: u32| RoomName::new(&format!("{number:0>100}")).expect("a name");
        let sent = |number: u32| SENT + u64::from(number);
        let room = |number| Room { name: name(number), members: number, sent: sent(number) };
        (0..count).map(room).collect()
    }

    fn bodies(clients: usize, rooms: &[Room]) -> Vec<Vec<u8>> {
        let (node, sender) = (NodeId::new(1), ClientId::new(0));
        let header = Header { kind: Kind::Presence, node, sequence: 1, index: 1, sender };
        let seal = |draft: Draft| draft.seal(&header)[HEADER..].to_vec();
        parts(clients, SENT, rooms).into_iter().map(seal).collect()
    }

    #[test]
    fn a_report_without_rooms_is_one_part() {
        let bodies = bodies(3, &[]);
        assert_eq!(bodies.len(), 1);
        let part = Part { number: 0, is_last: true, clients: 3, sent: SENT, rooms: Vec::new() };
        assert_eq!(Part::parse(&bodies[0]), Some(part));
    }

    #[test]
    fn many_rooms_go_out_in_parts_that_stay_small() {
        let rooms = rooms(2000);
        let bodies = bodies(7, &rooms);
        assert!(bodies.len() > 1);
        let mut read = Vec::new();
        for (number, body) in bodies.iter().enumerate() {
            assert!(body.len() < PART + 200, "{}", body.len());
            let part = Part::parse(body).expect("a part");
            assert_eq!((part.number as usize, part.clients, part.sent), (number, 7, SENT));
            assert_eq!(part.is_last, number + 1 == bodies.len());
            read.extend(part.rooms);
        }
        assert_eq!(read, rooms);
    }

    #[test]
    fn what_is_no_part() {
        let name = RoomName::new("ü.*").expect("a name");
        let body = bodies(1, &[Room { name, members: 5, sent: 1 }]).remove(0);
        for len in (0..body.len()).filter(|len| *len != 17) {
            assert_eq!(Part::parse(&body[..len]), None, "{len}");
        }
        let with = |at: usize, byte: u8| {
            let mut body = body.clone();
            body[at] = byte;
            Part::parse(&body)
        };
        assert_eq!(with(0, 2), None);
        assert_eq!(with(17, 0), None);
        assert_eq!(with(17, 200), None);
        assert_eq!(with(18, 0xff), None);
        assert_eq!(with(20, b'\n'), None);
    }
}
