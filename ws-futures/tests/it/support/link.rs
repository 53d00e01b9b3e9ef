//! A slow link behind a deep send buffer, and a peer at its end.

use std::time::Duration;

use ws_futures::Config;
use ws_futures::proto::{Connection, Event, Role};

use super::clock::Clock;
use super::stream::Remote;

/// The link carries bytes at the end of each step.
pub(crate) const STEP: Duration = Duration::from_millis(100);

pub(crate) struct Link {
    remote: Remote,
    clock: Clock,
    /// Bytes in each step.
    bandwidth: usize,
    peer: Connection,
    /// The bytes of messages that have arrived.
    pub(crate) arrived: usize,
    /// Whether no bytes pass any more, in either direction.
    pub(crate) dead: bool,
}

impl Link {
    /// From an end in the role `from` to a peer that answers pings.
    pub(crate) fn new(
        from: Role,
        remote: Remote,
        clock: Clock,
        bytes_per_second: usize,
        buffer: usize,
    ) -> Self {
        remote.set_capacity(buffer);
        let config = Config { ping_interval: None, ..Config::default() };
        let role = match from {
            Role::Server => Role::Client,
            Role::Client => Role::Server,
        };
        let peer = super::connection(role, &config);
        let bandwidth = bytes_per_second / 10;
        Self { remote, clock, bandwidth, peer, arrived: 0, dead: false }
    }

    pub(crate) fn step(&mut self) {
        self.clock.advance(STEP);
        if self.dead {
            return;
        }
        let mut input = self.remote.take_some(self.bandwidth);
        let mut input = input.as_mut_slice();
        let mut output = Vec::new();
        while let Some(event) = self.peer.receive(&mut input).expect("no violation") {
            if let Event::Binary(data) = event {
                self.arrived += data.len();
            }
            self.peer.poll_transmit(&mut output);
        }
        self.remote.send(&output);
    }
}
