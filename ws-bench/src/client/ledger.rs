//! The messages of a sender that have arrived.

use std::collections::BTreeSet;

/// The numbers of one sender's messages that one receiver has received.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ledger {
    /// The number of the next message.
    next: u32,
    /// The numbers before it that have not arrived; usually none.
    missing: BTreeSet<u32>,
}

/// How a message has arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Entry {
    /// For the first time, and after those that were sent before.
    InOrder,
    /// For the first time, but after one that was sent later.
    OutOfOrder,
    /// Again.
    Duplicate,
}

impl Ledger {
    /// Enters the number of a message that has arrived.
    pub(crate) fn enter(&mut self, sequence: u32) -> Entry {
        if sequence >= self.next {
            if sequence > self.next {
                self.missing.extend(self.next..sequence);
            }
            self.next = sequence + 1;
            return Entry::InOrder;
        }
        match self.missing.remove(&sequence) {
            true => Entry::OutOfOrder,
            false => Entry::Duplicate,
        }
    }

    /// Returns the number of messages that have not arrived, of `sent` messages.
    pub(crate) fn lost(&self, sent: u32) -> u64 {
        self.missing.len() as u64 + u64::from(sent.saturating_sub(self.next))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_message_is_accounted_for() {
        let mut ledger = Ledger::default();
        assert_eq!(ledger.lost(3), 3);
        for (sequence, entry) in [
            (0, Entry::InOrder),
            (1, Entry::InOrder),
            (1, Entry::Duplicate),
            (4, Entry::InOrder),
            (3, Entry::OutOfOrder),
            (3, Entry::Duplicate),
            (0, Entry::Duplicate),
            (5, Entry::InOrder),
        ] {
            assert_eq!(ledger.enter(sequence), entry, "{sequence}");
        }
        // 2, and 6 to 9.
        assert_eq!(ledger.lost(10), 5);
        assert_eq!(ledger.enter(2), Entry::OutOfOrder);
        assert_eq!(ledger.lost(6), 0);
    }
}
