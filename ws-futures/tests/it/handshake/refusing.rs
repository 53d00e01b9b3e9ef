//! Bad requests: the client is told, and gets time to hear it.

use std::time::Duration;

use ws_futures::{Config, HandshakeError};

use crate::handshake::{CUTS, accepting, text};
use crate::support::handshake::REQUEST;
use crate::support::script::{Script, Turns};

/// One of each kind that the loop could treat alike by mistake. The core's tests have all of them.
fn bad_requests() -> [(&'static str, String, u16); 3] {
    [
        ("no blank line follows: it is not waited for", "\x16\x03\x01\x02\0\x01".into(), 400),
        ("a whole head", REQUEST.replace("GET", "POST"), 405),
        ("the rest of the head is unread", REQUEST.replace("Origin: ", &"x".repeat(20_000)), 431),
    ]
}

#[test]
fn the_client_gets_the_status_and_the_stream_ends() {
    for (name, request, status) in bad_requests() {
        for cut in CUTS {
            let (mut task, remote, _clock) = accepting(&Config::default(), Script::cut(cut));
            remote.send(request.as_bytes());
            task.wait();
            let response = text(&remote);
            assert!(response.starts_with(&format!("HTTP/1.1 {status} ")), "{name}: {response}");
            assert!(response.contains("\r\nConnection: "), "{name}: {response}");
            assert!(remote.is_ended() && !remote.is_dropped(), "{name}");
            remote.end();
            let Err(HandshakeError::Rejected(rejection)) = task.finish() else { panic!() };
            assert_eq!(rejection.status(), status, "{name}");
            assert!(remote.is_dropped(), "{name}");
        }
    }
}

fn config() -> Config {
    Config { max_drain_size: 100_000, drain_timeout: Duration::from_secs(2), ..Config::default() }
}

#[test]
fn what_still_comes_is_read_up_to_a_limit() {
    let (mut task, remote, _clock) = accepting(&config(), Script::default());
    remote.send(b"nonsense\r\n\r\n");
    let mut sent = 0;
    while task.run().is_pending() {
        assert_eq!(remote.unread(), 0);
        assert!(sent <= 101_000, "it never stops");
        remote.send(&[0; 1000]);
        sent += 1000;
    }
    assert!(sent > 100_000, "it stopped after {sent} bytes");
    assert!(remote.is_dropped());
}

#[test]
fn what_still_comes_is_read_for_a_while() {
    let (mut task, remote, clock) = accepting(&config(), Script::default());
    remote.send(b"nonsense\r\n\r\n");
    task.wait();
    for _ in 0..19 {
        clock.advance(Duration::from_millis(100));
        remote.send(b"more");
        task.wait();
    }
    clock.advance(Duration::from_millis(100));
    assert!(matches!(task.finish(), Err(HandshakeError::Rejected(_))));
    assert!(remote.is_dropped());
}

#[test]
fn a_stream_that_cannot_be_ended_is_given_up() {
    let script = Script { closes: Turns::of(&[]), ..Script::default() };
    let (mut task, remote, clock) = accepting(&config(), script);
    remote.send(b"nonsense\r\n\r\n");
    task.wait();
    clock.advance(Duration::from_secs(2));
    assert!(matches!(task.finish(), Err(HandshakeError::Rejected(_))));
}

/// The client has gone: there is nobody to tell, and nothing to wait for.
#[test]
fn a_client_that_has_gone_is_not_waited_for() {
    let (mut task, remote, _clock) = accepting(&config(), Script::default());
    remote.send(b"nonsense\r\n\r\n");
    remote.reset();
    assert!(task.finish().is_err());
    assert!(remote.is_dropped());
}
