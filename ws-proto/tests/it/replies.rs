//! Pending pongs: one slot, ahead of the next frame (RFC 6455 §5.5.2 and §5.5.3).

use ws_proto::{Config, Connection, Event, Role};

use crate::pair::peer::{self, Peer};
use crate::pair::run;
use crate::pair::wire::{self, CONTINUATION, FIN, PING, PONG, ROLES, TEXT};

/// Receives without transmitting, like a loop whose output is full.
fn receive(connection: &mut Connection, mut wire: Vec<u8>) -> Vec<Event<'static>> {
    let mut input = wire.as_mut_slice();
    let mut events = Vec::new();
    while let Some(event) = connection.receive(&mut input).expect("valid") {
        events.push(peer::into_owned(event));
    }
    events
}

/// A connection with a pending pong for `ping`.
fn with_pending_pong(role: Role) -> Connection {
    let mut connection = run::connection(role, &Config::default());
    receive(&mut connection, wire::frame(role, PING, b"ping"));
    connection
}

fn pong(payload: &[u8]) -> (u8, Vec<u8>) {
    (PONG, payload.to_vec())
}

#[test]
fn a_ping_is_answered_with_its_payload() {
    for role in ROLES {
        for payload in [&b""[..], b"ping", b"\x00\xFF", &[0xA5; 125]] {
            let wire = wire::frame(role, PING, payload);
            let outcome = run::at_every_chunking(role, &Config::default(), &wire);
            assert_eq!(outcome.events, [Event::Ping(payload.into())], "{role:?}");
            assert_eq!(wire::contents(&outcome.output), [pong(payload)], "{role:?}");
        }
    }
}

#[test]
fn every_ping_is_answered_if_transmitted_after_each_event() {
    for role in ROLES {
        let pings = (0..10).flat_map(|i| wire::frame(role, PING, &[i]));
        let wire: Vec<u8> = pings.collect();
        let outcome = run::at_every_chunking(role, &Config::default(), &wire);
        let pongs: Vec<_> = (0..10).map(|i| pong(&[i])).collect();
        assert_eq!(wire::contents(&outcome.output), pongs, "{role:?}");
    }
}

#[test]
fn only_the_latest_is_answered_otherwise() {
    for role in ROLES {
        let mut connection = run::connection(role, &Config::default());
        let pings = (0..10).flat_map(|i| wire::frame(role, PING, &[i])).collect();
        assert_eq!(receive(&mut connection, pings).len(), 10, "{role:?}");
        let mut output = Vec::new();
        connection.poll_transmit(&mut output);
        assert_eq!(wire::contents(&output), [pong(&[9])], "{role:?}");
    }
}

#[test]
fn is_pending_once() {
    for role in ROLES {
        let mut connection = with_pending_pong(role);
        assert!(connection.wants_transmit(), "{role:?}");
        let mut output = Vec::new();
        assert!(connection.poll_transmit(&mut output), "{role:?}");
        assert!(!connection.wants_transmit(), "{role:?}");
        let len = output.len();
        assert!(!connection.poll_transmit(&mut output), "{role:?}");
        assert_eq!(output.len(), len, "{role:?}");
    }
}

#[test]
fn precedes_every_frame() {
    type Act = fn(&mut Connection, &mut Vec<u8>);
    let rows: [(Act, (u8, Vec<u8>)); 3] = [
        (
            |connection, output| connection.send("ours", output).expect("open"),
            (FIN | TEXT, b"ours".to_vec()),
        ),
        (
            |connection, output| connection.ping(b"ours", output).expect("open"),
            (PING, b"ours".to_vec()),
        ),
        (|connection, output| connection.pong(b"ours", output).expect("open"), pong(b"ours")),
    ];
    for (act, frame) in rows {
        for role in ROLES {
            let mut output = Vec::new();
            act(&mut with_pending_pong(role), &mut output);
            assert_eq!(wire::contents(&output), [pong(b"ping"), frame.clone()], "{role:?}");
        }
    }
}

#[test]
fn goes_between_fragments() {
    for role in ROLES {
        let mut connection = run::connection(role, &Config::default());
        let mut output = Vec::new();
        connection.send_fragment("a", false, &mut output).expect("open");
        receive(&mut connection, wire::frame(role, PING, b"ping"));
        connection.send_fragment("b", true, &mut output).expect("open");
        let expected = [(TEXT, b"a".to_vec()), pong(b"ping"), (FIN | CONTINUATION, b"b".to_vec())];
        assert_eq!(wire::contents(&output), expected, "{role:?}");
    }
}

#[test]
fn is_left_to_poll_transmit_by_encode() {
    for role in ROLES {
        let mut connection = with_pending_pong(role);
        let frame = connection.encode("text").expect("open");
        let wire = [frame.header(), frame.payload()].concat();
        assert_eq!(wire::contents(&wire), [(FIN | TEXT, b"text".to_vec())], "{role:?}");
        assert!(connection.wants_transmit(), "{role:?}");
    }
}

#[test]
fn is_pending_inside_a_fragmented_message_of_the_peer() {
    for role in ROLES {
        let mut peer = Peer::new(run::connection(role, &Config::default()));
        peer.read(&wire::frame(role, TEXT, b"unfinished"));
        peer.read(&wire::frame(role, PING, b"ping"));
        assert_eq!(wire::contents(&peer.output), [pong(b"ping")], "{role:?}");
    }
}

#[test]
fn a_pong_is_not_answered() {
    for role in ROLES {
        let wire = wire::frame(role, PONG, b"unasked");
        let outcome = run::at_every_chunking(role, &Config::default(), &wire);
        assert_eq!(outcome.events, [Event::Pong(b"unasked".into())], "{role:?}");
        assert_eq!(outcome.output, b"", "{role:?}");
    }
}

#[test]
fn without_automatic_pong_nothing_is_pending() {
    let config = Config { automatic_pong: false, ..Config::default() };
    for role in ROLES {
        let wire = wire::frame(role, PING, b"ping");
        let outcome = run::at_every_chunking(role, &config, &wire);
        assert_eq!(outcome.events, [Event::Ping(b"ping".into())], "{role:?}");
        assert_eq!(outcome.output, b"", "{role:?}");
    }
}
