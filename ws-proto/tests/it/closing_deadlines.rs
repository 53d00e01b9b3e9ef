//! How long a closing peer is waited for (RFC 6455 §7.1.1).

use core::time::Duration;

use ws_proto::{CloseCode, Config, Instant, Role};

use crate::pair::peer::Peer;
use crate::pair::run;
use crate::pair::wire::{self, CLOSE, FIN, ROLES, TEXT};

const PING: Duration = Duration::from_secs(30);
const CLOSING: Duration = Duration::from_secs(5);
const DRAIN: Duration = Duration::from_secs(2);

fn at(seconds: u64) -> Instant {
    Instant::from_epoch(Duration::from_secs(seconds))
}

/// An open connection whose first ping is due.
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

/// Checks that patience ends at `due` and not before, and that then TCP is to be ended.
fn ends_at(peer: &mut Peer, now: Instant, due: Instant) {
    let role = peer.connection.role();
    assert_eq!(peer.connection.poll_timeout(now), Some(due), "{role:?}");
    assert!(!peer.connection.wants_close(), "{role:?}: at once");
    peer.handle_timeout(Instant::from_epoch(due.since_epoch() - Duration::from_nanos(1)));
    assert!(!peer.connection.wants_close(), "{role:?}: too early");
    assert_eq!(peer.connection.poll_timeout(now), Some(due), "{role:?}: moved");
    peer.handle_timeout(due);
    assert!(peer.connection.wants_close(), "{role:?}: not at all");
    assert_eq!(peer.connection.poll_timeout(due), None, "{role:?}: another deadline");
}

#[test]
fn an_answer_to_our_close_frame() {
    for role in ROLES {
        let mut peer = open(role);
        close(&mut peer);
        ends_at(&mut peer, at(10), at(10) + CLOSING);
    }
}

#[test]
fn messages_do_not_put_it_off() {
    for role in ROLES {
        let mut peer = open(role);
        close(&mut peer);
        assert_eq!(peer.connection.poll_timeout(at(10)), Some(at(10) + CLOSING), "{role:?}");
        peer.read(&wire::frame(role, FIN | TEXT, b"wait"));
        ends_at(&mut peer, at(14), at(10) + CLOSING);
    }
}

#[test]
fn a_client_waits_for_the_server_to_end_tcp() {
    let mut client = open(Role::Client);
    receive_close(&mut client);
    ends_at(&mut client, at(10), at(10) + CLOSING);
}

#[test]
fn the_answer_begins_another_wait_of_a_client() {
    let mut client = open(Role::Client);
    close(&mut client);
    assert_eq!(client.connection.poll_timeout(at(10)), Some(at(10) + CLOSING));
    receive_close(&mut client);
    ends_at(&mut client, at(14), at(14) + CLOSING);
}

#[test]
fn an_answer_that_cannot_be_written() {
    for role in ROLES {
        let mut peer = open(role);
        let mut wire = wire::frame(role, CLOSE, b"");
        peer.connection.receive(&mut wire.as_mut_slice()).expect("valid");
        assert!(peer.connection.owes(), "{role:?}");
        assert_eq!(peer.connection.poll_timeout(at(10)), Some(at(10) + CLOSING), "{role:?}");
        let _ = peer.connection.handle_timeout(at(10) + CLOSING);
        assert!(peer.connection.wants_close(), "{role:?}");
    }
}

#[test]
fn a_server_drains_for_a_shorter_time() {
    let mut server = open(Role::Server);
    server.read(&[0xFF]);
    ends_at(&mut server, at(10), at(10) + DRAIN);
}

#[test]
fn bytes_do_not_put_off_the_end_of_draining() {
    let mut server = open(Role::Server);
    server.read(&[0xFF]);
    assert_eq!(server.connection.poll_timeout(at(10)), Some(at(10) + DRAIN));
    server.read(&[0; 1000]);
    ends_at(&mut server, at(11), at(10) + DRAIN);
}

#[test]
fn a_client_that_failed_waits_like_one_that_closed() {
    let mut client = open(Role::Client);
    client.read(&[0xFF]);
    ends_at(&mut client, at(10), at(10) + CLOSING);
}

#[test]
fn a_violation_instead_of_an_answer_begins_another_wait() {
    for (role, patience) in [(Role::Server, DRAIN), (Role::Client, CLOSING)] {
        let mut peer = open(role);
        close(&mut peer);
        assert_eq!(peer.connection.poll_timeout(at(10)), Some(at(10) + CLOSING), "{role:?}");
        peer.read(&[0xFF]);
        ends_at(&mut peer, at(13), at(13) + patience);
    }
}

#[test]
fn a_peer_that_shows_no_life_is_told_and_not_waited_for() {
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
