//! The actions of one half wake the other half where it waits for them.

use std::io::ErrorKind;
use std::task::Poll;
use std::time::Duration;

use futures_util::SinkExt;
use ws_futures::proto::{Role, SendError};
use ws_futures::{CloseCode, Config, Error, Message};

use crate::support::script::{Script, Turns};
use crate::support::stream::Remote;
use crate::support::task::{Task, run};
use crate::support::wire::{self, PING, PONG};
use crate::support::{ROLES, Reader, Writer, clock::Clock, open, open_plainly};

/// Two halves of a connection whose output is full.
fn full(role: Role) -> (Reader, Writer, Remote, Clock) {
    let (socket, remote, clock) = open_plainly(role);
    let (reader, mut writer) = socket.split();
    remote.set_capacity(0);
    while writer.try_send(vec![0xA5; 1000]).is_ok() {}
    (reader, writer, remote, clock)
}

#[test]
fn room_wakes_a_waiting_writer_though_the_reader_waits_too() {
    for role in ROLES {
        let (mut reader, mut writer, remote, _clock) = full(role);
        let mut send = Task::new(writer.send("more"));
        let mut recv = Task::new(reader.recv());
        send.wait();
        // Its waker is the latest that the stream has.
        recv.wait();
        remote.set_capacity(usize::MAX);
        assert!(send.is_woken(), "{role:?}");
        send.finish().expect("open");
        recv.wait();
    }
}

#[test]
fn room_that_the_reader_makes_wakes_a_waiting_writer() {
    for role in ROLES {
        let (mut reader, mut writer, remote, _clock) = full(role);
        let mut send = Task::new(writer.send("more"));
        let mut recv = Task::new(reader.recv());
        send.wait();
        recv.wait();
        send.wait();
        // The reader is polled because of input, and finds the room before the stream wakes the
        // writer.
        remote.be_lazy();
        remote.set_capacity(usize::MAX);
        remote.send(&wire::text(role, "input"));
        assert!(!send.is_woken());
        assert!(matches!(recv.finish(), Ok(Some(_))));
        assert!(send.is_woken(), "{role:?}");
        send.finish().expect("open");
    }
}

/// Room for a message, but not for all pending output.
#[test]
fn some_room_that_the_reader_makes_wakes_a_waiting_writer() {
    for role in ROLES {
        let (mut reader, mut writer, remote, _clock) = full(role);
        let mut feed = Task::new(writer.feed("more"));
        let mut recv = Task::new(reader.recv());
        feed.wait();
        recv.wait();
        feed.wait();
        remote.be_lazy();
        remote.set_capacity(5000);
        remote.send(&wire::text(role, "input"));
        assert!(matches!(recv.finish(), Ok(Some(_))));
        feed.finish().expect("open");
    }
}

#[test]
fn a_peer_that_closes_wakes_a_waiting_writer() {
    for role in ROLES {
        let (mut reader, mut writer, remote, _clock) = full(role);
        let mut send = Task::new(writer.send("more"));
        let mut recv = Task::new(reader.recv());
        send.wait();
        recv.wait();
        remote.send(&wire::close(role, 1000, ""));
        assert!(matches!(recv.finish(), Ok(Some(Message::Close(_)))));
        assert!(matches!(send.finish(), Err(Error::Send(SendError::Closed))), "{role:?}");
    }
}

#[test]
fn a_read_error_wakes_a_waiting_writer() {
    for role in ROLES {
        let (mut reader, mut writer, remote, _clock) = full(role);
        let mut send = Task::new(writer.send("more"));
        let mut recv = Task::new(reader.recv());
        send.wait();
        recv.wait();
        remote.break_reading(ErrorKind::ConnectionReset);
        assert!(matches!(recv.finish(), Err(Error::Io(_))));
        assert!(matches!(send.finish(), Err(Error::Send(SendError::Closed))), "{role:?}");
    }
}

/// The peer reads nothing any more; the reader ends the connection at the deadline.
#[test]
fn a_deadline_that_drops_the_output_wakes_a_waiting_writer() {
    for role in ROLES {
        let (mut reader, mut writer, remote, clock) = full(role);
        let mut close = Task::new(writer.close(CloseCode::NORMAL));
        let mut recv = Task::new(reader.recv());
        // The task that waited last is woken when the time has passed.
        match role {
            Role::Server => {
                close.wait();
                recv.wait();
                clock.advance(Duration::from_secs(5));
                assert!(matches!(recv.finish(), Ok(None)));
                assert!(matches!(close.finish(), Err(Error::Io(_))));
            }
            Role::Client => {
                recv.wait();
                close.wait();
                clock.advance(Duration::from_secs(5));
                assert!(matches!(close.finish(), Err(Error::Io(_))));
                assert!(matches!(recv.finish(), Ok(None)));
            }
        }
        assert!(remote.is_ended());
    }
}

#[test]
fn a_deadline_that_the_writer_meets_wakes_the_reader() {
    for role in ROLES {
        let (mut reader, mut writer, _remote, clock) = full(role);
        let mut send = Task::new(writer.send("more"));
        let mut recv = Task::new(reader.recv());
        recv.wait();
        send.wait();
        recv.wait();
        for _ in 0..10 {
            let Some(next) = clock.next() else { break };
            clock.advance(next);
            if send.run().is_ready() {
                break;
            }
        }
        // The connection has failed. The reader finishes it, and needs the deadline for that.
        let mut result = recv.run();
        if result.is_pending() {
            clock.advance(clock.next().expect("a deadline"));
            result = recv.run();
        }
        assert!(matches!(result, Poll::Ready(Err(Error::Protocol(_)))), "{role:?}");
    }
}

/// A writer that has its room does not wait for the rest to be written; the reader does.
#[test]
fn what_a_writer_leaves_is_written_by_the_reader() {
    for role in ROLES {
        let (mut reader, mut writer, remote, _clock) = full(role);
        let mut feed = Task::new(writer.feed("more"));
        let mut recv = Task::new(reader.recv());
        recv.wait();
        feed.wait();
        remote.set_capacity(5000);
        // Only the writer is polled, which needs only part of the room.
        feed.finish().expect("open");
        drop(feed);
        let mut written = Vec::new();
        loop {
            let piece = remote.take();
            if piece.is_empty() {
                break;
            }
            written.extend(piece);
            recv.wait();
        }
        let frames = wire::contents(&written);
        assert_eq!(frames.last(), Some(&(wire::FIN | wire::TEXT, b"more".to_vec())), "{role:?}");
    }
}

type Act = fn(&mut Writer);

/// The ways in which a writer starts to close.
const CLOSES: [(&str, Act); 5] = [
    ("close", |writer| run(writer.close(CloseCode::NORMAL)).expect("open")),
    ("send", |writer| run(writer.send(close())).expect("open")),
    ("feed", |writer| run(writer.feed(close())).expect("open")),
    ("try_send", |writer| writer.try_send(close()).expect("room")),
    ("Sink::close", |writer| run(SinkExt::close(writer)).expect("open")),
];

fn close() -> Message {
    Message::Close(CloseCode::NORMAL.into())
}

#[test]
fn a_writer_that_closes_makes_the_reader_keep_the_deadline() {
    for role in ROLES {
        // No keep-alive, so that there is no other deadline.
        let config = Config { ping_interval: None, ..Config::default() };
        for (name, close) in CLOSES {
            let (socket, remote, clock) = open(role, &config, Script::default());
            let (mut reader, mut writer) = socket.split();
            let mut recv = Task::new(reader.recv());
            recv.wait();
            assert_eq!(clock.next(), None);
            close(&mut writer);
            assert!(recv.is_woken(), "{name} as {role:?}");
            recv.wait();
            assert_eq!(clock.next(), Some(config.close_timeout), "{name} as {role:?}");
            clock.advance(config.close_timeout);
            assert!(matches!(recv.finish(), Ok(None)), "{name} as {role:?}");
            assert!(remote.is_ended(), "{name} as {role:?}");
        }
    }
}

/// A server ends the stream when both Close frames were exchanged and all output was written, by
/// either half.
#[test]
fn a_writer_that_has_written_all_lets_the_reader_end() {
    let (mut reader, mut writer, remote, _clock) = full(Role::Server);
    let mut recv = Task::new(async { while reader.recv().await.expect("no error").is_some() {} });
    let mut flush = Task::new(writer.flush());
    remote.send(&wire::close(Role::Server, 1000, ""));
    recv.wait();
    flush.wait();
    recv.wait();
    // The writer finds the room before the stream wakes the reader.
    remote.be_lazy();
    remote.set_capacity(usize::MAX);
    assert!(!recv.is_woken());
    assert!(flush.poll().is_ready());
    recv.finish();
    assert!(remote.is_ended());
}

/// A stream that two tasks poll keeps only the waker of the latest.
#[test]
fn a_stream_that_hesitates_wakes_whom_it_concerns() {
    for role in ROLES {
        let script = Script { writes: Turns::of(&[0, 0, 100]), ..Script::default() };
        let (socket, remote, _clock) = open(role, &Config::default(), script);
        let (mut reader, mut writer) = socket.split();
        let mut recv =
            Task::new(async { while reader.recv().await.expect("no error").is_some() {} });
        remote.send(&wire::frame(role, PING, b"there?"));
        let mut send = Task::new(writer.send("x".repeat(1000)));
        let done = (0..1000).any(|_| {
            // Each task once, though both are woken.
            let sent = send.is_woken() && send.poll().is_ready();
            if recv.is_woken() {
                assert!(recv.poll().is_pending());
            }
            assert!(sent || send.is_woken() || recv.is_woken(), "{role:?}: no task is woken");
            sent
        });
        assert!(done, "{role:?}");
        let frames = wire::contents(&remote.take());
        assert_eq!(frames.len(), 2, "{role:?}");
        assert!(frames.contains(&(PONG, b"there?".to_vec())), "{role:?}");
    }
}
