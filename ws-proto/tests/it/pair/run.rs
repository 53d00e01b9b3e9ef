//! One byte string through one connection, cut in every way.

use core::iter;

use ws_proto::{Closed, Config, Connection, Error, Event, Role, State};

use super::SEED;
use super::peer::Peer;

/// The lengths of reads at which every receiving test runs.
pub(crate) const LENGTHS: [usize; 8] = [1, 2, 3, 7, 16, 125, 4096, usize::MAX];

/// Up to this length a byte string is also cut in two at every place.
const SHORT: usize = 300;

/// The observable results of a connection.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Outcome {
    pub(crate) events: Vec<Event<'static>>,
    pub(crate) error: Option<Error>,
    pub(crate) output: Vec<u8>,
    pub(crate) closed: Option<Closed>,
    pub(crate) state: State,
    pub(crate) received: u64,
}

impl Outcome {
    pub(crate) fn of(peer: Peer) -> Self {
        Self {
            error: peer.error,
            output: peer.output,
            closed: peer.connection.closed().cloned(),
            state: peer.connection.state(),
            received: peer.connection.stats().received.bytes,
            events: join_chunks(peer.events),
        }
    }
}

pub(crate) fn connection(role: Role, config: &Config) -> Connection {
    match role {
        Role::Server => Connection::server(config.clone()),
        Role::Client => Connection::client(config.clone(), SEED),
    }
}

/// `bytes` in pieces of these lengths in turn, repeatedly.
pub(crate) fn pieces<'b>(bytes: &'b [u8], lengths: &[usize]) -> impl Iterator<Item = &'b [u8]> {
    let mut rest = bytes;
    let mut lengths = lengths.iter().cycle();
    iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let (piece, more) = rest.split_at(rest.len().min(*lengths.next()?));
        rest = more;
        Some(piece)
    })
}

/// An end that has read `wire` in pieces of these lengths.
pub(crate) fn reader(role: Role, config: &Config, wire: &[u8], lengths: &[usize]) -> Peer {
    let mut peer = Peer::new(connection(role, config));
    for piece in pieces(wire, lengths) {
        peer.read(piece);
    }
    peer
}

/// The outcome of `wire` when it is read in pieces of these lengths.
pub(crate) fn outcome(role: Role, config: &Config, wire: &[u8], lengths: &[usize]) -> Outcome {
    Outcome::of(reader(role, config, wire, lengths))
}

/// An end that has read each piece behind the unfinished input, and waited before each `wait`th one and
/// at the end.
pub(crate) fn reader_behind(
    role: Role,
    config: &Config,
    wire: &[u8],
    lengths: &[usize],
    wait: usize,
) -> Peer {
    let mut peer = Peer::new(connection(role, config));
    for (index, piece) in pieces(wire, lengths).enumerate() {
        if index % wait == wait - 1 {
            peer.wait();
        }
        peer.read_behind(piece);
    }
    peer.wait();
    peer
}

/// The outcome of `wire` for that end.
pub(crate) fn outcome_behind(
    role: Role,
    config: &Config,
    wire: &[u8],
    lengths: &[usize],
    wait: usize,
) -> Outcome {
    Outcome::of(reader_behind(role, config, wire, lengths, wait))
}

/// The outcome of `wire`, which is the same however it is cut.
pub(crate) fn at_every_chunking(role: Role, config: &Config, wire: &[u8]) -> Outcome {
    let whole = outcome(role, config, wire, &[usize::MAX]);
    for length in LENGTHS {
        let cut = outcome(role, config, wire, &[length]);
        assert_eq!(cut, whole, "{role:?} reading {length} bytes at a time of {wire:02x?}");
        if wire.len() < 10_000 || length >= 4096 {
            for wait in [2, usize::MAX] {
                let behind = outcome_behind(role, config, wire, &[length], wait);
                assert_eq!(behind, whole, "{role:?} keeping {length} bytes each of {wire:02x?}");
            }
        }
    }
    if wire.len() <= SHORT {
        for place in 1..wire.len() {
            let cut = outcome(role, config, wire, &[place, usize::MAX]);
            assert_eq!(cut, whole, "{role:?} reading {wire:02x?} cut at {place}");
        }
    }
    whole
}

/// The events of `wire`, which must contain no violation.
pub(crate) fn events(role: Role, config: &Config, wire: &[u8]) -> Vec<Event<'static>> {
    let outcome = at_every_chunking(role, config, wire);
    assert_eq!(outcome.error, None, "{role:?} reading {wire:02x?}");
    outcome.events
}

/// The index of the byte at which a violation in `wire` is reported, and the error.
pub(crate) fn first_error(role: Role, config: &Config, wire: &[u8]) -> Option<(usize, Error)> {
    let mut peer = Peer::new(connection(role, config));
    wire.iter().enumerate().find_map(|(index, byte)| {
        peer.read(&[*byte]);
        peer.error.map(|error| (index, error))
    })
}

/// Joins the pieces of a message that follow each other.
fn join_chunks(events: Vec<Event<'static>>) -> Vec<Event<'static>> {
    let mut joined: Vec<Event<'static>> = Vec::new();
    for event in events {
        assert_chunk_is_not_idle(&event);
        match (joined.last_mut(), event) {
            (
                Some(Event::TextChunk { data, fin: fin @ false }),
                Event::TextChunk { data: more, fin: last },
            ) => {
                data.to_mut().push_str(&more);
                *fin = last;
            }
            (
                Some(Event::BinaryChunk { data, fin: fin @ false }),
                Event::BinaryChunk { data: more, fin: last },
            ) => {
                data.to_mut().extend_from_slice(&more);
                *fin = last;
            }
            (_, event) => joined.push(event),
        }
    }
    joined
}

/// A piece is empty only if it is the last one of its message.
fn assert_chunk_is_not_idle(event: &Event<'_>) {
    let idle = match event {
        Event::TextChunk { data, fin } => data.is_empty() && !fin,
        Event::BinaryChunk { data, fin } => data.is_empty() && !fin,
        Event::Text(_) | Event::Binary(_) => false,
        Event::Ping(_) | Event::Pong(_) | Event::Close(_) => false,
    };
    assert!(!idle, "{event:?} carries nothing");
}

/// Whole messages and control frames in the order of their ends, from either delivery; an
/// unfinished message is left out.
pub(crate) fn messages(events: Vec<Event<'static>>) -> Vec<Event<'static>> {
    let mut text = String::new();
    let mut binary = Vec::new();
    let mut messages = Vec::new();
    for event in events {
        match event {
            Event::TextChunk { data, fin } => {
                text.push_str(&data);
                if fin {
                    messages.push(Event::Text(core::mem::take(&mut text).into()));
                }
            }
            Event::BinaryChunk { data, fin } => {
                binary.extend_from_slice(&data);
                if fin {
                    messages.push(Event::Binary(core::mem::take(&mut binary).into()));
                }
            }
            event => messages.push(event),
        }
    }
    messages
}
