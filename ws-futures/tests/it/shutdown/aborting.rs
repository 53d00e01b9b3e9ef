//! Connections that are cut.

use std::io::ErrorKind;
use std::task::Poll;

use ws_futures::{Config, Error, Shutdown};

use crate::support::script::{Script, Turns};
use crate::support::task::{Task, run};
use crate::support::{ROLES, open, open_plainly, wire};

#[track_caller]
fn assert_aborted<T: std::fmt::Debug>(result: Result<T, Error>) {
    match result {
        Err(Error::Io(error)) if error.kind() == ErrorKind::ConnectionAborted => {}
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_connection_that_waits() {
    for role in ROLES {
        let (mut socket, remote, _clock) = open_plainly(role);
        let shutdown = Shutdown::new();
        socket.close_on(&shutdown);
        {
            let mut recv = Task::new(socket.recv());
            recv.wait();
            shutdown.abort();
            assert!(recv.is_woken(), "{role:?}");
            assert_aborted(recv.finish());
        }
        assert!(remote.is_ended(), "{role:?}");
        assert!(matches!(run(socket.recv()), Ok(None)), "{role:?}");
        drop(socket);
        let drained = run(shutdown.drained());
        assert_eq!((drained.clean, drained.cut), (0, 1));
    }
}

#[test]
fn a_connection_that_closes() {
    for role in ROLES {
        let (mut socket, _remote, _clock) = open_plainly(role);
        let shutdown = Shutdown::new();
        socket.close_on(&shutdown);
        shutdown.begin();
        let mut recv = Task::new(socket.recv());
        recv.wait();
        shutdown.abort();
        assert_aborted(recv.finish());
    }
}

#[test]
fn a_connection_that_waits_for_room() {
    for role in ROLES {
        let (mut socket, remote, _clock) = open_plainly(role);
        let shutdown = Shutdown::new();
        socket.close_on(&shutdown);
        remote.set_capacity(0);
        while socket.try_send(vec![0xA5; 1000]).is_ok() {}
        let mut send = Task::new(socket.send("waits"));
        send.wait();
        shutdown.abort();
        assert_aborted(send.finish());
    }
}

/// The shutdown does not wait for a stream whose own closing waits for the peer, as with TLS.
#[test]
fn a_stream_that_cannot_be_ended() {
    for role in ROLES {
        let script = Script { closes: Turns::of(&[]), ..Script::default() };
        let (mut socket, remote, _clock) = open(role, &Config::default(), script);
        let shutdown = Shutdown::new();
        socket.close_on(&shutdown);
        remote.send(&wire::close(role, 1000, ""));
        remote.end();
        run(socket.recv()).expect("the Close frame");
        let mut recv = Task::new(socket.recv());
        recv.wait();
        shutdown.abort();
        assert!(matches!(recv.finish(), Ok(None)), "{role:?}: both Close frames were exchanged");
    }
}

#[test]
fn a_task_with_a_guard() {
    let shutdown = Shutdown::new();
    let guard = shutdown.guard();
    let mut begun = Task::new(guard.begun());
    begun.wait();
    let mut aborted = Task::new(guard.aborted());
    aborted.wait();
    shutdown.begin();
    assert_eq!(begun.run(), Poll::Ready(()));
    assert!(!aborted.is_woken());
    shutdown.abort();
    assert_eq!(aborted.run(), Poll::Ready(()));
}
