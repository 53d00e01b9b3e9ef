//! What a node says of itself: its clients, and its rooms with their members.
//!
//! A report goes out in parts that any broker takes. A part's body:
//!
//! ```text
//!   0        1        5         9
//!   is last  number   clients   { length of a name, the name, members } …   (big-endian)
//! ```

use super::envelope::Draft;
use crate::room::RoomName;

/// How long a part may get; a room more may be on top of that.
const PART: usize = 32 * 1024;

/// A part of a report that came.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Part {
    /// Counts from 0.
    pub(super) number: u32,
    pub(super) is_last: bool,
    pub(super) clients: u32,
    pub(super) rooms: Vec<(RoomName, u32)>,
}

/// The parts of a report, at least one.
pub(super) fn parts(clients: usize, rooms: &[(RoomName, usize)]) -> Vec<Draft> {
    let mut bodies = vec![begin(0, clients)];
    for (room, members) in rooms {
        if bodies.last().is_some_and(|body| body.len() >= PART) {
            bodies.push(begin(bodies.len(), clients));
        }
        if let Some(body) = bodies.last_mut() {
            // A name has 128 bytes at most.
            body.push(room.as_str().len() as u8);
            body.extend_from_slice(room.as_str().as_bytes());
            body.extend_from_slice(&number(*members));
        }
    }
    if let Some(body) = bodies.last_mut() {
        body[0] = 1;
    }
    bodies.iter().map(|body| Draft::new(body)).collect()
}

fn begin(part: usize, clients: usize) -> Vec<u8> {
    [&[0][..], &number(part), &number(clients)].concat()
}

fn number(count: usize) -> [u8; 4] {
    u32::try_from(count).unwrap_or(u32::MAX).to_be_bytes()
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
        let mut rooms = Vec::new();
        while let Some([len]) = rest.take() {
            let name = rest.take_slice(usize::from(*len))?;
            let name = RoomName::new(str::from_utf8(name).ok()?)?;
            rooms.push((name, u32::from_be_bytes(*rest.take()?)));
        }
        Some(Self { number, is_last, clients, rooms })
    }
}

/// What was not read yet.
struct Rest<'b>(&'b [u8]);

impl<'b> Rest<'b> {
    fn take<const N: usize>(&mut self) -> Option<&'b [u8; N]> {
        let (taken, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(taken)
    }

    fn take_slice(&mut self, len: usize) -> Option<&'b [u8]> {
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

    fn rooms(count: usize) -> Vec<(RoomName, usize)> {
        let name = |number: usize| RoomName::new(&format!("{number:0>100}")).expect("a name");
        (0..count).map(|number| (name(number), number)).collect()
    }

    fn bodies(clients: usize, rooms: &[(RoomName, usize)]) -> Vec<Vec<u8>> {
        let (node, sender) = (NodeId::new(1), ClientId::new(0));
        let header = Header { kind: Kind::Presence, node, sequence: 1, index: 1, sender };
        let seal = |draft: Draft| draft.seal(&header)[HEADER..].to_vec();
        parts(clients, rooms).into_iter().map(seal).collect()
    }

    #[test]
    fn a_report_without_rooms_is_one_part() {
        let bodies = bodies(3, &[]);
        assert_eq!(bodies.len(), 1);
        let part = Part { number: 0, is_last: true, clients: 3, rooms: Vec::new() };
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
            assert_eq!((part.number as usize, part.clients), (number, 7));
            assert_eq!(part.is_last, number + 1 == bodies.len());
            read.extend(part.rooms.into_iter().map(|(room, members)| (room, members as usize)));
        }
        assert_eq!(read, rooms);
    }

    #[test]
    fn what_is_no_part() {
        let name = RoomName::new("ü.*").expect("a name");
        let body = bodies(1, &[(name, 5)]).remove(0);
        for len in (0..body.len()).filter(|len| *len != 9) {
            assert_eq!(Part::parse(&body[..len]), None, "{len}");
        }
        let with = |at: usize, byte: u8| {
            let mut body = body.clone();
            body[at] = byte;
            Part::parse(&body)
        };
        assert_eq!(with(0, 2), None);
        assert_eq!(with(9, 0), None);
        assert_eq!(with(9, 200), None);
        assert_eq!(with(10, 0xff), None);
        assert_eq!(with(12, b'\n'), None);
    }
}
