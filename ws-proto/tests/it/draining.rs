//! The bytes that a server discards so that its Close frame arrives.

use ws_proto::{Config, Role};

use crate::pair;
use crate::pair::peer::Peer;
use crate::pair::run;

const MAX: u64 = 100;

fn failed(role: Role) -> Peer {
    let config = Config { max_drain_size: MAX, ..Config::default() };
    let mut peer = Peer::new(run::connection(role, &config));
    peer.read(&[0xFF]);
    assert!(peer.error.is_some());
    peer
}

#[test]
fn is_bounded_in_bytes() {
    let mut server = failed(Role::Server);
    server.read(&[0; MAX as usize]);
    assert!(!server.connection.wants_close(), "no more than allowed");
    server.read(&[0]);
    assert!(server.connection.wants_close(), "one more");
}

#[test]
fn counts_what_stood_behind_the_violation_in_the_same_read() {
    let config = Config { max_drain_size: MAX, ..Config::default() };
    let mut server = Peer::new(run::connection(Role::Server, &config));
    server.read(&[0xFF; 1 + MAX as usize]);
    assert!(!server.connection.wants_close(), "no more than allowed");
    server.read(&[0xFF]);
    assert!(server.connection.wants_close(), "one more");
}

#[test]
fn ends_one_direction_once_and_then_the_stream() {
    let mut server = failed(Role::Server);
    assert!(server.connection.poll_half_close());
    for _ in 0..5 {
        server.read(&[0; 10]);
        assert!(!server.connection.poll_half_close(), "it was ended before");
        assert!(!server.connection.wants_close());
    }
    server.end_of_stream();
    assert!(!server.connection.poll_half_close());
    assert!(server.connection.wants_close());
}

/// The peer has left, so that nothing must be drained.
#[test]
fn does_not_begin_at_the_end_of_the_stream() {
    let mut server = failed(Role::Server);
    server.end_of_stream();
    assert!(!server.connection.poll_half_close());
    assert!(server.connection.wants_close());
}

#[test]
fn is_not_for_clients() {
    let mut client = failed(Role::Client);
    client.read(&[0; 2 * MAX as usize]);
    assert!(!client.connection.poll_half_close());
    assert!(!client.connection.wants_close());
}

#[test]
fn makes_no_events_and_no_output() {
    let mut server = failed(Role::Server);
    server.output.clear();
    server.read(&pair::wire::frame(Role::Server, pair::wire::PING, b"ping"));
    assert_eq!(server.events, []);
    assert_eq!(server.output, b"");
}
