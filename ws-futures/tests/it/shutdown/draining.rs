//! The connections that a shutdown waits for, and its time limit.

use ws_futures::Shutdown;
use ws_futures::proto::Role;

use crate::support::task::{Task, run};
use crate::support::{open_plainly, wire};

#[test]
fn a_shutdown_without_connections_ends_when_it_begins() {
    let shutdown = Shutdown::new();
    let (mut begun, mut drained) = (Task::new(shutdown.begun()), Task::new(shutdown.drained()));
    begun.wait();
    drained.wait();
    shutdown.begin();
    begun.finish();
    assert_eq!(drained.finish(), Default::default());
}

/// Connections that have ended before do not count, and do not end a shutdown that was not started.
#[test]
fn connections_that_have_ended_before() {
    let shutdown = Shutdown::new();
    let mut drained = Task::new(shutdown.drained());
    drained.wait();
    let (mut socket, remote, _clock) = open_plainly(Role::Server);
    socket.close_on(&shutdown);
    remote.send(&wire::close(Role::Server, 1000, ""));
    while run(socket.recv()).expect("no error").is_some() {}
    drop(socket);
    drained.wait();
    shutdown.begin();
    assert_eq!(drained.finish(), Default::default());
}

/// A task and its connection count as one.
#[test]
fn a_guard_and_its_clones_count_once() {
    let shutdown = Shutdown::new();
    let guard = shutdown.guard();
    let (mut socket, _remote, _clock) = open_plainly(Role::Server);
    socket.close_on(&guard);
    assert_eq!(shutdown.connections(), 1);
    shutdown.begin();
    let mut drained = Task::new(shutdown.drained());
    drop(socket);
    drained.wait();
    drop(guard);
    let ended = drained.finish();
    assert_eq!((ended.clean, ended.cut), (0, 1));
}

/// The shutdown waits for streams that are not WebSockets and does not count them.
#[test]
fn a_guard_without_a_connection() {
    let shutdown = Shutdown::new();
    let guard = shutdown.guard();
    shutdown.begin();
    let mut drained = Task::new(shutdown.drained());
    drained.wait();
    drop(guard);
    assert_eq!(drained.finish(), Default::default());
}

/// The peer has closed, and the application drops the connection when it receives that.
#[test]
fn an_application_that_does_not_wait_for_the_end_is_clean_nevertheless() {
    let shutdown = Shutdown::new();
    let (mut socket, remote, _clock) = open_plainly(Role::Server);
    socket.close_on(&shutdown);
    remote.send(&wire::close(Role::Server, 1000, ""));
    shutdown.begin();
    assert!(run(socket.recv()).expect("no error").is_some());
    drop(socket);
    assert_eq!(run(shutdown.drained()).clean, 1);
}

#[test]
fn many_come_and_go() {
    let shutdown = Shutdown::new();
    let mut guards: Vec<_> = (0..100).map(|_| shutdown.guard()).collect();
    guards.retain(|_| shutdown.connections() % 2 == 1);
    guards.truncate(20);
    guards.extend((0..30).map(|_| shutdown.guard()));
    assert_eq!(shutdown.connections(), guards.len());
    guards.clear();
    assert_eq!(shutdown.connections(), 0);
}

/// Futures that are dropped leave no waker behind.
#[test]
fn a_wait_that_is_dropped() {
    let shutdown = Shutdown::new();
    let mut dropped = Task::new(shutdown.begun());
    dropped.wait();
    let mut kept = Task::new(shutdown.begun());
    kept.wait();
    drop(dropped);
    let mut later = Task::new(shutdown.drained());
    later.wait();
    shutdown.begin();
    kept.finish();
    later.finish();
}
