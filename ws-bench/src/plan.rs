//! What each client does.

use std::num::NonZero;
use std::thread;
use std::time::Duration;

use crate::options::{Bench, Mode};
use crate::stamp::Envelope;

/// The maximum number of pairs of a sender and a receiver; each has a ledger of 32 bytes.
const MAX_LEDGERS: u64 = 50_000_000;
const DEFAULT_RATE: f64 = 20.0;
const DEFAULT_ROOMS: u32 = 10;

/// What each client does. Clients are numbered; those that send have the lowest numbers.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) mode: Mode,
    pub(crate) clients: u32,
    /// The number of clients that send.
    pub(crate) senders: u32,
    /// The number of groups, whose members receive each other's messages; clients are assigned in turn.
    pub(crate) groups: u32,
    /// Messages or connections a second of all clients; `None`: as fast as the server answers.
    pub(crate) rate: Option<f64>,
    pub(crate) depth: u32,
    pub(crate) size: usize,
    pub(crate) binary: bool,
    pub(crate) warmup: Duration,
    pub(crate) duration: Duration,
    pub(crate) drain: Duration,
    pub(crate) threads: u16,
    pub(crate) connect_rate: Option<f64>,
}

impl Plan {
    /// Derives the plan from the options.
    ///
    /// # Errors
    ///
    /// The message for options that contradict each other.
    pub(crate) fn new(bench: &Bench) -> Result<Self, String> {
        let mode = bench.mode;
        let clients = bench.clients;
        if bench.rooms.is_some() && mode != Mode::Rooms {
            return Err("--rooms needs --mode rooms".to_owned());
        }
        if bench.senders.is_some() && !matches!(mode, Mode::Broadcast | Mode::Rooms) {
            return Err("--senders needs --mode broadcast or rooms".to_owned());
        }
        let in_a_group = bench.senders.unwrap_or(1);
        let groups = match mode {
            Mode::Rooms => bench.rooms.unwrap_or(DEFAULT_ROOMS),
            _ => 1,
        };
        let rate = match mode {
            Mode::Echo | Mode::Churn => bench.rate,
            Mode::Broadcast | Mode::Rooms => Some(bench.rate.unwrap_or(DEFAULT_RATE)),
            Mode::Idle => None,
        };
        let senders = match mode {
            Mode::Echo | Mode::Churn => clients,
            Mode::Broadcast | Mode::Rooms => groups.saturating_mul(in_a_group),
            Mode::Idle => 0,
        };
        if matches!(mode, Mode::Broadcast | Mode::Rooms) {
            if clients / groups < 2 {
                return Err(format!(
                    "--clients {clients}: too few for a receiver in each of {groups} rooms"
                ));
            }
            if senders > clients {
                return Err(format!(
                    "--senders: {senders} in all, but there are {clients} clients"
                ));
            }
            let ledgers = u64::from(clients) * u64::from(in_a_group);
            if ledgers > MAX_LEDGERS {
                return Err(format!(
                    "{clients} clients that receive from {in_a_group} senders each: too many to account for, use \
                     fewer --clients or --senders"
                ));
            }
        }
        if bench.binary && mode != Mode::Echo {
            return Err("--binary needs --mode echo".to_owned());
        }
        if bench.rate.is_some() && mode == Mode::Idle {
            return Err("--rate: the mode idle sends nothing".to_owned());
        }
        if bench.depth > 1 && (mode != Mode::Echo || rate.is_some()) {
            return Err("--depth needs --mode echo without --rate".to_owned());
        }
        let processors = thread::available_parallelism().map_or(1, NonZero::get);
        let half = u16::try_from(processors / 2).unwrap_or(256).clamp(1, 256);
        let threads = bench.threads.unwrap_or(half).min(u16::try_from(clients).unwrap_or(u16::MAX));
        let plan = Self {
            mode,
            clients,
            senders,
            groups,
            rate,
            depth: bench.depth,
            size: bench.size,
            binary: bench.binary,
            warmup: bench.warmup,
            duration: bench.duration,
            drain: bench.drain,
            threads,
            connect_rate: bench.connect_rate,
        };
        // The longest name of a room leaves the least space.
        match plan.envelope_of(groups - 1) {
            Some(Err(least)) => {
                Err(format!("--size {}: must be at least {least} in this mode", bench.size))
            }
            _ => Ok(plan),
        }
    }

    /// Returns the envelope of a client's messages; `None` if it sends and receives none.
    pub(crate) fn envelope(&self, client: u32) -> Option<Envelope> {
        self.envelope_of(self.group(client))?.ok()
    }

    fn envelope_of(&self, group: u32) -> Option<Result<Envelope, usize>> {
        match self.mode {
            Mode::Echo if self.binary => Some(Envelope::binary(self.size)),
            Mode::Echo => Some(Envelope::text(self.size)),
            Mode::Broadcast => Some(Envelope::broadcast(None, self.size)),
            Mode::Rooms => Some(Envelope::broadcast(Some(&room(group)), self.size)),
            Mode::Idle | Mode::Churn => None,
        }
    }

    /// Returns the group of a client.
    pub(crate) fn group(&self, client: u32) -> u32 {
        client % self.groups
    }

    /// Returns the number of senders in each group. Those of group `g` have the numbers `g`, `g + groups`…
    pub(crate) fn senders_in_a_group(&self) -> u32 {
        self.senders / self.groups
    }

    /// Returns the number of clients that receive each message of this sender.
    pub(crate) fn receivers(&self, sender: u32) -> u64 {
        match self.mode {
            Mode::Broadcast | Mode::Rooms => {
                let more = u32::from(self.group(sender) < self.clients % self.groups);
                u64::from(self.clients / self.groups + more - 1)
            }
            _ => 1,
        }
    }
}

/// Returns the name of a group's room.
pub(crate) fn room(group: u32) -> String {
    format!("bench-{group}")
}
