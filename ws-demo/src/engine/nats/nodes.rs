//! The other nodes, and the latest report of each.

use std::collections::{BTreeMap, HashMap};
use std::ops::Bound;
use std::time::Duration;

use tokio::time::Instant;

use super::envelope::NodeId;
use super::members::{self, Listed, Members};
use super::pulse::INTERVAL;
use super::report::Part;
use crate::presence::RemoteChange;
use crate::room::RoomName;

/// A node from which nothing has arrived for this time is gone: three reports are missing, the third by a
/// quarter of a second.
const NODE_TIMEOUT: Duration =
    INTERVAL.saturating_mul(3).saturating_add(Duration::from_millis(250));

#[derive(Debug, Default)]
pub(super) struct Nodes {
    nodes: HashMap<NodeId, Node>,
    /// The clients of all of them.
    clients: usize,
    /// The members of all of them.
    rooms: BTreeMap<RoomName, usize>,
}

#[derive(Debug)]
struct Node {
    seen: Instant,
    clients: u32,
    rooms: HashMap<RoomName, u32>,
    /// The parts of a report that is not complete.
    gathered: Vec<Part>,
    listed: Listed,
}

impl Nodes {
    /// Something has arrived from a node; returns whether it was unknown.
    pub(super) fn seen(&mut self, id: NodeId, now: Instant) -> bool {
        let mut is_new = false;
        let node = self.nodes.entry(id).or_insert_with(|| {
            is_new = true;
            Node {
                seen: now,
                clients: 0,
                rooms: HashMap::new(),
                gathered: Vec::new(),
                listed: Listed::default(),
            }
        });
        node.seen = now;
        is_new
    }

    /// A part of a report has arrived. A report counts once all its parts have.
    pub(super) fn report(&mut self, id: NodeId, part: Part) {
        let Some(node) = self.nodes.get_mut(&id) else { return };
        if part.number == 0 {
            node.gathered.clear();
        }
        if part.number as usize != node.gathered.len() {
            node.gathered.clear();
            return;
        }
        let (clients, is_last) = (part.clients, part.is_last);
        node.gathered.push(part);
        if !is_last {
            return;
        }
        let gathered = std::mem::take(&mut node.gathered);
        let rooms = gathered.into_iter().flat_map(|part| part.rooms);
        let rooms: HashMap<_, _> = rooms.map(|room| (room.name, room.members)).collect();
        let was = std::mem::replace(&mut node.rooms, rooms.clone());
        self.clients = self.clients - node.clients as usize + clients as usize;
        node.clients = clients;
        self.subtract(was);
        for (room, members) in rooms {
            *self.rooms.entry(room).or_default() += members as usize;
        }
    }

    /// A part of the list of a node's members has arrived; returns those that have entered and exited.
    pub(super) fn list(&mut self, id: NodeId, part: members::Part) -> Vec<RemoteChange> {
        let Some(Node { listed, rooms, .. }) = self.nodes.get_mut(&id) else { return Vec::new() };
        listed.gather(part, |room| rooms.contains_key(room))
    }

    /// Calls `visit` with the members of a room that other nodes have listed.
    pub(super) fn visit_members(&self, room: &RoomName, visit: impl FnMut(&Members)) {
        self.nodes.values().filter_map(|node| node.listed.members(room)).for_each(visit);
    }

    /// Removes a node that is gone; returns its members, which have exited.
    pub(super) fn remove(&mut self, id: NodeId) -> Vec<RemoteChange> {
        let Some(node) = self.nodes.remove(&id) else { return Vec::new() };
        self.clients -= node.clients as usize;
        self.subtract(node.rooms);
        node.listed.into_changes()
    }

    /// Removes the nodes from which nothing has arrived for too long; returns them and their members,
    /// which have exited.
    pub(super) fn expire(&mut self, now: Instant) -> (Vec<NodeId>, Vec<RemoteChange>) {
        let silent = self.nodes.iter().filter(|(_, node)| node.seen + NODE_TIMEOUT <= now);
        let gone: Vec<_> = silent.map(|(id, _)| *id).collect();
        let exited = gone.iter().flat_map(|id| self.remove(*id)).collect();
        (gone, exited)
    }

    /// The time at which the next node is gone, if nothing arrives from it.
    pub(super) fn next_expiry(&self) -> Option<Instant> {
        self.nodes.values().map(|node| node.seen + NODE_TIMEOUT).min()
    }

    pub(super) fn contains(&self, id: NodeId) -> bool {
        self.nodes.contains_key(&id)
    }

    pub(super) fn len(&self) -> usize {
        self.nodes.len()
    }

    pub(super) fn clients(&self) -> usize {
        self.clients
    }

    pub(super) fn members(&self, room: &RoomName) -> usize {
        self.rooms.get(room).copied().unwrap_or_default()
    }

    /// The rooms from `start` on, in order.
    pub(super) fn rooms(&self, start: Bound<&str>) -> impl Iterator<Item = (&RoomName, usize)> {
        self.rooms
            .range::<str, _>((start, Bound::Unbounded))
            .map(|(room, members)| (room, *members))
    }

    pub(super) fn room_count(&self) -> usize {
        self.rooms.len()
    }

    fn subtract(&mut self, rooms: HashMap<RoomName, u32>) {
        for (room, members) in rooms {
            if let Some(all) = self.rooms.get_mut(&room) {
                *all -= members as usize;
                if *all == 0 {
                    self.rooms.remove(&room);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::report::Room;
    use super::*;
    use crate::id::ClientId;

    const A: NodeId = NodeId::new(1);
    const B: NodeId = NodeId::new(2);

    fn room(name: &str) -> RoomName {
        RoomName::new(name).expect("a name")
    }

    fn part(number: u32, is_last: bool, clients: u32, rooms: &[(&str, u32)]) -> Part {
        let in_report =
            |(name, members): &(&str, u32)| Room { name: room(name), members: *members, sent: 0 };
        let rooms = rooms.iter().map(in_report).collect();
        Part { number, is_last, clients, sent: 0, rooms }
    }

    fn report(nodes: &mut Nodes, id: NodeId, now: Instant, clients: u32, rooms: &[(&str, u32)]) {
        nodes.seen(id, now);
        nodes.report(id, part(0, true, clients, rooms));
    }

    fn rooms(nodes: &Nodes) -> Vec<(String, usize)> {
        let rooms = nodes.rooms(Bound::Unbounded);
        rooms.map(|(room, members)| (room.to_string(), members)).collect()
    }

    #[test]
    fn the_counts_of_all_nodes_add_up() {
        let (mut nodes, now) = (Nodes::default(), Instant::now());
        report(&mut nodes, A, now, 3, &[("x", 2), ("y", 1)]);
        report(&mut nodes, B, now, 4, &[("x", 1)]);
        assert_eq!((nodes.len(), nodes.clients()), (2, 7));
        assert_eq!((nodes.members(&room("x")), nodes.members(&room("z"))), (3, 0));
        assert_eq!(rooms(&nodes), [("x".to_owned(), 3), ("y".to_owned(), 1)]);
        assert_eq!(nodes.rooms(Bound::Excluded("x")).count(), 1);
        assert_eq!(nodes.room_count(), 2);
    }

    #[test]
    fn a_report_stands_instead_of_the_one_before() {
        let (mut nodes, now) = (Nodes::default(), Instant::now());
        report(&mut nodes, A, now, 3, &[("x", 2), ("y", 1)]);
        report(&mut nodes, A, now, 1, &[("y", 5)]);
        assert_eq!((nodes.clients(), rooms(&nodes)), (1, vec![("y".to_owned(), 5)]));
    }

    #[test]
    fn a_report_in_parts_counts_when_it_is_complete() {
        let (mut nodes, now) = (Nodes::default(), Instant::now());
        report(&mut nodes, A, now, 1, &[("x", 1)]);
        nodes.report(A, part(0, false, 2, &[("y", 1)]));
        assert_eq!((nodes.clients(), nodes.members(&room("y"))), (1, 0));
        nodes.report(A, part(1, true, 2, &[("z", 1)]));
        assert_eq!((nodes.clients(), nodes.members(&room("x"))), (2, 0));
        assert_eq!((nodes.members(&room("y")), nodes.members(&room("z"))), (1, 1));
    }

    #[test]
    fn a_report_with_a_part_missing_does_not_count() {
        let (mut nodes, now) = (Nodes::default(), Instant::now());
        report(&mut nodes, A, now, 1, &[("x", 1)]);
        nodes.report(A, part(0, false, 2, &[("y", 1)]));
        nodes.report(A, part(2, true, 2, &[("z", 1)]));
        nodes.report(A, part(1, true, 2, &[("z", 1)]));
        assert_eq!((nodes.clients(), rooms(&nodes)), (1, vec![("x".to_owned(), 1)]));
        nodes.report(A, part(0, true, 5, &[]));
        assert_eq!((nodes.clients(), rooms(&nodes).len()), (5, 0));
    }

    #[test]
    fn a_node_is_gone_when_three_reports_are_missing() {
        let (mut nodes, start) = (Nodes::default(), Instant::now());
        report(&mut nodes, A, start, 3, &[("x", 2)]);
        report(&mut nodes, B, start + INTERVAL, 4, &[("x", 1)]);
        let expiry = nodes.next_expiry().expect("a node");
        assert!(expiry > start + 3 * INTERVAL && expiry < start + Duration::from_millis(6500));
        assert_eq!(nodes.expire(expiry - Duration::from_millis(1)).0, []);
        assert_eq!(nodes.expire(expiry).0, [A]);
        assert_eq!((nodes.len(), nodes.clients(), nodes.members(&room("x"))), (1, 4, 1));
        assert_eq!(nodes.next_expiry(), Some(expiry + INTERVAL));
    }

    #[test]
    fn whatever_comes_of_a_node_shows_that_it_is_there() {
        let (mut nodes, start) = (Nodes::default(), Instant::now());
        assert!(nodes.seen(A, start));
        assert!(!nodes.seen(A, start + INTERVAL));
        assert_eq!(nodes.next_expiry(), Some(start + INTERVAL + NODE_TIMEOUT));
    }

    #[test]
    fn who_says_bye_is_gone_at_once() {
        let (mut nodes, now) = (Nodes::default(), Instant::now());
        report(&mut nodes, A, now, 3, &[("x", 2)]);
        let members = vec![(room("x"), vec![(ClientId::new(7), None)])];
        let part = members::Part { number: 0, is_last: true, rooms: members };
        assert_eq!(nodes.list(A, part).len(), 1);
        let mut listed = 0;
        nodes.visit_members(&room("x"), |members| listed += members.len());
        assert_eq!(listed, 1);
        let exited = nodes.remove(A);
        assert_eq!((exited.len(), exited[0].client), (1, ClientId::new(7)));
        assert_eq!(nodes.remove(A), []);
        nodes.visit_members(&room("x"), |_| panic!("it is gone"));
        assert_eq!((nodes.len(), nodes.clients(), rooms(&nodes).len()), (0, 0, 0));
        assert_eq!(nodes.next_expiry(), None);
    }
}
