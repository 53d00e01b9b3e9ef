//! The time limits for a closing peer (RFC 6455 §7.1.1).

use core::time::Duration;

use ws_proto::{CloseCode, Config, Instant, Role};

use crate::pair::peer::Peer;
use crate::pair::run;
use crate::pair::wire::{self, CLOSE, ROLES};

const PING: Duration = Duration::from_secs(30);
const CLOSING: Duration = Duration::from_secs(5);
const DRAIN: Duration = Duration::from_secs(2);

fn at(seconds: u64) -> Instant {
    Instant::from_epoch(Duration::from_secs(seconds))
}

/// An open connection whose first ping must be sent.
fn open(role: Role) -> Peer {
    let config = Config {
        ping_interval: Some(PING),
        close_timeout: CLOSING,
        drain_timeout: DRAIN,
        ..Config::default()
    };
    let mut peer = Peer::new(run::connection(role, &config));
    assert_eq!(peer.connection.poll_timeout(Instant::EPOCH), Some(Instant::EPOCH + PING));
    peer
}

fn close(peer: &mut Peer) {
    peer.connection.close(CloseCode::NORMAL, &mut peer.output).expect("open");
}

fn receive_close(peer: &mut Peer) {
    peer.read(&wire::frame(peer.connection.role(), CLOSE, b""));
}

fn receive_text(peer: &mut Peer) {
    peer.read(&wire::text(peer.connection.role(), "wait"));
}

/// A byte with which no frame begins.
fn receive_violation(peer: &mut Peer) {
    peer.read(&[0xFF]);
}

fn receive_more(peer: &mut Peer) {
    peer.read(&[0; 1000]);
}

/// The event; the second at which the deadline is requested; and the second from which it runs, for
/// how long.
type Step = (fn(&mut Peer), u64, u64, Duration);

const WAITS: [(&str, &[Role], &[Step]); 9] = [
    ("for an answer to our Close frame", &ROLES, &[(close, 10, 10, CLOSING)]),
    (
        "messages do not put it off",
        &ROLES,
        &[(close, 10, 10, CLOSING), (receive_text, 14, 10, CLOSING)],
    ),
    ("for the server to end TCP", &[Role::Client], &[(receive_close, 10, 10, CLOSING)]),
    (
        "the answer begins another wait of a client",
        &[Role::Client],
        &[(close, 10, 10, CLOSING), (receive_close, 14, 14, CLOSING)],
    ),
    ("a server drains for a shorter time", &[Role::Server], &[(receive_violation, 10, 10, DRAIN)]),
    (
        "bytes do not put off the end of draining",
        &[Role::Server],
        &[(receive_violation, 10, 10, DRAIN), (receive_more, 11, 10, DRAIN)],
    ),
    (
        "a client that failed waits like one that closed",
        &[Role::Client],
        &[(receive_violation, 10, 10, CLOSING)],
    ),
    (
        "a violation instead of an answer begins another wait of a server",
        &[Role::Server],
        &[(close, 10, 10, CLOSING), (receive_violation, 13, 13, DRAIN)],
    ),
    (
        "a violation instead of an answer begins another wait of a client",
        &[Role::Client],
        &[(close, 10, 10, CLOSING), (receive_violation, 13, 13, CLOSING)],
    ),
];

/// Each wait ends at its deadline and not before, and then the TCP connection must be ended.
#[test]
fn waits() {
    for (name, roles, steps) in WAITS {
        for role in roles {
            let (mut peer, mut last) = (open(*role), None);
            for (happen, now, from, wait) in steps {
                happen(&mut peer);
                let due = at(*from) + *wait;
                assert_eq!(peer.connection.poll_timeout(at(*now)), Some(due), "{name}: {role:?}");
                last = Some((at(*now), due));
            }
            let (now, due) = last.expect("a step");
            assert!(!peer.connection.wants_close(), "{name}: {role:?}: at once");
            peer.handle_timeout(Instant::from_epoch(due.since_epoch() - Duration::from_nanos(1)));
            assert!(!peer.connection.wants_close(), "{name}: {role:?}: too early");
            assert_eq!(peer.connection.poll_timeout(now), Some(due), "{name}: {role:?}: moved");
            peer.handle_timeout(due);
            assert!(peer.connection.wants_close(), "{name}: {role:?}: not at all");
            assert_eq!(peer.connection.poll_timeout(due), None, "{name}: {role:?}: another");
        }
    }
}

#[test]
fn an_answer_that_cannot_be_written() {
    for role in ROLES {
        let mut peer = open(role);
        let mut wire = wire::frame(role, CLOSE, b"");
        peer.connection.receive(&mut wire.as_mut_slice()).expect("valid");
        assert!(peer.connection.wants_transmit(), "{role:?}");
        assert_eq!(peer.connection.poll_timeout(at(10)), Some(at(10) + CLOSING), "{role:?}");
        let _ = peer.connection.handle_timeout(at(10) + CLOSING);
        assert!(peer.connection.wants_close(), "{role:?}");
    }
}

#[test]
fn an_unresponsive_peer_gets_a_close_frame_and_is_not_waited_for() {
    for role in ROLES {
        let mut peer = open(role);
        peer.handle_timeout(at(30));
        let sweep = peer.connection.poll_timeout(at(30)).expect("a sweep");
        let before = peer.output.len();
        peer.handle_timeout(sweep);
        assert!(peer.error.is_some(), "{role:?}");
        assert!(peer.output.len() > before, "{role:?}: no Close frame");
        assert!(peer.connection.wants_close(), "{role:?}");
    }
}

#[test]
fn no_ping_is_sent_while_closing() {
    for role in ROLES {
        let mut peer = open(role);
        close(&mut peer);
        peer.output.clear();
        peer.handle_timeout(at(1000));
        assert_eq!(peer.output, b"", "{role:?}");
        assert_eq!(peer.error, None, "{role:?}");
    }
}

#[test]
fn a_very_long_wait_does_not_overflow() {
    let config = Config { ping_interval: Some(Duration::MAX), ..Config::default() };
    let mut server = run::connection(Role::Server, &config);
    assert_eq!(server.poll_timeout(at(10)), Some(Instant::from_epoch(Duration::MAX)));
}
