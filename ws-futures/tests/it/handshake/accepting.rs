//! A server that accepts in one step.

use std::io;

use ws_futures::proto::Role;
use ws_futures::{Config, HandshakeError, Message};

use crate::handshake::{CUTS, accepting, text};
use crate::support::handshake::{ACCEPT, REQUEST};
use crate::support::script::Script;
use crate::support::task::run;
use crate::support::wire;

#[test]
fn at_every_chunking() {
    for cut in CUTS {
        let (mut task, remote, _clock) = accepting(&Config::default(), Script::cut(cut));
        task.wait();
        remote.send(REQUEST.as_bytes());
        let socket = task.finish().expect("a valid request");
        let expected = format!(
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Accept: {ACCEPT}\r\n\r\n"
        );
        assert_eq!(text(&remote), expected, "{cut:?}");
        assert!(socket.closed().is_none());
    }
}

/// Wherever the packets are cut: in the head, between head and frame, in the frame.
#[test]
fn frames_behind_the_request_are_kept() {
    let frames = [wire::text(Role::Server, "first"), wire::binary(Role::Server, &[2; 300])];
    let wire = [REQUEST.as_bytes(), &frames.concat()].concat();
    for cut in 0..=wire.len() {
        let (mut task, remote, _clock) = accepting(&Config::default(), Script::default());
        remote.send(&wire[..cut]);
        let early = task.run();
        remote.send(&wire[cut..]);
        let mut socket = match early {
            std::task::Poll::Ready(result) => result.expect("a valid request"),
            std::task::Poll::Pending => task.finish().expect("a valid request"),
        };
        for expected in [Message::text("first"), Message::binary(vec![2; 300])] {
            let message = run(socket.recv()).expect("no error");
            assert_eq!(message, Some(expected), "cut at {cut}");
        }
    }
}

/// The stream may hold back the response until it is flushed.
#[test]
fn the_response_is_flushed() {
    let script = Script { holds: true, ..Script::default() };
    let (mut task, remote, _clock) = accepting(&Config::default(), script);
    remote.send(REQUEST.as_bytes());
    drop(task.finish().expect("a valid request"));
    assert!(text(&remote).ends_with("\r\n\r\n"));
}

#[test]
fn the_stream_ends_in_the_request() {
    for len in 0..REQUEST.len() {
        let (mut task, remote, _clock) = accepting(&Config::default(), Script::default());
        remote.send(&REQUEST.as_bytes()[..len]);
        remote.end();
        let Err(HandshakeError::Io(error)) = task.finish() else { panic!("{len} bytes") };
        assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof, "{len} bytes");
        assert!(remote.is_dropped(), "{len} bytes");
        assert!(remote.take().is_empty(), "{len} bytes");
    }
}

#[test]
fn reading_fails_in_the_request() {
    for len in 0..REQUEST.len() {
        let (mut task, remote, _clock) = accepting(&Config::default(), Script::default());
        remote.send(&REQUEST.as_bytes()[..len]);
        remote.break_reading(io::ErrorKind::ConnectionReset);
        let Err(HandshakeError::Io(error)) = task.finish() else { panic!("{len} bytes") };
        assert_eq!(error.kind(), io::ErrorKind::ConnectionReset, "{len} bytes");
    }
}

#[test]
fn writing_fails_in_the_response() {
    for len in [0, 1, 50, 100] {
        let (mut task, remote, _clock) = accepting(&Config::default(), Script::default());
        remote.break_writing_after(len);
        remote.send(REQUEST.as_bytes());
        let Err(HandshakeError::Io(error)) = task.finish() else { panic!("{len} bytes") };
        assert_eq!(error.kind(), io::ErrorKind::BrokenPipe, "{len} bytes");
        assert!(remote.is_dropped(), "{len} bytes");
    }
}

/// Such a stream would be polled for ever.
#[test]
fn a_stream_that_takes_nothing_is_broken() {
    let (mut task, remote, _clock) = accepting(&Config::default(), Script::default());
    remote.be_useless();
    remote.send(REQUEST.as_bytes());
    let Err(HandshakeError::Io(error)) = task.finish() else { panic!() };
    assert_eq!(error.kind(), io::ErrorKind::WriteZero);
}
