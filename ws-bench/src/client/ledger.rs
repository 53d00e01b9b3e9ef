//! Which of a sender's messages have come.

use std::collections::BTreeSet;

/// What one receiver knows of one sender's messages.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ledger {
    /// The number of the message that is to come.
    next: u32,
    /// Those before it that have not come; there is seldom one.
    missing: BTreeSet<u32>,
}

/// What a message is to its receiver.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Entry {
    /// New, and behind all that came before.
    InOrder,
    /// New, but one that was sent later came before.
    Late,
    /// It came before.
    Duplicate,
}

impl Ledger {
    /// Enters a message that was sent.
    pub(crate) fn enter(&mut self, sequence: u32) -> Entry {
        if sequence >= self.next {
            if sequence > self.next {
                self.missing.extend(self.next..sequence);
            }
            self.next = sequence + 1;
            return Entry::InOrder;
        }
        match self.missing.remove(&sequence) {
            true => Entry::Late,
            false => Entry::Duplicate,
        }
    }

    /// How many of so many that were sent have not come.
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
            (3, Entry::Late),
            (3, Entry::Duplicate),
            (0, Entry::Duplicate),
            (5, Entry::InOrder),
        ] {
            assert_eq!(ledger.enter(sequence), entry, "{sequence}");
        }
        // 2, and 6 to 9.
        assert_eq!(ledger.lost(10), 5);
        assert_eq!(ledger.enter(2), Entry::Late);
        assert_eq!(ledger.lost(6), 0);
    }
}
