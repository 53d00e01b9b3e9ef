//! Who is in the rooms of a node: lists that follow its report, as far as they are short.
//!
//! A list goes out in parts that any broker takes; a room may continue in the next part. A part's body:
//!
//! ```text
//!   0        1
//!   is last  number   { length of a name, the name, count { client, length of a user, the user } … } …
//! ```
//!
//! Numbers are big-endian: the part's number and clients have 4 bytes, counts and lengths of users 2, a
//! length of a name 1. The length 65535 is for clients without a user.

use std::collections::HashMap;
use std::sync::Arc;

use ws_hub::PresenceChange;

use super::envelope::Draft;
use super::report::{PART, Rest};
use crate::id::{ClientAndUser, ClientId};
use crate::presence::RemoteChange;
use crate::room::RoomName;

/// The most members of a room on a node, and the most bytes of a list: rooms beyond are counted, but their
/// members are not listed.
pub(super) const MAX_MEMBERS: usize = 1000;
const MAX_BYTES: usize = 256 * 1024;

const NO_USER: u16 = u16::MAX;

/// The members of a room, each with its user.
pub(super) type Members = HashMap<ClientId, Option<Arc<str>>>;

/// A part of a list that has arrived.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Part {
    /// Counts from 0.
    pub(super) number: u32,
    pub(super) is_last: bool,
    pub(super) rooms: Vec<(RoomName, Vec<ClientAndUser>)>,
}

/// Puts together the list of a node's rooms.
#[derive(Debug)]
pub(super) struct List {
    bodies: Vec<Vec<u8>>,
    bytes: usize,
}

impl List {
    pub(super) fn new() -> Self {
        Self { bodies: vec![begin(0)], bytes: 0 }
    }

    /// Adds a room, unless that exceeds the bounds.
    pub(super) fn add(
        &mut self,
        name: &RoomName,
        members: impl ExactSizeIterator<Item = ClientAndUser>,
    ) {
        if members.len() > MAX_MEMBERS {
            return;
        }
        let members: Vec<_> =
            members.map(|(client, user)| encode(client, user.as_deref())).collect();
        let bytes = 1 + name.as_str().len() + 2 + members.iter().map(Vec::len).sum::<usize>();
        if self.bytes + bytes > MAX_BYTES {
            return;
        }
        self.bytes += bytes;
        let mut members = members.into_iter().peekable();
        // Also without members: the last ones have just exited, and the report still has the room.
        loop {
            if self.bodies.last().is_none_or(|body| body.len() >= PART) {
                self.bodies.push(begin(self.bodies.len()));
            }
            let Some(body) = self.bodies.last_mut() else { return };
            // A name has 128 bytes at most.
            body.push(name.as_str().len() as u8);
            body.extend_from_slice(name.as_str().as_bytes());
            let at = body.len();
            body.extend_from_slice(&[0; 2]);
            let mut count: u16 = 0;
            while body.len() < PART || count == 0 {
                let Some(member) = members.next() else { break };
                body.extend_from_slice(&member);
                count += 1;
            }
            body[at..at + 2].copy_from_slice(&count.to_be_bytes());
            if members.peek().is_none() {
                return;
            }
        }
    }

    /// The parts of the list, at least one.
    pub(super) fn finish(mut self) -> Vec<Draft> {
        if let Some(body) = self.bodies.last_mut() {
            body[0] = 1;
        }
        self.bodies.iter().map(|body| Draft::new(body)).collect()
    }
}

fn begin(part: usize) -> Vec<u8> {
    // A list has a few parts.
    [&[0][..], &(part as u32).to_be_bytes()].concat()
}

fn encode(client: ClientId, user: Option<&str>) -> Vec<u8> {
    // A user has 256 bytes at most.
    let len = user.map_or(NO_USER, |user| user.len() as u16);
    let user = user.unwrap_or_default().as_bytes();
    [&client.number().to_be_bytes()[..], &len.to_be_bytes(), user].concat()
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
        let mut rooms = Vec::new();
        while let Some([len]) = rest.take() {
            let name = rest.take_slice(usize::from(*len))?;
            let name = RoomName::new(str::from_utf8(name).ok()?)?;
            let mut members = Vec::new();
            for _ in 0..u16::from_be_bytes(*rest.take()?) {
                let client = ClientId::new(u32::from_be_bytes(*rest.take()?));
                let user = match u16::from_be_bytes(*rest.take()?) {
                    NO_USER => None,
                    len => Some(str::from_utf8(rest.take_slice(usize::from(len))?).ok()?.into()),
                };
                members.push((client, user));
            }
            rooms.push((name, members));
        }
        Some(Self { number, is_last, rooms })
    }
}

/// The members of a node's rooms, as it has listed them.
#[derive(Debug, Default)]
pub(super) struct Listed {
    rooms: HashMap<RoomName, Members>,
    /// The parts of a list that is not complete.
    gathered: Vec<Part>,
}

impl Listed {
    pub(super) fn members(&self, room: &RoomName) -> Option<&Members> {
        self.rooms.get(room)
    }

    /// A part of a list has arrived, which counts once all its parts have; returns the changes. The
    /// members of a room that is no longer listed, but `is_there`, have not exited: they are too many.
    pub(super) fn gather(
        &mut self,
        part: Part,
        is_there: impl Fn(&RoomName) -> bool,
    ) -> Vec<RemoteChange> {
        if part.number == 0 {
            self.gathered.clear();
        }
        if part.number as usize != self.gathered.len() {
            self.gathered.clear();
            return Vec::new();
        }
        let is_last = part.is_last;
        self.gathered.push(part);
        if !is_last {
            return Vec::new();
        }
        let mut rooms: HashMap<RoomName, Members> = HashMap::new();
        for (room, members) in
            std::mem::take(&mut self.gathered).into_iter().flat_map(|it| it.rooms)
        {
            rooms.entry(room).or_default().extend(members);
        }
        let former = std::mem::replace(&mut self.rooms, rooms);
        let mut changes = Vec::new();
        for (room, members) in &former {
            match self.rooms.get(room) {
                Some(now) => compare(PresenceChange::Exited, room, members, now, &mut changes),
                None if is_there(room) => {}
                None => all(PresenceChange::Exited, room, members, &mut changes),
            }
        }
        for (room, members) in &self.rooms {
            match former.get(room) {
                Some(former) => {
                    compare(PresenceChange::Entered, room, members, former, &mut changes);
                }
                None => all(PresenceChange::Entered, room, members, &mut changes),
            }
        }
        changes
    }

    /// The node is gone; returns the changes.
    pub(super) fn into_changes(self) -> Vec<RemoteChange> {
        let mut changes = Vec::new();
        for (room, members) in &self.rooms {
            all(PresenceChange::Exited, room, members, &mut changes);
        }
        changes
    }
}

/// The change concerns those of `members` that are not among `others`.
fn compare(
    change: PresenceChange,
    room: &RoomName,
    members: &Members,
    others: &Members,
    changes: &mut Vec<RemoteChange>,
) {
    for (client, user) in members.iter().filter(|(client, _)| !others.contains_key(*client)) {
        changes.push(RemoteChange {
            change,
            room: room.clone(),
            client: *client,
            user: user.clone(),
        });
    }
}

fn all(
    change: PresenceChange,
    room: &RoomName,
    members: &Members,
    changes: &mut Vec<RemoteChange>,
) {
    compare(change, room, members, &Members::new(), changes);
}

#[cfg(test)]
mod tests {
    use super::super::envelope::{HEADER, Header, Kind, NodeId};
    use super::*;

    fn room(name: &str) -> RoomName {
        RoomName::new(name).expect("a name")
    }

    fn bodies(list: List) -> Vec<Vec<u8>> {
        let (node, sender) = (NodeId::new(1), ClientId::NONE);
        let header = Header { kind: Kind::Members, node, sequence: 1, index: 1, sender };
        let seal = |draft: Draft| draft.seal(&header)[HEADER..].to_vec();
        list.finish().into_iter().map(seal).collect()
    }

    fn part(rooms: &[(&str, &[u32])]) -> Part {
        let members = |ids: &[u32]| ids.iter().map(|id| (ClientId::new(*id), None)).collect();
        let rooms = rooms.iter().map(|(name, ids)| (room(name), members(ids))).collect();
        Part { number: 0, is_last: true, rooms }
    }

    fn gather(listed: &mut Listed, part: Part, there: &[&str]) -> Vec<String> {
        let changes = listed.gather(part, |room| there.contains(&room.as_str()));
        let mut texts: Vec<_> = changes
            .iter()
            .map(|it| format!("{:?} {} {}", it.change, it.room, it.client.number()))
            .collect();
        texts.sort();
        texts
    }

    #[test]
    fn a_list_is_read_as_it_is_written() {
        let user =
            |id: u32| (!id.is_multiple_of(4)).then(|| Arc::<str>::from(format!("ü {id:0>250}")));
        let members =
            |range: std::ops::Range<u32>| range.map(move |id| (ClientId::new(id), user(id)));
        let mut list = List::new();
        list.add(&room("a"), members(0..2));
        list.add(&room("b"), members(0..500));
        list.add(&room("c"), members(7..8));
        // Too many members.
        list.add(&room("d"), members(0..1001));
        let bodies = bodies(list);
        assert!(bodies.len() > 2, "{}", bodies.len());
        let mut read = Listed::default();
        let mut entered = 0;
        for (number, body) in bodies.iter().enumerate() {
            assert!(body.len() < PART + 300, "{}", body.len());
            let part = Part::parse(body).expect("a part");
            assert_eq!((part.number as usize, part.is_last), (number, number + 1 == bodies.len()));
            entered += read.gather(part, |_| true).len();
        }
        assert_eq!(entered, 503);
        assert_eq!(read.members(&room("b")), Some(&members(0..500).collect()));
        assert_eq!(read.members(&room("c")), Some(&members(7..8).collect()));
        assert_eq!(read.members(&room("d")), None);
    }

    /// The report, which is made before the list, may still have the room.
    #[test]
    fn the_last_member_exits_while_the_report_has_the_room() {
        let mut listed = Listed::default();
        gather(&mut listed, part(&[("a", &[1, 2])]), &["a"]);
        let mut list = List::new();
        list.add(&room("a"), [].into_iter());
        let part = Part::parse(&bodies(list)[0]).expect("a part");
        assert_eq!(gather(&mut listed, part, &["a"]), ["Exited a 1", "Exited a 2"]);
    }

    #[test]
    fn a_list_is_bounded() {
        let mut list = List::new();
        let user: Arc<str> = "x".repeat(256).into();
        for number in 0..10 {
            let members = (0..1000).map(|id| (ClientId::new(id), Some(Arc::clone(&user))));
            list.add(&room(&format!("{number}")), members.collect::<Vec<_>>().into_iter());
        }
        // A smaller one still fits.
        list.add(&room("z"), [(ClientId::new(1), None)].into_iter());
        let bodies = bodies(list);
        assert!(bodies.iter().map(Vec::len).sum::<usize>() < MAX_BYTES + 1000);
        assert!(bodies.last().expect("a part").windows(2).any(|at| at == b"\x01z"));
    }

    #[test]
    fn what_is_no_part() {
        let mut list = List::new();
        let members = [(ClientId::new(7), Some("bob".into())), (ClientId::new(8), None)];
        list.add(&room("ü"), members.into_iter());
        let body = bodies(list).remove(0);
        assert!(Part::parse(&body).is_some());
        for len in (0..body.len()).filter(|len| *len != 5) {
            assert_eq!(Part::parse(&body[..len]), None, "{len}");
        }
        let with = |at: usize, byte: u8| {
            let mut body = body.clone();
            body[at] = byte;
            Part::parse(&body)
        };
        assert_eq!(with(0, 2), None);
        assert_eq!(with(5, 0), None);
        assert_eq!(with(6, 0xff), None);
        assert_eq!(with(9, 3), None);
    }

    #[test]
    fn changes_are_what_differs_from_the_list_before() {
        let mut listed = Listed::default();
        let changes = gather(&mut listed, part(&[("a", &[1, 2]), ("b", &[1])]), &[]);
        assert_eq!(changes, ["Entered a 1", "Entered a 2", "Entered b 1"]);
        let changes = gather(&mut listed, part(&[("a", &[2, 3]), ("c", &[1])]), &[]);
        assert_eq!(changes, ["Entered a 3", "Entered c 1", "Exited a 1", "Exited b 1"]);
        // Too many to be listed.
        assert_eq!(gather(&mut listed, part(&[("c", &[1])]), &["a"]), [""; 0]);
        let mut incomplete = part(&[("c", &[5])]);
        incomplete.is_last = false;
        assert_eq!(gather(&mut listed, incomplete, &[]), [""; 0]);
        let mut unexpected = part(&[]);
        unexpected.number = 2;
        assert_eq!(gather(&mut listed, unexpected, &[]), [""; 0]);
        let changes = listed.into_changes();
        assert_eq!((changes.len(), &changes[0].room), (1, &room("c")));
        assert_eq!(changes[0].change, PresenceChange::Exited);
    }
}
