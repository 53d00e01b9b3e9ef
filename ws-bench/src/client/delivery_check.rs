//! The check of the messages that a client receives.

use std::sync::atomic::Ordering;

use serde::Deserialize;

use super::ledger::{Entry, Ledger};
use crate::options::Mode;
use crate::plan::Plan;
use crate::shard::Shard;
use crate::stamp::{Reader, Reading};

/// Accounts for the messages that one client receives.
pub(crate) struct DeliveryCheck {
    client: u32,
    reader: Option<Reader>,
    /// One for each sender of the group.
    ledgers: Vec<Ledger>,
}

impl DeliveryCheck {
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

    /// Accounts for a message. Returns whether it has arrived as it should, for the first time.
    pub(crate) fn receive(&mut self, shard: &Shard, message: &[u8], now: u64) -> bool {
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
        // A number that was not sent is not one of the run.
        let sent = shared.sent.get(stamp.sender as usize);
        let sent = sent.map_or(0, |sent| sent.load(Ordering::Acquire));
        let ledger = self.ledgers.get_mut(ledger as usize);
        let (true, true, Some(ledger)) = (belongs, stamp.sequence < sent, ledger) else {
            tally.faults.misdirected += 1;
            return false;
        };
        match ledger.enter(stamp.sequence) {
            Entry::InOrder => {}
            Entry::OutOfOrder => tally.faults.misordered += 1,
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

    /// Returns the number of messages to this client that have not arrived.
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

/// Returns the code of an error message of the server.
fn error(message: &[u8]) -> Option<String> {
    #[derive(Deserialize)]
    struct Reply {
        r#type: String,
        code: String,
    }

    let reply: Reply = serde_json::from_slice(message).ok()?;
    (reply.r#type == "error").then_some(reply.code)
}
