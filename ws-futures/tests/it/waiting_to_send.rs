//! A call that waits for room in the output does not wait for ever.

use std::io;
use std::task::Poll;
use std::time::Duration;

use futures_util::SinkExt;
use ws_futures::proto::{ErrorKind, SendError};
use ws_futures::{CloseCode, Error, Message};

use crate::support::clock::Clock;
use crate::support::stream::Remote;
use crate::support::task::{Task, run};
use crate::support::{ROLES, Socket, open_plainly, wire};

/// The defaults of the configuration.
const INTERVAL: Duration = Duration::from_secs(30);
const TIMEOUT: Duration = Duration::from_secs(20);
const MOMENT: Duration = Duration::from_millis(1);

type Wait = for<'s> fn(&'s mut Socket) -> Task<'s, Result<(), Error>>;

/// The calls that wait for room.
const FOR_ROOM: [(&str, Wait); 4] = [
    ("send", |socket| Task::new(socket.send("more"))),
    ("feed", |socket| Task::new(socket.feed("more"))),
    ("ready", |socket| Task::new(socket.ready())),
    ("Sink::feed", |socket| Task::new(SinkExt::feed(socket, Message::text("more")))),
];

/// The calls that wait until all output is written.
const FOR_ALL: [(&str, Wait); 2] = [
    ("flush", |socket| Task::new(socket.flush())),
    ("Sink::flush", |socket| Task::new(SinkExt::flush(socket))),
];

/// A connection whose output is full.
fn full(role: ws_futures::proto::Role) -> (Socket, Remote, Clock) {
    let (mut socket, remote, clock) = open_plainly(role);
    remote.set_capacity(0);
    while socket.try_send(vec![0xA5; 1000]).is_ok() {}
    (socket, remote, clock)
}

#[test]
fn a_peer_that_never_reads_is_given_up() {
    for role in ROLES {
        for (name, wait) in FOR_ROOM.into_iter().chain(FOR_ALL) {
            let (mut socket, _remote, clock) = full(role);
            let mut waiting = wait(&mut socket);
            waiting.wait();
            clock.advance(INTERVAL);
            waiting.wait();
            clock.advance(TIMEOUT - MOMENT);
            waiting.wait();
            clock.advance(MOMENT);
            // The remaining output gets its last chance.
            if FOR_ALL.iter().any(|(for_all, _)| *for_all == name) {
                waiting.wait();
                clock.advance(clock.next().expect("a deadline"));
            }
            let result = waiting.finish();
            assert!(
                result.as_ref().is_err_and(Error::is_timeout),
                "{name} as {role:?}: {result:?}"
            );
            let Err(Error::Io(error)) = result else { panic!("{name} as {role:?}: {result:?}") };
            assert_eq!(error.kind(), io::ErrorKind::TimedOut, "{name} as {role:?}");
            drop(waiting);
            let mut recv = Task::new(socket.recv());
            let end = match recv.run() {
                Poll::Ready(end) => end,
                Poll::Pending => {
                    clock.advance(clock.next().expect("a deadline"));
                    recv.finish()
                }
            };
            let Err(Error::Protocol(error)) = end else { panic!("{name} as {role:?}: {end:?}") };
            assert_eq!(error.kind(), ErrorKind::PingTimeout, "{name} as {role:?}");
        }
    }
}

#[test]
fn a_peer_that_reads_slowly_is_waited_for() {
    for role in ROLES {
        let (mut socket, remote, clock) = full(role);
        remote.set_capacity(1000);
        let mut flush = Task::new(socket.flush());
        flush.wait();
        for _ in 0..60 {
            clock.advance(TIMEOUT - MOMENT);
            flush.wait();
            assert_eq!(remote.take_some(1000).len(), 1000);
            flush.wait();
        }
        remote.set_capacity(usize::MAX);
        flush.finish().expect("open");
    }
}

/// The close timeout of a peer runs while its Close frame cannot be written.
#[test]
fn a_close_frame_that_cannot_be_written_is_given_up() {
    for role in ROLES {
        let (mut socket, _remote, clock) = full(role);
        assert!(socket.try_send("no room").is_err(), "full");
        Task::new(socket.close_and_discard(CloseCode::NORMAL)).wait();
        for (name, wait) in FOR_ALL {
            let mut waiting = wait(&mut socket);
            waiting.wait();
            assert!(clock.next().is_some(), "{name} as {role:?}");
        }
        {
            let mut flush = Task::new(socket.flush());
            flush.wait();
            clock.advance(clock.next().expect("a deadline"));
            assert!(flush.finish().expect_err("not written").is_timeout(), "{role:?}");
        }
        assert!(matches!(run(socket.recv()), Ok(None)), "{role:?}");
    }
}

/// Nothing can be sent any more, so no call waits.
#[test]
fn once_closing_has_begun_sending_fails_at_once() {
    for role in ROLES {
        for closes in ["the peer", "we"] {
            for (name, wait) in FOR_ROOM {
                let (mut socket, remote, _clock) = full(role);
                match closes {
                    "we" => Task::new(socket.close_and_discard(CloseCode::NORMAL)).wait(),
                    _ => {
                        remote.send(&wire::close(role, 1000, ""));
                        run(socket.recv()).expect("no error");
                    }
                }
                let result = wait(&mut socket).finish();
                let at = format!("{name} as {role:?}, {closes} closed");
                match name {
                    "ready" => assert!(result.is_ok(), "{at}"),
                    _ => assert!(matches!(result, Err(Error::Send(SendError::Closed))), "{at}"),
                }
            }
        }
    }
}
