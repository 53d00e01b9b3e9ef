//! Members, and a snapshot of them to iterate without holding a lock.

use std::borrow::Borrow;
use std::collections::HashSet;
use std::hash::{Hash, Hasher};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::outbox::Outbox;

/// The part of a member that the hub and other members share.
pub(crate) struct Seat<K, R, M> {
    pub(crate) key: K,
    pub(crate) data: M,
    /// Whether it is counted and receives published messages.
    shown: AtomicBool,
    pub(crate) outbox: Outbox<R>,
}

impl<K, R, M> Seat<K, R, M> {
    pub(crate) fn new(key: K, data: M, shown: bool) -> Self {
        Self { key, data, shown: AtomicBool::new(shown), outbox: Outbox::default() }
    }

    pub(crate) fn is_shown(&self) -> bool {
        self.shown.load(Ordering::Relaxed)
    }
}

/// A snapshot of seats.
pub(crate) type Snapshot<K, R, M> = Arc<[Arc<Seat<K, R, M>>]>;

/// Members that receive the same messages.
pub(crate) struct Roster<K, R, M> {
    seats: HashSet<ByKey<K, R, M>>,
    /// The last result of [`snapshot`](Self::snapshot), unless the members have changed since.
    snapshot: Option<Snapshot<K, R, M>>,
}

impl<K, R, M> Default for Roster<K, R, M> {
    fn default() -> Self {
        Self { seats: HashSet::new(), snapshot: None }
    }
}

impl<K: Eq + Hash, R, M> Roster<K, R, M> {
    /// Adds a member, unless its key is taken; returns whether it was added.
    pub(crate) fn insert(&mut self, seat: Arc<Seat<K, R, M>>) -> bool {
        let is_new = self.seats.insert(ByKey(seat));
        if is_new {
            self.snapshot = None;
        }
        is_new
    }

    /// Removes a member; returns whether it was there.
    pub(crate) fn remove(&mut self, key: &K) -> bool {
        let was_there = self.seats.remove(key);
        if was_there {
            self.snapshot = None;
            if self.seats.is_empty() {
                // Memory of a burst is returned.
                self.seats = HashSet::new();
            }
        }
        was_there
    }

    /// Shows a member; returns whether it is present and was hidden.
    pub(crate) fn show(&mut self, key: &K) -> bool {
        let hidden = self.get(key).is_some_and(|seat| !seat.shown.swap(true, Ordering::Relaxed));
        if hidden {
            self.snapshot = None;
        }
        hidden
    }

    pub(crate) fn get(&self, key: &K) -> Option<&Arc<Seat<K, R, M>>> {
        self.seats.get(key).map(|ByKey(seat)| seat)
    }

    pub(crate) fn len(&self) -> usize {
        self.seats.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.seats.is_empty()
    }

    /// All members, including hidden ones.
    pub(crate) fn seats(&self) -> impl Iterator<Item = &Arc<Seat<K, R, M>>> {
        self.seats.iter().map(|ByKey(seat)| seat)
    }

    /// The members that are shown now. The snapshot is reused until the members change.
    pub(crate) fn snapshot(&mut self) -> Snapshot<K, R, M> {
        if let Some(snapshot) = &self.snapshot {
            return Arc::clone(snapshot);
        }
        let shown = self.seats().filter(|seat| seat.is_shown()).cloned().collect();
        Arc::clone(self.snapshot.insert(shown))
    }
}

/// A seat that is hashed by its key, so that the key is stored once.
struct ByKey<K, R, M>(Arc<Seat<K, R, M>>);

impl<K, R, M> Borrow<K> for ByKey<K, R, M> {
    fn borrow(&self) -> &K {
        &self.0.key
    }
}

impl<K: Hash, R, M> Hash for ByKey<K, R, M> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.key.hash(state);
    }
}

impl<K: PartialEq, R, M> PartialEq for ByKey<K, R, M> {
    fn eq(&self, other: &Self) -> bool {
        self.0.key == other.0.key
    }
}

impl<K: Eq, R, M> Eq for ByKey<K, R, M> {}

#[cfg(test)]
mod tests {
    use super::*;

    fn seat(key: u32, shown: bool) -> Arc<Seat<u32, (), ()>> {
        Arc::new(Seat::new(key, (), shown))
    }

    #[test]
    fn a_snapshot_is_of_its_moment_and_kept_while_nothing_changes() {
        let mut roster = Roster::default();
        assert!(roster.insert(seat(1, true)));
        let before = roster.snapshot();
        assert!(!roster.insert(seat(1, true)));
        assert!(!roster.remove(&2));
        assert!(Arc::ptr_eq(&before, &roster.snapshot()));
        assert!(roster.remove(&1));
        assert!(!roster.remove(&1));
        assert_eq!(before.len(), 1);
        assert_eq!(roster.snapshot().len(), 0);
    }

    #[test]
    fn a_hidden_member_has_its_key_and_is_in_no_snapshot() {
        let mut roster = Roster::default();
        assert!(roster.insert(seat(1, false)));
        assert!(!roster.insert(seat(1, true)));
        assert_eq!((roster.len(), roster.snapshot().len()), (1, 0));
        assert!(roster.show(&1));
        assert!(!roster.show(&1));
        assert!(!roster.show(&2));
        assert_eq!((roster.len(), roster.snapshot().len()), (1, 1));
    }
}
