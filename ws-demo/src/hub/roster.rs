//! Clients, and a list of them to go through without holding a lock.

use std::collections::HashMap;
use std::sync::Arc;

use super::outbox::Outbox;
use crate::id::ClientId;

/// A client's name and where to leave what is for it.
pub(super) type Entry = (ClientId, Arc<Outbox>);

/// Clients that get the same messages.
#[derive(Default)]
pub(super) struct Roster {
    clients: HashMap<ClientId, Arc<Outbox>>,
    /// What [`snapshot`](Self::snapshot) gave last, unless somebody has come or gone since.
    snapshot: Option<Arc<[Entry]>>,
}

impl Roster {
    /// Adds a client; says whether it is new.
    pub(super) fn insert(&mut self, id: ClientId, outbox: Arc<Outbox>) -> bool {
        self.snapshot = None;
        self.clients.insert(id, outbox).is_none()
    }

    /// Removes a client; says whether it was there.
    pub(super) fn remove(&mut self, id: ClientId) -> bool {
        self.snapshot = None;
        self.clients.remove(&id).is_some()
    }

    pub(super) fn contains(&self, id: ClientId) -> bool {
        self.clients.contains_key(&id)
    }

    pub(super) fn len(&self) -> usize {
        self.clients.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.clients.is_empty()
    }

    /// Everybody, as of now. It costs nothing as long as nobody comes or goes.
    pub(super) fn snapshot(&mut self) -> Arc<[Entry]> {
        let Self { clients, snapshot } = self;
        let entries = || clients.iter().map(|(id, outbox)| (*id, Arc::clone(outbox))).collect();
        Arc::clone(snapshot.get_or_insert_with(entries))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_snapshot_is_of_its_moment_and_kept_while_nothing_changes() {
        let mut roster = Roster::default();
        let id = ClientId::new(1);
        assert!(roster.insert(id, Arc::default()));
        assert!(!roster.insert(id, Arc::default()));
        let before = roster.snapshot();
        assert!(Arc::ptr_eq(&before, &roster.snapshot()));
        assert!(roster.remove(id));
        assert!(!roster.remove(id));
        assert_eq!(before.len(), 1);
        assert_eq!(roster.snapshot().len(), 0);
    }
}
