//! Two tasks, either of which may be the one that is polled.

use std::time::Duration;

use ws_futures::proto::{Role, SendError};
use ws_futures::{Error, Shutdown};

use crate::shutdown::going_away;
use crate::support::clock::Clock;
use crate::support::stream::Remote;
use crate::support::task::Task;
use crate::support::{ROLES, Reader, Writer, open_plainly, wire};

const CLOSE_TIMEOUT: Duration = Duration::from_secs(5);

fn halves(role: Role) -> (Reader, Writer, Shutdown, Remote, Clock) {
    let (mut socket, remote, clock) = open_plainly(role);
    let shutdown = Shutdown::new();
    socket.close_on(&shutdown);
    let (reader, writer) = socket.split();
    (reader, writer, shutdown, remote, clock)
}

fn fill(writer: &mut Writer, remote: &Remote) {
    remote.set_capacity(0);
    while writer.try_send(vec![0xA5; 1000]).is_ok() {}
}

#[test]
fn a_reader_closes_and_its_connection_counts_until_both_are_dropped() {
    for role in ROLES {
        let (mut reader, writer, shutdown, remote, _clock) = halves(role);
        {
            let mut recv = Task::new(reader.recv());
            recv.wait();
            shutdown.begin();
            recv.wait();
            assert_eq!(wire::contents(&remote.take()), [going_away()], "{role:?}");
            remote.send(&wire::close(role, 1001, ""));
            remote.end();
            assert!(matches!(recv.finish(), Ok(None)), "{role:?}");
        }
        let mut drained = Task::new(shutdown.drained());
        drained.wait();
        drop(reader);
        drained.wait();
        assert_eq!(shutdown.connections(), 1);
        drop(writer);
        assert_eq!(drained.finish().clean, 1, "{role:?}");
    }
}

/// The reader closes at once, since it waits for input; that wakes the writer.
#[test]
fn a_reader_that_waits_ends_the_wait_of_the_writer() {
    for role in ROLES {
        for writer_first in [true, false] {
            let (mut reader, mut writer, shutdown, remote, _clock) = halves(role);
            fill(&mut writer, &remote);
            let mut send = Task::new(writer.send("waits"));
            let mut recv = Task::new(reader.recv());
            match writer_first {
                true => {
                    send.wait();
                    recv.wait();
                }
                false => {
                    recv.wait();
                    send.wait();
                    recv.wait();
                }
            }
            shutdown.begin();
            assert!(recv.is_woken(), "{role:?}");
            recv.wait();
            assert!(send.is_woken(), "{role:?}");
            remote.set_capacity(usize::MAX);
            assert!(matches!(send.finish(), Err(Error::Send(SendError::Closed))), "{role:?}");
            recv.wait();
            let last = wire::contents(&remote.take()).pop();
            assert_eq!(last, Some(going_away()), "{role:?}");
        }
    }
}

/// No task receives; the writer waits for room.
#[test]
fn a_writer_alone_closes_in_time() {
    for role in ROLES {
        let (reader, mut writer, shutdown, remote, clock) = halves(role);
        fill(&mut writer, &remote);
        let mut send = Task::new(writer.send("waits"));
        send.wait();
        shutdown.begin();
        assert!(send.is_woken(), "{role:?}");
        send.wait();
        clock.advance(CLOSE_TIMEOUT);
        send.wait();
        remote.set_capacity(usize::MAX);
        assert!(matches!(send.finish(), Err(Error::Send(SendError::Closed))), "{role:?}");
        assert_eq!(wire::contents(&remote.take()).last(), Some(&going_away()), "{role:?}");
        drop(reader);
    }
}

/// The reader waited once, and is not polled any more.
#[test]
fn a_writer_is_woken_though_the_reader_has_waited_last() {
    for role in ROLES {
        let (mut reader, mut writer, shutdown, remote, _clock) = halves(role);
        fill(&mut writer, &remote);
        let mut send = Task::new(writer.send("waits"));
        send.wait();
        Task::new(reader.recv()).wait();
        send.wait();
        shutdown.begin();
        assert!(send.is_woken(), "{role:?}");
    }
}
