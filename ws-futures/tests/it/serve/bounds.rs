//! The limits of connections, in time and in number.

use std::future::{pending, poll_fn};
use std::io::ErrorKind;
use std::task::Poll;
use std::time::Duration;

use ws_futures::proto::Role;
use ws_futures::serve::{ConnectionError, ServeError};
use ws_futures::{HandshakeError, Timer};

use crate::serve::{Server, echo, is_served, status};
use crate::support::handshake::REQUEST;
use crate::support::script::Script;
use crate::support::{stream, wire};

const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);
const MOMENT: Duration = Duration::from_millis(1);

#[test]
fn a_client_that_does_not_send_its_request_is_answered_408() {
    let server = Server::default();
    let mut tasks = server.run(server.serve(echo));
    let silent = server.queue.connect();
    let slow = server.queue.connect();
    slow.send(&REQUEST.as_bytes()[..30]);
    tasks.wait();
    server.hands.clock.advance(HANDSHAKE_TIMEOUT - MOMENT);
    tasks.wait();
    assert!(silent.take().is_empty() && slow.take().is_empty());
    server.hands.clock.advance(MOMENT);
    tasks.wait();
    for remote in [silent, slow] {
        assert_eq!(status(&remote), "408");
        remote.end();
    }
    tasks.wait();
    assert_eq!(tasks.others(), 0);
    let reports = server.reports.take();
    assert!(matches!(
        &reports[..],
        [
            ServeError::Connection {
                peer: 1,
                error: ConnectionError::Handshake(HandshakeError::Rejected(rejection))
            },
            ServeError::Connection { peer: 2, .. }
        ] if rejection.status() == 408
    ));
}

/// Like a client that connects with TCP and never starts the TLS handshake.
#[test]
fn a_stream_that_is_never_ready_is_dropped() {
    let server = Server::default();
    let mut tasks = server.run(server.serve(echo));
    let (stream, remote) = stream::with_remote(Script::default());
    server.queue.open(async move {
        let _stream = stream;
        pending().await
    });
    tasks.wait();
    server.hands.clock.advance(HANDSHAKE_TIMEOUT - MOMENT);
    tasks.wait();
    assert!(!remote.is_dropped());
    server.hands.clock.advance(MOMENT);
    tasks.wait();
    assert!(remote.is_dropped());
    assert_eq!(tasks.others(), 0);
    let reports = server.reports.take();
    let [ServeError::Connection { peer: 1, error: ConnectionError::Open(error) }] = &reports[..]
    else {
        panic!("{reports:?}")
    };
    assert_eq!(error.kind(), ErrorKind::TimedOut);
}

/// The time of the TLS handshake counts towards the deadline of the request.
#[test]
fn one_deadline_is_for_the_stream_and_the_request() {
    let server = Server::default();
    let mut tasks = server.run(server.serve(echo));
    let (stream, remote) = stream::with_remote(Script::default());
    let mut alarm = server.hands.clock.alarm();
    let ready_at = alarm.now() + Duration::from_secs(7);
    server.queue.open(async move {
        poll_fn(|cx| alarm.poll_until(ready_at, cx)).await;
        Ok(stream)
    });
    tasks.wait();
    server.hands.clock.advance(Duration::from_secs(7));
    tasks.wait();
    remote.send(&REQUEST.as_bytes()[..30]);
    server.hands.clock.advance(Duration::from_secs(3) - MOMENT);
    tasks.wait();
    assert!(remote.take().is_empty());
    server.hands.clock.advance(MOMENT);
    tasks.wait();
    assert_eq!(status(&remote), "408");
}

#[test]
fn a_client_in_time_stays_beyond_the_deadline() {
    let server = Server::default();
    let mut tasks = server.run(server.serve(echo));
    let remote = server.queue.connect();
    for byte in REQUEST.as_bytes() {
        remote.send(&[*byte]);
        tasks.wait();
        server.hands.clock.advance(HANDSHAKE_TIMEOUT / (REQUEST.len() as u32 + 1));
    }
    assert!(remote.take().starts_with(b"HTTP/1.1 101 "));
    server.hands.clock.advance(2 * HANDSHAKE_TIMEOUT);
    assert!(is_served(&remote, &mut tasks));
}

#[test]
fn connections_beyond_the_bound_on_handshakes_are_not_accepted_yet() {
    let server = Server::default();
    let mut tasks = server.run(server.serve(echo).max_handshakes(2));
    let first = server.queue.connect();
    let second = server.queue.connect();
    let third = server.client();
    tasks.wait();
    assert_eq!((server.queue.len(), tasks.others()), (1, 2));
    // One is answered, and does not count any more though it stays open.
    first.send(REQUEST.as_bytes());
    tasks.wait();
    assert!(third.take().starts_with(b"HTTP/1.1 101 "));
    assert!(is_served(&third, &mut tasks));
    // One ends without a request.
    let fourth = server.client();
    let fifth = server.queue.connect();
    let sixth = server.client();
    tasks.wait();
    assert!(fourth.take().starts_with(b"HTTP/1.1 101 "));
    assert_eq!(server.queue.len(), 1);
    second.end();
    tasks.wait();
    assert!(sixth.take().starts_with(b"HTTP/1.1 101 "));
    drop(fifth);
}

#[test]
fn connections_beyond_the_bound_on_handshakes_may_be_dropped() {
    let server = Server::default();
    let serving = server.serve(echo).max_handshakes(1).drop_excess_handshakes();
    let mut tasks = server.run(serving);
    let first = server.queue.connect();
    let second = server.queue.connect();
    let third = server.client();
    tasks.wait();
    assert!(!first.is_dropped() && second.is_dropped() && third.is_dropped());
    let reports = server.reports.take();
    assert!(
        matches!(&reports[..], [ServeError::Excess { peer: 2 }, ServeError::Excess { peer: 3 }]),
        "{reports:?}"
    );
    first.send(REQUEST.as_bytes());
    tasks.wait();
    assert!(first.take().starts_with(b"HTTP/1.1 101 "));
    // It does not count any more.
    let fourth = server.open(&mut tasks);
    assert!(is_served(&first, &mut tasks) && is_served(&fourth, &mut tasks));
}

/// A limit of zero would be a server without connections.
#[test]
fn there_is_always_one() {
    let server = Server::default();
    let mut tasks = server.run(server.serve(echo).max_handshakes(0));
    let remote = server.open(&mut tasks);
    assert!(is_served(&remote, &mut tasks));
}

#[test]
fn connections_beyond_the_bound_are_answered_503() {
    let server = Server::default();
    let mut tasks = server.run(server.serve(echo).max_connections(2));
    let first = server.open(&mut tasks);
    let second = server.open(&mut tasks);
    let third = server.client();
    tasks.wait();
    assert_eq!(status(&third), "503");
    third.end();
    assert!(is_served(&first, &mut tasks) && is_served(&second, &mut tasks));
    first.send(&wire::close(Role::Server, 1000, ""));
    first.end();
    tasks.wait();
    let fourth = server.open(&mut tasks);
    assert!(is_served(&fourth, &mut tasks));
    assert!(server.reports.take().is_empty());
}

/// A task that only waits for its permit, twice, and is then dropped.
#[test]
fn permits_are_given_back() {
    use crate::support::task::Task;
    use ws_futures::serve::Permits;

    let permits = Permits::new(1);
    let permit = permits.try_take().expect("a free permit");
    assert!(permits.try_take().is_none());
    let mut dropped = Task::new(permits.take());
    dropped.wait();
    drop(dropped);
    let mut waiting = Task::new(permits.take());
    waiting.wait();
    drop(permit);
    let Poll::Ready(permit) = waiting.run() else { panic!("not woken") };
    assert!(permits.try_take().is_none());
    drop(permit);
    assert!(permits.try_take().is_some());
}
