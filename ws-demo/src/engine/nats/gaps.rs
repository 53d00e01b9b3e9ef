//! Messages that are missing on a subject.

use std::collections::HashMap;

use super::envelope::NodeId;

/// The index of each node's latest message to a subject.
#[derive(Debug, Default)]
pub(super) struct Gaps(HashMap<NodeId, u64>);

impl Gaps {
    /// A message has arrived; returns the number of missing ones before it. Messages before a node's first
    /// one that arrives do not count.
    pub(super) fn follow(&mut self, node: NodeId, index: u64) -> u64 {
        match self.0.insert(node, index) {
            None => 0,
            Some(last) if index > last => index - last - 1,
            // A node starts again at 1 after its last member has left the room and another one joins.
            Some(_) => index.saturating_sub(1),
        }
    }

    /// A node reports the number of messages that it has sent; returns the number of missing ones.
    pub(super) fn catch_up(&mut self, node: NodeId, index: u64) -> u64 {
        match self.0.insert(node, index) {
            None => 0,
            Some(last) if index >= last => index - last,
            Some(_) => index,
        }
    }

    /// A node is gone.
    pub(super) fn forget(&mut self, node: NodeId) {
        self.0.remove(&node);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: NodeId = NodeId::new(1);
    const B: NodeId = NodeId::new(2);

    #[test]
    fn what_comes_one_after_the_other_leaves_no_gap() {
        let mut gaps = Gaps::default();
        for index in 7..20 {
            assert_eq!(gaps.follow(A, index), 0);
            assert_eq!(gaps.follow(B, index * 1000), if index == 7 { 0 } else { 999 });
        }
    }

    #[test]
    fn what_is_missing_is_counted_once() {
        let mut gaps = Gaps::default();
        assert_eq!(gaps.follow(A, 1), 0);
        assert_eq!(gaps.follow(A, 5), 3);
        assert_eq!(gaps.follow(A, 6), 0);
    }

    #[test]
    fn a_node_that_counts_anew_has_sent_all_from_the_first() {
        let mut gaps = Gaps::default();
        assert_eq!(gaps.follow(A, 9), 0);
        assert_eq!(gaps.follow(A, 1), 0);
        assert_eq!(gaps.follow(A, 2), 0);
        assert_eq!(gaps.follow(A, 2), 1);
        assert_eq!(gaps.follow(A, 0), 0);
    }

    #[test]
    fn what_is_missing_shows_when_the_node_says_how_much_it_has_sent() {
        let mut gaps = Gaps::default();
        assert_eq!(gaps.catch_up(A, 5), 0);
        assert_eq!(gaps.follow(A, 6), 0);
        assert_eq!(gaps.catch_up(A, 6), 0);
        assert_eq!(gaps.catch_up(A, 9), 3);
        assert_eq!(gaps.follow(A, 10), 0);
        // It counts anew.
        assert_eq!(gaps.catch_up(A, 2), 2);
    }

    #[test]
    fn nothing_is_missing_of_a_node_that_is_forgotten() {
        let mut gaps = Gaps::default();
        assert_eq!(gaps.follow(A, 1), 0);
        gaps.forget(A);
        assert_eq!(gaps.follow(A, 5), 0);
    }
}
