//! Connections that wait for input.

use std::time::Duration;

use ws_futures::proto::{ErrorKind, Initiator, SendError};
use ws_futures::{Close, CloseCode, Config, Drained, Error, Message, Shutdown};

use crate::shutdown::going_away;
use crate::support::script::{Script, Turns};
use crate::support::task::{Task, run};
use crate::support::{ROLES, open, open_plainly, wire};

const CLOSE_TIMEOUT: Duration = Duration::from_secs(5);

/// The [`Drained`] with these numbers.
fn drained(clean: usize, cut: usize) -> Drained {
    let mut drained = Drained::default();
    (drained.clean, drained.cut) = (clean, cut);
    drained
}

#[test]
fn a_connection_that_waits_is_woken_and_closes() {
    for role in ROLES {
        let (mut socket, remote, _clock) = open_plainly(role);
        let shutdown = Shutdown::new();
        socket.close_on(&shutdown);
        {
            let mut recv = Task::new(socket.recv());
            recv.wait();
            assert_eq!(remote.take(), b"");
            shutdown.begin();
            assert!(recv.is_woken(), "{role:?}");
            recv.wait();
            assert_eq!(wire::contents(&remote.take()), [going_away()], "{role:?}");
            remote.send(&wire::close(role, 1001, ""));
            remote.end();
            assert!(matches!(recv.finish(), Ok(None)), "{role:?}");
        }
        let closed = socket.closed().expect("facts");
        assert!(closed.is_clean(), "{role:?}");
        assert_eq!(closed.initiator, Initiator::Local);
        assert!(remote.is_ended(), "{role:?}");
        assert_eq!(shutdown.connections(), 1);
        drop(socket);
        assert_eq!(shutdown.connections(), 0);
        assert_eq!(run(shutdown.drained()), drained(1, 0), "{role:?}");
    }
}

#[test]
fn a_peer_that_does_not_answer_has_the_close_timeout() {
    for role in ROLES {
        let (mut socket, remote, clock) = open_plainly(role);
        let shutdown = Shutdown::new();
        socket.close_on(&shutdown);
        {
            let mut recv = Task::new(socket.recv());
            recv.wait();
            shutdown.begin();
            recv.wait();
            assert_eq!(clock.next(), Some(CLOSE_TIMEOUT), "{role:?}");
            clock.advance(CLOSE_TIMEOUT - Duration::from_millis(1));
            recv.wait();
            clock.advance(Duration::from_millis(1));
            assert!(matches!(recv.finish(), Ok(None)), "{role:?}");
        }
        assert!(remote.is_ended());
        drop(socket);
        assert_eq!(run(shutdown.drained()), drained(0, 1), "{role:?}");
    }
}

/// The stream takes part of the Close frame now and the rest later.
#[test]
fn the_close_frame_is_written_at_any_pace() {
    for role in ROLES {
        let script = Script { writes: Turns::of(&[0, 1]), ..Script::default() };
        let (mut socket, remote, _clock) = open(role, &Config::default(), script);
        let shutdown = Shutdown::new();
        socket.close_on(&shutdown);
        let mut recv = Task::new(socket.recv());
        recv.wait();
        shutdown.begin();
        recv.wait();
        assert_eq!(wire::contents(&remote.take()), [going_away()], "{role:?}");
    }
}

/// In lent batches as well.
#[test]
fn a_batch_loop_ends_too() {
    for role in ROLES {
        let (mut socket, remote, _clock) = open_plainly(role);
        let shutdown = Shutdown::new();
        socket.close_on(&shutdown);
        let mut read = Task::new(async { Ok::<_, Error>(socket.read().await?.is_none()) });
        read.wait();
        shutdown.begin();
        read.wait();
        assert_eq!(wire::contents(&remote.take()), [going_away()], "{role:?}");
        remote.send(&wire::close(role, 1001, ""));
        remote.end();
        assert!(read.finish().expect("no error"), "{role:?}");
    }
}

#[test]
fn what_has_arrived_is_delivered_and_answered_before() {
    for role in ROLES {
        // One message in each read.
        let message = |text: &str| wire::text(role, text);
        let script = Script { reads: Turns::of(&[message("one").len()]), ..Script::default() };
        let (mut socket, remote, _clock) = open(role, &Config::default(), script);
        let shutdown = Shutdown::new();
        socket.close_on(&shutdown);
        remote.send(&[message("one"), message("two"), message("tre")].concat());
        shutdown.begin();
        let mut echo = Task::new(async {
            let mut echoed = 0;
            while let Some(message) = socket.recv().await? {
                socket.feed(message).await?;
                echoed += 1;
            }
            Ok::<_, Error>(echoed)
        });
        echo.wait();
        let text = |text: &str| (wire::FIN | wire::TEXT, text.as_bytes().to_vec());
        let written = wire::contents(&remote.take());
        assert_eq!(written, [text("one"), text("two"), text("tre"), going_away()], "{role:?}");
        // What arrives later cannot be answered.
        remote.send(&[message("for"), wire::close(role, 1001, "")].concat());
        remote.end();
        assert_eq!(echo.finish().expect("no error"), 3, "{role:?}");
    }
}

/// A violation is reported though messages are not.
#[test]
fn a_violation_after_the_close_frame_is_an_error() {
    for role in ROLES {
        let (mut socket, remote, _clock) = open_plainly(role);
        let shutdown = Shutdown::new();
        socket.close_on(&shutdown);
        shutdown.begin();
        let mut recv = Task::new(socket.recv());
        recv.wait();
        remote.send(&[0xFF; 8]);
        remote.end();
        let Err(Error::Protocol(error)) = recv.finish() else { panic!("no error") };
        assert_eq!(error.kind(), ErrorKind::ReservedBit, "{role:?}");
    }
}

#[test]
fn a_shutdown_that_has_begun_closes_those_that_come_later() {
    for role in ROLES {
        let (mut socket, remote, _clock) = open_plainly(role);
        let shutdown = Shutdown::new();
        shutdown.begin();
        socket.close_on(&shutdown);
        Task::new(socket.recv()).wait();
        assert_eq!(wire::contents(&remote.take()), [going_away()], "{role:?}");
    }
}

#[test]
fn the_first_of_several_decides() {
    for role in ROLES {
        let (mut socket, remote, _clock) = open_plainly(role);
        let shutdown = Shutdown::new();
        socket.close_on(&shutdown);
        assert!(!shutdown.has_begun());
        let close = Close::new(CloseCode::SERVICE_RESTART, "back soon");
        shutdown.begin_with(close).expect("it can be sent");
        shutdown.begin();
        assert!(shutdown.has_begun());
        let mut recv = Task::new(socket.recv());
        recv.wait();
        shutdown.begin();
        recv.wait();
        let frames = wire::contents(&remote.take());
        assert_eq!(frames, [wire::close_content(1012, "back soon")], "{role:?}");
    }
}

#[test]
fn a_close_frame_that_cannot_be_sent_begins_nothing() {
    let shutdown = Shutdown::new();
    let code = shutdown.begin_with(CloseCode::ABNORMAL);
    assert_eq!(code, Err(SendError::InvalidCloseCode));
    let reason = shutdown.begin_with(Close::new(CloseCode::GOING_AWAY, "x".repeat(124)));
    assert_eq!(reason, Err(SendError::ReasonTooLong));
    assert!(!shutdown.has_begun());
    shutdown.begin_with(Close::new(CloseCode::GOING_AWAY, "x".repeat(123))).expect("at the limit");
}

/// An application that is closing already still receives messages.
#[test]
fn an_application_that_closes_by_itself_is_left_alone() {
    for role in ROLES {
        let (mut socket, remote, _clock) = open_plainly(role);
        let shutdown = Shutdown::new();
        socket.close_on(&shutdown);
        run(socket.send(Message::Close(CloseCode::NORMAL.into()))).expect("open");
        shutdown.begin();
        let mut recv = Task::new(socket.recv());
        recv.wait();
        assert_eq!(wire::contents(&remote.take()), [wire::close_content(1000, "")], "{role:?}");
        remote.send(&wire::text(role, "late"));
        assert!(matches!(recv.finish(), Ok(Some(Message::Text(_)))), "{role:?}");
    }
}

/// A connection that takes no part is not affected.
#[test]
fn others_are_left_alone() {
    for role in ROLES {
        let (mut socket, remote, _clock) = open_plainly(role);
        let mut recv = Task::new(socket.recv());
        recv.wait();
        Shutdown::new().begin();
        assert!(!recv.is_woken());
        assert_eq!(remote.take(), b"");
    }
}
