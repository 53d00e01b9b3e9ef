//! A server that failed a connection continues to read for a while, so that its Close frame is not
//! lost to a reset.

use std::time::Duration;

use ws_futures::proto::Role;
use ws_futures::{Config, Error};

use crate::support::script::{Script, Turns};
use crate::support::stream::Remote;
use crate::support::task::Task;
use crate::support::{Socket, clock::Clock, open, wire};

fn config() -> Config {
    Config { max_drain_size: 100_000, drain_timeout: Duration::from_secs(2), ..Config::default() }
}

/// A server that has just received a protocol violation.
fn failed() -> (Socket, Remote, Clock) {
    let (socket, remote, clock) = open(Role::Server, &config(), Script::default());
    remote.send(&[0xFF]);
    (socket, remote, clock)
}

#[test]
fn until_the_peer_ends_the_stream() {
    let (mut socket, remote, _clock) = failed();
    let mut recv = Task::new(socket.recv());
    recv.wait();
    assert_eq!(wire::contents(&remote.take()).len(), 1);
    assert!(remote.is_ended(), "our direction is ended");
    for _ in 0..10 {
        remote.send(&[0; 1000]);
        recv.wait();
        assert_eq!(remote.unread(), 0, "it continues to read");
    }
    assert_eq!(remote.ends(), 1, "once is enough");
    remote.end();
    assert!(matches!(recv.finish(), Err(Error::Protocol(_))));
}

#[test]
fn until_so_many_bytes_were_read() {
    let (mut socket, remote, _clock) = failed();
    let mut recv = Task::new(socket.recv());
    recv.wait();
    let mut sent = 0;
    while recv.run().is_pending() {
        remote.send(&[0; 1000]);
        sent += 1000;
        assert!(sent <= 102_000, "it never stops");
    }
    assert!(sent > 100_000, "it stopped after {sent} bytes");
}

#[test]
fn until_the_time_is_over() {
    let (mut socket, remote, clock) = failed();
    let mut recv = Task::new(socket.recv());
    recv.wait();
    assert_eq!(clock.next(), Some(Duration::from_secs(2)));
    clock.advance(Duration::from_millis(1999));
    remote.send(b"still here");
    recv.wait();
    clock.advance(Duration::from_millis(1));
    assert!(matches!(recv.finish(), Err(Error::Protocol(_))));
}

/// Each time the stream is read, more bytes are available.
#[test]
fn a_flood_does_not_outlive_the_deadline() {
    let (mut socket, remote, clock) = failed();
    let mut recv = Task::new(socket.recv());
    recv.wait();
    for _ in 0..20 {
        clock.advance(Duration::from_millis(100));
        remote.send(&[0; 10]);
        if recv.run().is_ready() {
            return;
        }
    }
    panic!("it never stops");
}

/// Closing our direction may have to wait for the peer, which may be waiting for us to read.
#[test]
fn while_our_direction_cannot_be_ended() {
    let script = Script { closes: Turns::of(&[]), ..Script::default() };
    let (mut socket, remote, _clock) = open(Role::Server, &config(), script);
    remote.send(&[0xFF]);
    let mut recv = Task::new(socket.recv());
    recv.wait();
    for _ in 0..10 {
        remote.send(&[0; 1000]);
        recv.wait();
        assert_eq!(remote.unread(), 0, "it does not continue to read");
    }
}
