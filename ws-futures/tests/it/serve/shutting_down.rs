//! A server that stops.

use std::future::pending;
use std::time::Duration;

use ws_futures::proto::Role;
use ws_futures::serve::BoxError;
use ws_futures::{CloseCode, Drained, Shutdown};

use crate::serve::{Server, Socket, echo, going_away};
use crate::support::handshake::REQUEST;
use crate::support::stream::Remote;
use crate::support::wire::{self, close_content};

fn drained(clean: usize, cut: usize) -> Drained {
    let mut drained = Drained::default();
    (drained.clean, drained.cut) = (clean, cut);
    drained
}

fn close_frame(remote: &Remote) -> bool {
    wire::contents(&remote.take()) == [close_content(going_away().code.get(), "")]
}

#[test]
fn all_are_closed_and_waited_for() {
    let server = Server::default();
    let shutdown = Shutdown::new();
    let begun = shutdown.clone();
    let serve = server.serve(echo).with_graceful_shutdown(async move { begun.begun().await });
    let mut tasks = server.run(serve);
    let clients: Vec<_> = (0..10).map(|_| server.open(&mut tasks)).collect();
    shutdown.begin();
    tasks.wait();
    assert!(server.queue.is_closed(), "it still listens");
    for client in &clients {
        assert!(close_frame(client));
        client.send(&wire::close(Role::Server, 1001, ""));
        client.end();
    }
    assert_eq!(tasks.finish(), drained(10, 0));
    assert_eq!(tasks.others(), 0);
    assert!(server.reports.take().is_empty());
}

#[test]
fn clients_without_a_request_are_not_waited_for() {
    let server = Server::default();
    let shutdown = Shutdown::new();
    let mut tasks = server.run(server.serve(echo).shutdown(&shutdown));
    let silent = server.queue.connect();
    let slow = server.queue.connect();
    slow.send(&REQUEST.as_bytes()[..30]);
    tasks.wait();
    shutdown.begin();
    assert_eq!(tasks.finish(), drained(0, 0));
    assert!(silent.is_dropped() && slow.is_dropped());
    assert!(server.reports.take().is_empty());
}

#[test]
fn those_that_do_not_end_are_cut() {
    let server = Server::default();
    let shutdown = Shutdown::new();
    let serve = server.serve(async |socket: Socket| {
        let _socket = socket;
        pending::<()>().await;
        Ok::<(), BoxError>(())
    });
    let mut tasks = server.run(serve.shutdown(&shutdown).shutdown_timeout(Duration::from_secs(7)));
    let clients: Vec<_> = (0..3).map(|_| server.open(&mut tasks)).collect();
    shutdown.begin();
    tasks.wait();
    server.hands.clock.advance(Duration::from_secs(7) - Duration::from_millis(1));
    tasks.wait();
    assert!(!clients.iter().any(Remote::is_dropped));
    server.hands.clock.advance(Duration::from_millis(1));
    assert_eq!(tasks.finish(), drained(0, 3));
    assert!(clients.iter().all(Remote::is_dropped));
    assert_eq!(tasks.others(), 0);
}

/// A peer that does not answer has until the close timeout, which is shorter than that of the
/// shutdown.
#[test]
fn peers_that_do_not_answer() {
    let server = Server::default();
    let shutdown = Shutdown::new();
    let mut tasks = server.run(server.serve(echo).shutdown(&shutdown));
    let dead = server.open(&mut tasks);
    let alive = server.open(&mut tasks);
    shutdown.begin();
    tasks.wait();
    alive.send(&wire::close(Role::Server, 1001, ""));
    alive.end();
    tasks.wait();
    assert!(alive.is_dropped() && !dead.is_dropped());
    server.hands.clock.advance(Duration::from_secs(5));
    assert_eq!(tasks.finish(), drained(1, 1));
}

/// The shutdown does not wait for a connection that was moved to a task which is never polled.
#[test]
fn connections_that_are_lost_are_counted_as_cut() {
    let server = Server::default();
    let shutdown = Shutdown::new();
    let (sender, sockets) = std::sync::mpsc::channel();
    let serve = server.serve(move |socket: Socket| {
        let sent = sender.send(socket);
        async { sent.map_err(|_| "the test has ended") }
    });
    let mut tasks = server.run(serve.shutdown(&shutdown));
    server.open(&mut tasks);
    shutdown.begin();
    tasks.wait();
    server.hands.clock.advance(Duration::from_secs(15));
    tasks.wait();
    server.hands.clock.advance(Duration::from_secs(1));
    assert_eq!(tasks.finish(), drained(0, 1));
    drop(sockets);
}

#[test]
fn several_servers_may_share_a_shutdown() {
    let (one, other) = (Server::default(), Server::default());
    let shutdown = Shutdown::new();
    let mut tasks = one.run(one.serve(echo).shutdown(&shutdown));
    let mut others = other.run(other.serve(echo).shutdown(&shutdown));
    let clients = [one.open(&mut tasks), other.open(&mut others)];
    shutdown.begin_with(CloseCode::SERVICE_RESTART).expect("it can be sent");
    tasks.wait();
    others.wait();
    for client in clients {
        assert_eq!(wire::contents(&client.take()), [close_content(1012, "")]);
        client.send(&wire::close(Role::Server, 1012, ""));
        client.end();
    }
    assert!(tasks.run().is_none(), "it does not wait for the other's connections");
    assert_eq!(others.finish().clean, 2);
    assert_eq!(tasks.finish().clean, 2);
}

/// A connection that arrives while the server stops is closed as soon as it is open.
#[test]
fn a_request_that_is_just_being_answered() {
    let server = Server::default();
    let shutdown = Shutdown::new();
    let begun = shutdown.clone();
    let serve = server.serve(move |socket: Socket| {
        // Between the response and the first message.
        begun.begin();
        async move { echo(socket).await }
    });
    let mut tasks = server.run(serve.shutdown(&shutdown));
    let remote = server.client();
    tasks.wait();
    let answer = remote.take();
    assert!(answer.ends_with(b"\x88\x02\x03\xe9"), "{}", answer.escape_ascii());
    remote.send(&wire::close(Role::Server, 1001, ""));
    remote.end();
    assert_eq!(tasks.finish(), drained(1, 0));
}

#[test]
fn a_server_that_is_dropped_leaves_its_connections_alone() {
    let server = Server::default();
    let mut tasks = server.run(server.serve(echo));
    let remote = server.open(&mut tasks);
    let mut tasks = tasks.without_main();
    assert!(server.queue.is_closed());
    assert!(crate::serve::is_served(&remote, &mut tasks));
}
