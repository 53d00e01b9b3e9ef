//! What a client makes of the messages that come.

use std::sync::atomic::Ordering;

use serde::Deserialize;

use super::ledger::{Entry, Ledger};
use crate::options::Mode;
use crate::plan::Plan;
use crate::shard::Shard;
use crate::stamp::{Reader, Reading};

/// A receiver's accounts.
pub(crate) struct Role {
    client: u32,
    reader: Option<Reader>,
    /// One for each who sends to this client.
    ledgers: Vec<Ledger>,
}

impl Role {
    pub(crate) fn new(plan: &Plan, client: u32) -> Self {
        let ledgers = match plan.mode {
            Mode::Echo => 1,
            Mode::Broadcast | Mode::Rooms => plan.senders_in_a_group() as usize,
            Mode::Idle | Mode::Churn => 0,
        };
        Self {
            client,
            reader: plan.envelope(client).as_ref().map(Reader::new),
            ledgers: vec![Ledger::default(); ledgers],
        }
    }

    /// Takes a message. True if it is the reply to one of this client's own.
    pub(crate) fn take(&mut self, shard: &Shard, message: &[u8], now: u64) -> bool {
        let Some(reader) = &mut self.reader else { return false };
        let mut tally = shard.tally.borrow_mut();
        let stamp = match reader.read(message) {
            Reading::Stamped(stamp) => stamp,
            Reading::Damaged => {
                tally.faults.damaged += 1;
                return false;
            }
            Reading::Foreign => {
                if let Some(code) = error(message) {
                    tally.errors.add(code);
                }
                return false;
            }
        };
        let shared = &shard.shared;
        let plan = &shared.plan;
        let own = stamp.sender == self.client;
        let (belongs, ledger) = match plan.mode {
            Mode::Echo => (own, 0),
            _ => {
                let belongs = !own && plan.group(stamp.sender) == plan.group(self.client);
                (belongs, stamp.sender / plan.groups)
            }
        };
        // Only what was sent can be missed.
        let sent = shared.sent.get(stamp.sender as usize);
        let sent = sent.map_or(0, |sent| sent.load(Ordering::Acquire));
        let ledger = self.ledgers.get_mut(ledger as usize);
        let (true, true, Some(ledger)) = (belongs, stamp.sequence < sent, ledger) else {
            tally.faults.stray += 1;
            return false;
        };
        match ledger.enter(stamp.sequence) {
            Entry::InOrder => {}
            Entry::Late => tally.faults.late += 1,
            Entry::Duplicate => {
                tally.faults.duplicate += 1;
                return false;
            }
        }
        if plan.mode != Mode::Echo {
            tally.deliver(stamp.sender, stamp.sequence, stamp.due, now);
        }
        shard.arrived(&mut tally, stamp.due, now, message.len());
        true
    }

    /// How many messages that were sent to this client did not come.
    pub(crate) fn lost(&self, shard: &Shard) -> u64 {
        let plan = &shard.shared.plan;
        let sent = |sender: u32| shard.shared.sent[sender as usize].load(Ordering::Acquire);
        match plan.mode {
            Mode::Echo => self.ledgers[0].lost(sent(self.client)),
            _ => (0..)
                .zip(&self.ledgers)
                .map(|(at, ledger)| (at * plan.groups + plan.group(self.client), ledger))
                .filter(|&(sender, _)| sender != self.client)
                .map(|(sender, ledger)| ledger.lost(sent(sender)))
                .sum(),
        }
    }
}

/// The code of an error that the server tells.
fn error(message: &[u8]) -> Option<String> {
    #[derive(Deserialize)]
    struct Told {
        r#type: String,
        code: String,
    }

    let told: Told = serde_json::from_slice(message).ok()?;
    (told.r#type == "error").then_some(told.code)
}
