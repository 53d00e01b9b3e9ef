//! Two ends of a connection, a clock that is moved by hand, and pipes that cut anywhere.

pub(crate) mod peer;
pub(crate) mod run;

use core::time::Duration;

use ws_proto::{Config, Connection, Instant};

pub(crate) use ws_wire as wire;

use peer::Peer;

/// The seed of every client in these tests.
pub(crate) const SEED: [u8; 32] = [7; 32];

/// A client and a server, joined by a pipe each way.
pub(crate) struct Pair {
    pub(crate) client: Peer,
    pub(crate) server: Peer,
    now: Instant,
    cuts: Vec<usize>,
}

impl Pair {
    /// Both ends with the same configuration, and pipes that deliver all they hold at once.
    pub(crate) fn new(config: &Config) -> Self {
        Self::cut(config, &[usize::MAX])
    }

    /// Pipes that deliver pieces of these lengths in turn, repeatedly.
    pub(crate) fn cut(config: &Config, lengths: &[usize]) -> Self {
        let client = Connection::client(config.clone(), SEED);
        Self::of(client, Connection::server(config.clone()), lengths)
    }

    /// Any two ends.
    pub(crate) fn of(client: Connection, server: Connection, lengths: &[usize]) -> Self {
        Self {
            client: Peer::new(client),
            server: Peer::new(server),
            now: Instant::EPOCH,
            cuts: lengths.to_vec(),
        }
    }

    pub(crate) fn now(&self) -> Instant {
        self.now
    }

    /// Carries bytes both ways until there are none; returns whether there were any.
    pub(crate) fn exchange(&mut self) -> bool {
        let mut moved = false;
        loop {
            let to_server = self.deliver_to_server();
            let to_client = self.deliver_to_client();
            if !to_server && !to_client {
                return moved;
            }
            moved = true;
        }
    }

    /// Carries what the client has written.
    pub(crate) fn deliver_to_server(&mut self) -> bool {
        deliver(&mut self.client, &mut self.server, &self.cuts)
    }

    /// Carries what the server has written.
    pub(crate) fn deliver_to_client(&mut self) -> bool {
        deliver(&mut self.server, &mut self.client, &self.cuts)
    }

    /// Lets time pass: at each deadline within it both ends act, and bytes are carried at once.
    pub(crate) fn pass(&mut self, duration: Duration) {
        let end = self.now + duration;
        loop {
            let deadlines = [&mut self.client, &mut self.server]
                .map(|peer| peer.connection.poll_timeout(self.now));
            match deadlines.into_iter().flatten().min() {
                Some(due) if due <= end => self.now = self.now.max(due),
                _ => break,
            }
            self.client.handle_timeout(self.now);
            self.server.handle_timeout(self.now);
            self.exchange();
        }
        self.now = end;
    }
}

fn deliver(from: &mut Peer, to: &mut Peer, cuts: &[usize]) -> bool {
    from.connection.poll_transmit(&mut from.output);
    let bytes = core::mem::take(&mut from.output);
    for piece in run::pieces(&bytes, cuts) {
        to.read(piece);
    }
    !bytes.is_empty()
}
