//! Connections that have negotiated permessage-deflate, and DEFLATE read and made by hand.

pub(crate) mod content;
pub(crate) mod inflate;
pub(crate) mod stream;

use core::time::Duration;

use ws_proto::{Config, Connection, Deflate, Instant, Offers, Role, client, server};

use super::pair::peer::Peer;
use super::pair::run::{self, Outcome};
use super::pair::wire::{self, FIN, RSV1};
use super::pair::{Pair, SEED};

/// The parameters that a client and a server negotiate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Agreed {
    pub(crate) client_bits: u8,
    pub(crate) server_bits: u8,
    pub(crate) client_takeover: bool,
    pub(crate) server_takeover: bool,
}

impl Default for Agreed {
    fn default() -> Self {
        Self::new(12, true)
    }
}

impl Agreed {
    /// The same in both directions.
    pub(crate) const fn new(bits: u8, takeover: bool) -> Self {
        Self {
            client_bits: bits,
            server_bits: bits,
            client_takeover: takeover,
            server_takeover: takeover,
        }
    }

    /// Every window for the client with a different one for the server, with every combination of
    /// takeover.
    pub(crate) fn all() -> impl Iterator<Item = Self> {
        (9..=15).flat_map(|bits| {
            [(true, true), (true, false), (false, true), (false, false)].map(
                |(client_takeover, server_takeover)| Self {
                    client_bits: bits,
                    server_bits: 24 - bits,
                    client_takeover,
                    server_takeover,
                },
            )
        })
    }

    /// The configurations of the client and the server.
    pub(crate) fn configs(self, config: &Config) -> [Config; 2] {
        let deflate = config.deflate.clone().unwrap_or_default();
        let client = Deflate {
            window_bits: self.client_bits,
            peer_window_bits: self.server_bits,
            context_takeover: self.client_takeover,
            peer_context_takeover: self.server_takeover,
            offers: Offers::PeerWindow,
            ..deflate
        };
        let server = Deflate {
            window_bits: self.server_bits,
            peer_window_bits: self.client_bits,
            context_takeover: self.server_takeover,
            peer_context_takeover: self.client_takeover,
            ..client.clone()
        };
        [client, server].map(|deflate| Config { deflate: Some(deflate), ..config.clone() })
    }

    /// A client and a server after their handshake.
    pub(crate) fn connections(self, config: &Config) -> [Connection; 2] {
        let [client, server] = self.configs(config);
        let (connections, _) = handshake(client, server);
        assert!(connections.iter().all(Connection::is_compressed), "{self:?}");
        connections
    }

    /// Both joined by pipes that deliver pieces of these lengths.
    pub(crate) fn pair(self, config: &Config, lengths: &[usize]) -> Pair {
        let [client, server] = self.connections(config);
        Pair::of(client, server, lengths)
    }

    pub(crate) fn connection(self, role: Role, config: &Config) -> Connection {
        let [client, server] = self.connections(config);
        match role {
            Role::Client => client,
            Role::Server => server,
        }
    }

    /// The window and the takeover of what the end in this role sends.
    pub(crate) fn of(self, role: Role) -> (u8, bool) {
        match role {
            Role::Client => (self.client_bits, self.client_takeover),
            Role::Server => (self.server_bits, self.server_takeover),
        }
    }
}

/// A configuration whose only deadlines are those of the engines.
pub(crate) fn config() -> Config {
    Config { ping_interval: None, deflate: Some(Deflate::default()), ..Config::default() }
}

/// A whole opening handshake; returns the client and the server, and the response.
pub(crate) fn handshake(client: Config, server: Config) -> ([Connection; 2], String) {
    let mut request = Vec::new();
    let handshake = client::ClientRequest::new("localhost", "/")
        .send(client, SEED, &mut request)
        .expect("valid");
    let Ok(server::ServerProgress::Request(request)) =
        server::ServerHandshake::new(server).receive(&mut request.as_mut_slice())
    else {
        panic!("a valid request");
    };
    let mut response = Vec::new();
    let server = request.accept().respond(&mut response);
    let text = String::from_utf8_lossy(&response).into_owned();
    let Ok(client::ClientProgress::Open(client, _)) =
        handshake.receive(&mut response.as_mut_slice())
    else {
        panic!("refused: {text}");
    };
    ([client, server], text)
}

/// Lets both sweeps pass, so that the engines are returned; returns the time after that.
pub(crate) fn release(peer: &mut Peer, mut now: Instant) -> Instant {
    for _ in 0..3 {
        peer.connection.poll_timeout(now);
        now = now + Duration::from_secs(1);
        peer.handle_timeout(now);
    }
    assert_eq!(peer.connection.poll_timeout(now), None, "the engines are still held");
    now
}

/// An end that has read `wire` in pieces of these lengths.
pub(crate) fn reader(connection: Connection, wire: &[u8], lengths: &[usize]) -> Peer {
    let mut peer = Peer::new(connection);
    for piece in run::pieces(wire, lengths) {
        peer.read(piece);
    }
    peer
}

/// The outcome of `wire`, which is the same however it is cut.
pub(crate) fn at_every_chunking(
    agreed: Agreed,
    role: Role,
    config: &Config,
    wire: &[u8],
) -> Outcome {
    let outcome =
        |lengths: &[usize]| Outcome::of(reader(agreed.connection(role, config), wire, lengths));
    let whole = outcome(&[usize::MAX]);
    for length in run::LENGTHS {
        assert!(outcome(&[length]) == whole, "{role:?} reading {length} bytes at a time");
    }
    for place in 1..wire.len().min(300) {
        assert!(outcome(&[place, usize::MAX]) == whole, "{role:?}, cut at {place}");
    }
    whole
}

/// A compressed message in one frame.
pub(crate) fn frame(to: Role, kind: u8, payload: &[u8]) -> Vec<u8> {
    wire::frame(to, FIN | RSV1 | kind, payload)
}

/// A compressed message in fragments.
pub(crate) fn fragments(to: Role, kind: u8, parts: &[&[u8]]) -> Vec<u8> {
    let mut frames = wire::fragments(to, kind, parts);
    frames[0] |= RSV1;
    frames
}
