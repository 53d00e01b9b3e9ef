//! The negotiated permessage-deflate of one connection.

use alloc::boxed::Box;

use super::engine::{Deflater, Inflater};
use super::history::History;
use super::pool::Lease;
use crate::config::Config;
use crate::stats::Saved;
use crate::time::Instant;

/// The parameters, and the state of each direction from its first compressed message on.
pub(crate) struct Extension {
    parameters: Parameters,
    pub(super) outgoing: Option<Box<Outgoing>>,
    pub(super) incoming: Option<Box<Incoming>>,
    /// When engines that were not used go back to their pool.
    deadline: Option<Instant>,
    /// Whether an engine was used since `deadline` was set.
    pub(super) used: bool,
    pub(super) saved: Saved,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Parameters {
    /// `None`: the peer requires a window that the engine does not support.
    pub(crate) outgoing_bits: Option<u8>,
    pub(crate) outgoing_takeover: bool,
    pub(crate) incoming_bits: u8,
    pub(crate) incoming_takeover: bool,
}

#[derive(Default)]
pub(super) struct Outgoing {
    pub(super) history: History,
    pub(super) engine: Option<Lease<Deflater>>,
    /// Whether a message is sent in part, so that the engine has to stay.
    pub(super) open: bool,
}

#[derive(Default)]
pub(super) struct Incoming {
    pub(super) history: History,
    pub(super) engine: Option<Lease<Inflater>>,
    /// Whether a message is received in part, so that the engine has to stay.
    pub(super) open: bool,
    /// Whether the message's last block so far was marked as the last one of its stream.
    pub(super) ended: bool,
    /// The streams begun within the message, and its bytes so far.
    pub(super) restarts: u64,
    pub(super) wire: u64,
}

impl Extension {
    pub(crate) fn new(parameters: Parameters) -> Self {
        Self {
            parameters,
            outgoing: None,
            incoming: None,
            deadline: None,
            used: false,
            saved: Saved::default(),
        }
    }

    pub(super) fn parameters(&self) -> Parameters {
        self.parameters
    }

    pub(crate) fn saved(&self) -> Saved {
        self.saved
    }

    /// Counts a message that was compressed elsewhere.
    pub(crate) fn count_sent(&mut self, plain: usize, compressed: usize) {
        self.saved.sent += plain as i64 - compressed as i64;
    }

    /// Whether [`poll_timeout`](Self::poll_timeout) would set a deadline.
    pub(crate) fn timeout_changed(&self) -> bool {
        self.used && self.deadline.is_none()
    }

    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.deadline
    }

    pub(crate) fn poll_timeout(&mut self, config: &Config, now: Instant) -> Option<Instant> {
        if self.timeout_changed() {
            self.used = false;
            self.deadline = config.deflate.as_ref().map(|deflate| now + deflate.idle_timeout);
        }
        self.deadline
    }

    /// Mark and sweep: engines that were not used since the deadline was set go back.
    pub(crate) fn handle_timeout(&mut self, config: &Config, now: Instant) {
        let Some(deflate) = &config.deflate else { return };
        if self.deadline.is_none_or(|deadline| deadline > now) {
            return;
        }
        let open = self.outgoing.as_ref().is_some_and(|outgoing| outgoing.open)
            || self.incoming.as_ref().is_some_and(|incoming| incoming.open);
        if core::mem::take(&mut self.used) || open {
            self.deadline = Some(now + deflate.idle_timeout);
            return;
        }
        self.deadline = None;
        self.release_outgoing();
        self.release_incoming();
    }

    /// Returns an engine that may be kept for one message only to its pool, when that is sent.
    pub(crate) fn message_sent(&mut self) {
        let Some(outgoing) = &self.outgoing else { return };
        let leaves = outgoing.engine.as_ref().is_some_and(|engine| !engine.stays());
        if leaves && !outgoing.open {
            self.release_outgoing();
        }
    }

    /// Does the same when the message is received.
    pub(super) fn message_received(&mut self) {
        let Some(incoming) = &self.incoming else { return };
        if incoming.engine.as_ref().is_some_and(|engine| !engine.stays()) {
            self.release_incoming();
        }
    }

    /// Returns both engines and frees the histories: no further message can pass.
    pub(crate) fn end(&mut self) {
        (self.outgoing, self.incoming) = (None, None);
        (self.deadline, self.used) = (None, false);
    }

    fn release_outgoing(&mut self) {
        match &mut self.outgoing {
            Some(outgoing) if self.parameters.outgoing_takeover => outgoing.engine = None,
            outgoing => *outgoing = None,
        }
    }

    fn release_incoming(&mut self) {
        match &mut self.incoming {
            Some(incoming) if self.parameters.incoming_takeover => incoming.engine = None,
            incoming => *incoming = None,
        }
    }
}
