//! Busy connections have until the close timeout before they close.

use std::io::ErrorKind;
use std::time::Duration;

use ws_futures::proto::{Closed, SendError};
use ws_futures::{Config, Error, Shutdown, WebSocket};

use crate::shutdown::going_away;
use crate::support::clock::Clock;
use crate::support::script::Script;
use crate::support::task::{Task, run};
use crate::support::{ROLES, connection, open_plainly, stream, wire};

const CLOSE_TIMEOUT: Duration = Duration::from_secs(5);
const MOMENT: Duration = Duration::from_millis(1);

/// A peer that never stops sending keeps no connection open.
#[test]
fn a_peer_that_does_not_stop_sending() {
    for role in ROLES {
        let (mut socket, remote, clock) = open_plainly(role);
        let shutdown = Shutdown::new();
        socket.close_on(&shutdown);
        shutdown.begin();
        let mut echoed = 0;
        let mut echo = Task::new(async {
            while let Some(message) = socket.recv().await? {
                socket.feed(message).await?;
                echoed += 1;
                // There is always more input.
                remote.send(&wire::text(role, "more"));
                if echoed % 10 == 0 {
                    clock.advance(CLOSE_TIMEOUT / 5);
                }
            }
            Ok::<_, Error>(())
        });
        remote.send(&wire::text(role, "more"));
        echo.wait();
        drop(echo);
        assert_eq!(echoed, 50, "{role:?}");
        assert_eq!(wire::contents(&remote.take()).last(), Some(&going_away()), "{role:?}");
    }
}

/// It sends whether the peer reads or not, and does not receive.
#[test]
fn an_application_that_only_sends() {
    for role in ROLES {
        let (mut socket, remote, clock) = open_plainly(role);
        let shutdown = Shutdown::new();
        socket.close_on(&shutdown);
        shutdown.begin();
        run(socket.send("within the time")).expect("open");
        clock.advance(CLOSE_TIMEOUT - MOMENT);
        run(socket.send("within the time")).expect("open");
        clock.advance(MOMENT);
        remote.take();
        let late = run(socket.send("late"));
        assert!(matches!(late, Err(Error::Send(SendError::Closed))), "{role:?}: {late:?}");
        assert_eq!(wire::contents(&remote.take()), [going_away()], "{role:?}");
    }
}

/// The application could not reply to them.
#[test]
fn no_message_is_delivered_behind_the_close_frame() {
    for role in ROLES {
        let (mut socket, remote, clock) = open_plainly(role);
        let shutdown = Shutdown::new();
        socket.close_on(&shutdown);
        shutdown.begin();
        run(socket.send("within the time")).expect("open");
        clock.advance(CLOSE_TIMEOUT);
        assert!(run(socket.send("late")).is_err(), "{role:?}");
        let messages = wire::text(role, "one of several in a read").repeat(3);
        remote.send(&[messages, wire::close(role, 1001, "")].concat());
        remote.end();
        assert_eq!(run(socket.recv()).expect("no error"), None, "{role:?}");
        assert!(socket.closed().is_some_and(Closed::is_clean), "{role:?}");
    }
}

/// The Close frame is written before a call that sends fails, however long that takes.
#[test]
fn an_application_that_only_sends_over_a_slow_stream() {
    for role in ROLES {
        let clock = Clock::default();
        let (stream, remote) = stream::with_remote(Script::hesitant());
        let connection = connection(role, &Config::default());
        let mut socket = WebSocket::new(stream, clock.alarm(), connection, &[]);
        let shutdown = Shutdown::new();
        socket.close_on(&shutdown);
        shutdown.begin();
        run(socket.send("within the time")).expect("open");
        clock.advance(CLOSE_TIMEOUT);
        remote.take();
        assert!(matches!(run(socket.feed("late")), Err(Error::Send(SendError::Closed))));
        assert_eq!(wire::contents(&remote.take()), [going_away()], "{role:?}");
    }
}

#[test]
fn a_message_that_waits_for_room_is_sent_if_there_is_some_in_time() {
    for role in ROLES {
        let (mut socket, remote, clock) = open_plainly(role);
        let shutdown = Shutdown::new();
        socket.close_on(&shutdown);
        remote.set_capacity(0);
        while socket.try_send(vec![0xA5; 1000]).is_ok() {}
        let mut talk = Task::new(async {
            socket.send("waits").await?;
            while socket.recv().await?.is_some() {}
            Ok::<_, Error>(())
        });
        talk.wait();
        shutdown.begin();
        assert!(talk.is_woken(), "{role:?}");
        talk.wait();
        clock.advance(CLOSE_TIMEOUT - MOMENT);
        remote.set_capacity(usize::MAX);
        talk.wait();
        let written = wire::contents(&remote.take());
        let [.., waited, close] = &written[..] else { panic!("{written:?}") };
        assert_eq!(waited.1, b"waits", "{role:?}");
        assert_eq!(*close, going_away(), "{role:?}");
        remote.send(&wire::close(role, 1001, ""));
        remote.end();
        talk.finish().expect("a clean end");
    }
}

/// A peer that never reads: first the timeout of a busy connection, then that of the Close frame.
#[test]
fn a_message_that_waits_for_room_fails_if_there_is_none_in_time() {
    for role in ROLES {
        let (mut socket, remote, clock) = open_plainly(role);
        let shutdown = Shutdown::new();
        socket.close_on(&shutdown);
        remote.set_capacity(0);
        while socket.try_send(vec![0xA5; 1000]).is_ok() {}
        let mut send = Task::new(socket.send("waits"));
        send.wait();
        shutdown.begin();
        send.wait();
        assert_eq!(clock.next(), Some(CLOSE_TIMEOUT), "{role:?}");
        clock.advance(CLOSE_TIMEOUT);
        send.wait();
        assert_eq!(clock.next(), Some(CLOSE_TIMEOUT), "{role:?}");
        clock.advance(CLOSE_TIMEOUT);
        let Err(Error::Io(error)) = send.finish() else { panic!("no error") };
        assert_eq!(error.kind(), ErrorKind::TimedOut, "{role:?}");
        drop(send);
        run(socket.recv()).expect("nothing is pending");
        assert!(remote.is_ended(), "{role:?}");
    }
}

/// A timer with coarse ticks may fire slightly early.
#[test]
fn a_timer_that_rings_early() {
    for role in ROLES {
        let clock = Clock::default();
        let (stream, remote) = stream::with_remote(Script::default());
        let connection = connection(role, &Config::default());
        let mut socket = WebSocket::new(stream, clock.alarm_early_by(MOMENT), connection, &[]);
        let shutdown = Shutdown::new();
        socket.close_on(&shutdown);
        remote.set_capacity(0);
        while socket.try_send(vec![0xA5; 1000]).is_ok() {}
        let mut send = Task::new(socket.send("waits"));
        shutdown.begin();
        send.wait();
        clock.advance(CLOSE_TIMEOUT - MOMENT);
        send.wait();
        remote.set_capacity(usize::MAX);
        assert!(matches!(send.finish(), Err(Error::Send(SendError::Closed))), "{role:?}");
    }
}
