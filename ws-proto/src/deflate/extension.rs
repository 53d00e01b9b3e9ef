//! permessage-deflate as it was negotiated for one connection.

use alloc::boxed::Box;
use core::ops::{Deref, DerefMut};

use super::config::{Deflate, EnginePool};
use super::engine::{Deflater, Inflater};
use super::history::History;
use crate::config::Config;
use crate::time::Instant;

/// Parameters, and what is kept of each direction; nothing before its first compressed message.
pub(crate) struct Extension {
    parameters: Parameters,
    pub(super) outgoing: Option<Box<Outgoing>>,
    pub(super) incoming: Option<Box<Incoming>>,
    /// When engines that were not used go back to their pool.
    due: Option<Instant>,
    /// Whether an engine was used since `due` was set.
    pub(super) used: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Parameters {
    /// `None`: the peer demands a window that the engine cannot keep to.
    pub(crate) outgoing_bits: Option<u8>,
    pub(crate) outgoing_takeover: bool,
    pub(crate) incoming_bits: u8,
    pub(crate) incoming_takeover: bool,
}

#[derive(Default)]
pub(super) struct Outgoing {
    pub(super) history: History,
    pub(super) engine: Option<Lease<Deflater>>,
    /// Whether a message is half sent, so that the engine cannot leave.
    pub(super) open: bool,
}

#[derive(Default)]
pub(super) struct Incoming {
    pub(super) history: History,
    pub(super) engine: Option<Lease<Inflater>>,
    /// Whether a message is half received, so that the engine cannot leave.
    pub(super) open: bool,
    /// Whether the message's last block so far was marked as the last one of its stream.
    pub(super) ended: bool,
    /// Streams begun within the message, and the bytes that came for it.
    pub(super) restarts: u64,
    pub(super) wire: u64,
}

impl Extension {
    pub(crate) fn new(parameters: Parameters) -> Self {
        Self { parameters, outgoing: None, incoming: None, due: None, used: false }
    }

    pub(super) fn parameters(&self) -> Parameters {
        self.parameters
    }

    /// Whether [`poll_timeout`](Self::poll_timeout) would set a deadline.
    pub(crate) fn timeout_changed(&self) -> bool {
        self.used && self.due.is_none()
    }

    pub(crate) fn due(&self) -> Option<Instant> {
        self.due
    }

    pub(crate) fn poll_timeout(&mut self, config: &Config, now: Instant) -> Option<Instant> {
        if self.timeout_changed() {
            self.used = false;
            self.due = config.deflate.as_ref().map(|deflate| now + deflate.idle_timeout);
        }
        self.due
    }

    /// Mark and sweep: engines that were not used since the deadline was set go back.
    pub(crate) fn handle_timeout(&mut self, config: &Config, now: Instant) {
        let Some(deflate) = &config.deflate else { return };
        if self.due.is_none_or(|due| due > now) {
            return;
        }
        let open = self.outgoing.as_ref().is_some_and(|outgoing| outgoing.open)
            || self.incoming.as_ref().is_some_and(|incoming| incoming.open);
        if core::mem::take(&mut self.used) || open {
            self.due = Some(now + deflate.idle_timeout);
            return;
        }
        self.due = None;
        self.release();
    }

    fn release(&mut self) {
        if let Some(outgoing) = &mut self.outgoing {
            outgoing.engine = None;
        }
        if let Some(incoming) = &mut self.incoming {
            incoming.engine = None;
        }
        if !self.parameters.outgoing_takeover {
            self.outgoing = None;
        }
        if !self.parameters.incoming_takeover {
            self.incoming = None;
        }
    }
}

/// An engine on loan: it goes back to its pool when this is dropped.
pub(super) struct Lease<E: Pooled> {
    engine: Option<Box<E>>,
    pool: EnginePool,
}

pub(super) trait Pooled: Sized {
    fn give(engine: Box<Self>, pool: &EnginePool);
}

impl Pooled for Deflater {
    fn give(engine: Box<Self>, pool: &EnginePool) {
        pool.give_deflater(engine);
    }
}

impl Pooled for Inflater {
    fn give(engine: Box<Self>, pool: &EnginePool) {
        pool.give_inflater(engine);
    }
}

impl Lease<Deflater> {
    pub(super) fn deflater(deflate: &Deflate, window_bits: u8) -> Self {
        let engine = deflate.engines.deflater(deflate.level(), window_bits);
        Self { engine: Some(engine), pool: deflate.engines.clone() }
    }
}

impl Lease<Inflater> {
    pub(super) fn inflater(deflate: &Deflate) -> Self {
        Self { engine: Some(deflate.engines.inflater()), pool: deflate.engines.clone() }
    }
}

impl<E: Pooled> Deref for Lease<E> {
    type Target = E;

    fn deref(&self) -> &E {
        self.engine.as_deref().expect(HELD)
    }
}

impl<E: Pooled> DerefMut for Lease<E> {
    fn deref_mut(&mut self) -> &mut E {
        self.engine.as_deref_mut().expect(HELD)
    }
}

const HELD: &str = "an engine is given back only by the drop of its lease";

impl<E: Pooled> Drop for Lease<E> {
    fn drop(&mut self) {
        if let Some(engine) = self.engine.take() {
            E::give(engine, &self.pool);
        }
    }
}
