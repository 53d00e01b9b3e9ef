//! The time limits for a peer that does not finish closing.

use std::time::Duration;

use ws_futures::proto::{ErrorKind, Role};
use ws_futures::{CloseCode, Config, Error, Message, WebSocket};

use crate::support::clock::Clock;
use crate::support::script::{Script, Turns};
use crate::support::task::{Task, run};
use crate::support::{ROLES, connection, open, open_plainly, stream, wire};

const TIMEOUT: Duration = Duration::from_secs(5);
const MOMENT: Duration = Duration::from_millis(1);

#[test]
fn no_answer_comes() {
    for role in ROLES {
        let (mut socket, remote, clock) = open_plainly(role);
        {
            let mut close = Task::new(socket.close_and_discard(CloseCode::NORMAL));
            close.wait();
            assert_eq!(clock.next(), Some(TIMEOUT), "{role:?}");
            clock.advance(TIMEOUT - MOMENT);
            close.wait();
            assert!(!remote.is_ended(), "{role:?}");
            clock.advance(MOMENT);
            close.finish().expect("no error of the protocol");
        }
        assert!(remote.is_ended(), "{role:?}");
        let closed = socket.closed().expect("facts");
        assert_eq!(closed.code(), CloseCode::ABNORMAL, "{role:?}");
        crate::closing::assert_ended(&mut socket);
    }
}

/// RFC 6455 §7.1.1: a client waits for the server to end the stream.
#[test]
fn the_server_does_not_end_the_stream() {
    let (mut socket, remote, clock) = open_plainly(Role::Client);
    remote.send(&wire::close(Role::Client, 1000, ""));
    assert!(matches!(run(socket.recv()), Ok(Some(Message::Close(_)))));
    let mut recv = Task::new(socket.recv());
    recv.wait();
    clock.advance(TIMEOUT - MOMENT);
    recv.wait();
    clock.advance(MOMENT);
    assert!(matches!(recv.finish(), Ok(None)));
    assert!(remote.is_ended());
}

/// Every future is dropped after one poll.
#[test]
fn dropped_futures_do_not_begin_the_wait_again() {
    for role in ROLES {
        let (mut socket, remote, clock) = open_plainly(role);
        for i in 1.. {
            if Task::new(socket.close_and_discard(CloseCode::NORMAL)).poll().is_ready() {
                assert_eq!(i, 11, "{role:?}");
                break;
            }
            clock.advance(TIMEOUT / 10);
        }
        assert!(remote.is_ended(), "{role:?}");
    }
}

/// A timer with coarse ticks may fire slightly early.
#[test]
fn a_timer_that_rings_early_ends_the_wait() {
    for role in ROLES {
        let clock = Clock::default();
        let (stream, remote) = stream::with_remote(Script::default());
        let connection = connection(role, &Config::default());
        let mut socket = WebSocket::new(stream, clock.alarm_early_by(MOMENT), connection, &[]);
        let mut close = Task::new(socket.close_and_discard(CloseCode::NORMAL));
        close.wait();
        clock.advance(TIMEOUT - MOMENT);
        close.finish().expect("no error of the protocol");
        assert!(remote.is_ended(), "{role:?}");
    }
}

/// A stream whose own closing waits for the peer, as with TLS.
#[test]
fn the_stream_cannot_be_ended() {
    let script = || Script { closes: Turns::of(&[]), ..Script::default() };
    for role in ROLES {
        // The closing handshake is complete, and only the stream has to be closed.
        let (mut socket, remote, clock) = open(role, &Config::default(), script());
        remote.send(&wire::close(role, 1000, ""));
        remote.end();
        run(socket.recv()).expect("no error");
        {
            let mut recv = Task::new(socket.recv());
            recv.wait();
            clock.advance(TIMEOUT);
            assert!(matches!(recv.finish(), Ok(None)), "{role:?}");
        }
        crate::closing::assert_ended(&mut socket);

        // No answer has arrived before, and the stream is closed because of the deadline.
        let (mut socket, _remote, clock) = open(role, &Config::default(), script());
        {
            let mut close = Task::new(socket.close_and_discard(CloseCode::NORMAL));
            close.wait();
            clock.advance(TIMEOUT);
            close.finish().expect("no error of the protocol");
        }
        crate::closing::assert_ended(&mut socket);
    }
}

/// The same when only one direction had to be closed.
#[test]
fn the_stream_cannot_be_half_closed() {
    let script = Script { closes: Turns::of(&[]), ..Script::default() };
    let (mut socket, remote, clock) = open(Role::Server, &Config::default(), script);
    remote.send(&[0xFF]);
    {
        let mut recv = Task::new(socket.recv());
        recv.wait();
        clock.advance(Config::default().drain_timeout);
        let Err(Error::Protocol(error)) = recv.finish() else { panic!("no error") };
        assert_eq!(error.kind(), ErrorKind::ReservedBit);
    }
    crate::closing::assert_ended(&mut socket);
}

/// A task that was not polled for a long time finds the answer and the expired deadline at once.
#[test]
fn an_answer_that_has_come_counts_though_it_is_looked_at_late() {
    for role in ROLES {
        let (mut socket, remote, clock) = open_plainly(role);
        {
            let mut close = Task::new(socket.close_and_discard(CloseCode::NORMAL));
            close.wait();
            remote.send(&[wire::text(role, "late"), wire::close(role, 1001, "bye")].concat());
            remote.end();
            clock.advance(100 * TIMEOUT);
            close.finish().expect("no error");
        }
        let closed = socket.closed().expect("facts");
        assert_eq!(closed.code(), CloseCode::GOING_AWAY, "{role:?}");
    }
}
