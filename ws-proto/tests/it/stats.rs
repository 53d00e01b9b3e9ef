//! Counters of what was received.

use ws_proto::{Config, Delivery, Role, Traffic};

use crate::pair;
use crate::pair::run::{self, LENGTHS};
use crate::pair::wire::{self, BINARY, CLOSE, CONTINUATION, FIN, PING, PONG, ROLES, TEXT};

/// Three messages in nine frames.
fn conversation(to: Role) -> Vec<u8> {
    let frames = [
        wire::frame(to, FIN | TEXT, b"whole"),
        wire::frame(to, TEXT, b"frag"),
        wire::frame(to, PING, b""),
        wire::frame(to, CONTINUATION, b""),
        wire::frame(to, FIN | CONTINUATION, b"ment"),
        wire::frame(to, PONG, b"pong"),
        wire::frame(to, FIN | BINARY, &[0xB1; 200]),
        wire::frame(to, BINARY, b"never finished"),
        wire::frame(to, CLOSE, b""),
    ];
    frames.concat()
}

#[test]
fn are_the_same_at_every_chunking() {
    for to in ROLES {
        for delivery in [Delivery::Whole, Delivery::Chunked] {
            let config = Config { delivery, ..Config::default() };
            let wire = conversation(to);
            for length in LENGTHS {
                let peer = run::reader(to, &config, &wire, &[length]);
                let Traffic { bytes, frames, messages, .. } = peer.connection.stats().received;
                let counted = (bytes, frames, messages);
                assert_eq!(counted, (wire.len() as u64, 9, 3), "{to:?}, {delivery:?}, {length}");
            }
        }
    }
}

#[test]
fn grow_byte_by_byte() {
    for to in ROLES {
        let mut peer = pair::peer::Peer::new(run::connection(to, &Config::default()));
        for (i, byte) in conversation(to).iter().enumerate() {
            peer.read(&[*byte]);
            assert_eq!(peer.connection.stats().received.bytes, i as u64 + 1, "{to:?}");
        }
    }
}
