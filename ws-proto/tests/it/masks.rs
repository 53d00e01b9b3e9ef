//! A client's masking keys (RFC 6455 §5.3 and §10.3).

use std::collections::HashSet;

use ws_proto::{CloseCode, Config, Connection};

use crate::pair;
use crate::pair::peer::Peer;
use crate::pair::wire::{self, PING};

/// Frames of every kind a client can send.
fn conversation(seed: [u8; 32], messages: usize) -> Vec<u8> {
    let mut client = Peer::new(Connection::client(Config::default(), seed));
    for _ in 0..messages {
        client.connection.send("a message", &mut client.output).expect("open");
        client.connection.send_fragment("frag", false, &mut client.output).expect("open");
        client.read(&wire::frame(ws_proto::Role::Client, PING, b"ping"));
        client.connection.send_fragment("ment", true, &mut client.output).expect("open");
        client.connection.ping(b"ping", &mut client.output).expect("open");
        let frame = client.connection.encode("encoded").expect("open");
        client.output.extend([frame.header(), frame.payload()].concat());
    }
    client.connection.close(CloseCode::NORMAL, &mut client.output).expect("open");
    client.output
}

fn keys(wire: &[u8]) -> Vec<[u8; 4]> {
    wire::parse(wire).into_iter().map(|frame| frame.key.expect("masked")).collect()
}

#[test]
fn every_frame_has_its_own() {
    let keys = keys(&conversation(pair::SEED, 100));
    let distinct: HashSet<_> = keys.iter().collect();
    assert_eq!(keys.len(), 601);
    assert_eq!(distinct.len(), keys.len());
}

#[test]
fn they_follow_from_the_seed() {
    assert_eq!(conversation([1; 32], 10), conversation([1; 32], 10));
}

#[test]
fn another_seed_gives_others() {
    let [one, other] = [[1; 32], [2; 32]].map(|seed| keys(&conversation(seed, 10)));
    let common = one.iter().filter(|key| other.contains(key)).count();
    assert_eq!(common, 0);
}

/// A generator with a constant byte would still produce distinct keys.
#[test]
fn every_bit_of_a_key_changes() {
    let keys = keys(&conversation(pair::SEED, 100));
    for place in 0..4 {
        let values: HashSet<_> = keys.iter().map(|key| key[place]).collect();
        assert!(values.len() > 200, "byte {place} takes {} values", values.len());
    }
}
