//! A handshake that takes too long.

use std::io;
use std::time::Duration;

use ws_futures::client::ClientHandshakeErrorKind;
use ws_futures::{Config, HandshakeError, Incoming};

use crate::handshake::{accepting, connecting, request, text};
use crate::support::clock::Clock;
use crate::support::handshake::{REQUEST, response};
use crate::support::script::Script;
use crate::support::task::{Task, run};
use crate::support::{SEED, stream};

/// The default of the configuration.
const TIMEOUT: Duration = Duration::from_secs(10);
const MOMENT: Duration = Duration::from_millis(1);

/// However many bytes have arrived, one after the other.
#[test]
fn the_request_does_not_come() {
    for sent in [0, 1, 20] {
        let (mut task, remote, clock) = accepting(&Config::default(), Script::default());
        task.wait();
        for byte in &REQUEST.as_bytes()[..sent] {
            clock.advance((TIMEOUT - MOMENT) / 20);
            remote.send(&[*byte]);
            task.wait();
        }
        let left = clock.next().expect("a deadline");
        clock.advance(left - MOMENT);
        task.wait();
        assert!(remote.take().is_empty(), "{sent} bytes sent");
        clock.advance(MOMENT);
        task.wait();
        let response = text(&remote);
        assert!(response.starts_with("HTTP/1.1 408 Request Timeout\r\n"), "{response}");
        remote.end();
        let error = task.finish().map(drop).expect_err("late");
        assert!(error.is_timeout(), "{error}");
        let HandshakeError::Rejected(rejection) = error else { panic!("{error}") };
        assert_eq!(rejection.status(), 408, "{sent} bytes sent");
    }
}

#[test]
fn the_request_comes_just_in_time() {
    let (mut task, remote, clock) = accepting(&Config::default(), Script::default());
    remote.send(&REQUEST.as_bytes()[..30]);
    task.wait();
    clock.advance(TIMEOUT - MOMENT);
    task.wait();
    remote.send(&REQUEST.as_bytes()[30..]);
    assert!(task.finish().is_ok());
}

/// The decision may take any time; then the client has the full timeout again to receive the
/// response.
#[test]
fn the_response_is_not_read() {
    let clock = Clock::default();
    let (stream, remote) = stream::with_remote(Script::default());
    remote.send(REQUEST.as_bytes());
    remote.set_capacity(50);
    let incoming = run(Incoming::read(stream, clock.alarm(), Config::default()));
    clock.advance(100 * TIMEOUT);
    let mut task = Task::new(incoming.expect("a request").accept());
    task.wait();
    clock.advance(TIMEOUT - MOMENT);
    task.wait();
    clock.advance(MOMENT);
    let error = task.finish().map(drop).expect_err("late");
    assert!(error.is_timeout() && matches!(error, HandshakeError::Io(_)), "{error}");
    assert!(remote.is_dropped());
}

#[test]
fn a_refusal_is_not_read() {
    let (mut task, remote, clock) = accepting(&Config::default(), Script::default());
    remote.set_capacity(50);
    remote.send(b"nonsense\r\n\r\n");
    task.wait();
    clock.advance(TIMEOUT);
    assert!(task.finish().map(drop).expect_err("late").is_timeout());
    assert!(remote.is_dropped());
}

#[test]
fn the_servers_response_does_not_come() {
    let response = response(SEED);
    for sent in [0, 1, 20] {
        let (mut task, remote, clock) =
            connecting(&Config::default(), Script::default(), request());
        task.wait();
        for byte in &response.as_bytes()[..sent] {
            clock.advance((TIMEOUT - MOMENT) / 20);
            remote.send(&[*byte]);
            task.wait();
        }
        clock.advance(clock.next().expect("a deadline") - MOMENT);
        task.wait();
        clock.advance(MOMENT);
        let error = task.finish().map(drop).expect_err("late");
        assert!(error.is_timeout(), "{sent} bytes sent");
        let HandshakeError::Response(error) = error else { panic!("{error}") };
        assert_eq!(error.kind(), ClientHandshakeErrorKind::Timeout, "{sent} bytes sent");
        assert!(remote.is_dropped(), "{sent} bytes sent");
    }
}

#[test]
fn the_server_does_not_read_the_request() {
    let (mut task, remote, clock) = connecting(&Config::default(), Script::default(), request());
    remote.set_capacity(50);
    task.wait();
    clock.advance(TIMEOUT);
    let error = task.finish().map(drop).expect_err("late");
    assert!(error.is_timeout() && matches!(error, HandshakeError::Response(_)), "{error}");
}

#[test]
fn without_a_timeout_it_may_take_for_ever() {
    let config = Config { handshake_timeout: None, ..Config::default() };
    let (mut task, remote, clock) = accepting(&config, Script::default());
    task.wait();
    assert_eq!(clock.next(), None);
    clock.advance(1_000_000 * TIMEOUT);
    remote.send(REQUEST.as_bytes());
    assert!(task.finish().is_ok());

    let (mut task, remote, clock) = connecting(&config, Script::default(), request());
    task.wait();
    assert_eq!(clock.next(), None);
    clock.advance(1_000_000 * TIMEOUT);
    remote.send(response(SEED).as_bytes());
    assert!(task.finish().is_ok());
}

/// A system error is not mistaken for a deadline of the library.
#[test]
fn the_stream_itself_times_out() {
    let (mut task, remote, _clock) = accepting(&Config::default(), Script::default());
    remote.break_reading(io::ErrorKind::TimedOut);
    let error = task.finish().map(drop).expect_err("an error of the stream");
    assert!(error.is_timeout() && matches!(error, HandshakeError::Io(_)), "{error}");
    assert!(remote.take().is_empty());
}
