//! Who does what.

use std::num::NonZero;
use std::thread;
use std::time::Duration;

use crate::options::{Bench, Mode};
use crate::stamp::Envelope;

/// The most that receivers may have to remember of senders: 32 bytes each.
const MAX_LEDGERS: u64 = 50_000_000;
const DEFAULT_RATE: f64 = 20.0;
const DEFAULT_ROOMS: u32 = 10;

/// What each client does; clients are known by their numbers. Those that send have the lowest ones.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) mode: Mode,
    pub(crate) clients: u32,
    /// How many of them send.
    pub(crate) senders: u32,
    /// The groups that get each other's messages; clients belong to them in turn.
    pub(crate) groups: u32,
    /// Messages or connections a second in all; `None`: as the server answers.
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
    /// Makes one of what the command line says.
    ///
    /// # Errors
    ///
    /// What in it does not fit together.
    pub(crate) fn new(bench: &Bench) -> Result<Self, String> {
        let mode = bench.mode;
        let clients = bench.clients;
        if bench.rooms.is_some() && mode != Mode::Rooms {
            return Err("--rooms is for the mode rooms".to_owned());
        }
        if bench.senders.is_some() && !matches!(mode, Mode::Broadcast | Mode::Rooms) {
            return Err("--senders is for the modes broadcast and rooms".to_owned());
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
                    "{clients} clients leave nobody to receive in some of {groups} rooms"
                ));
            }
            if senders > clients {
                return Err(format!("there are {senders} senders, but {clients} clients"));
            }
            let ledgers = u64::from(clients) * u64::from(in_a_group);
            if ledgers > MAX_LEDGERS {
                return Err(format!(
                    "{clients} clients with {in_a_group} senders each are too many to keep account of"
                ));
            }
        }
        if bench.binary && mode != Mode::Echo {
            return Err("--binary is for the mode echo".to_owned());
        }
        if bench.rate.is_some() && mode == Mode::Idle {
            return Err("the mode idle sends nothing: it has no --rate".to_owned());
        }
        if bench.depth > 1 && (mode != Mode::Echo || rate.is_some()) {
            return Err("--depth is for the mode echo without --rate".to_owned());
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
                Err(format!("--size {}: such a message has {least} bytes at least", bench.size))
            }
            _ => Ok(plan),
        }
    }

    /// What a client's messages look like; `None` if there are none.
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

    /// The group of a client.
    pub(crate) fn group(&self, client: u32) -> u32 {
        client % self.groups
    }

    /// Who sends to this client: every `groups`-th number from its group's on.
    pub(crate) fn senders_in_a_group(&self) -> u32 {
        self.senders / self.groups
    }

    /// How many clients get a message of this sender's.
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

/// The name of a group's room.
pub(crate) fn room(group: u32) -> String {
    format!("bench-{group}")
}
