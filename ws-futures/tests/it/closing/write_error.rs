//! Writing fails at any byte.

use std::io;

use ws_futures::proto::Role;
use ws_futures::{Error, Message};

use crate::support::stream::Remote;
use crate::support::task::run;
use crate::support::{ROLES, Socket, conversation, open_plainly, wire};

/// Echoes and collects messages, whatever sending returns; returns them with the error at the end.
fn echo(socket: &mut Socket) -> (Vec<Message>, Option<Error>) {
    run(async {
        let mut messages = Vec::new();
        loop {
            match socket.recv().await {
                Ok(Some(message)) => {
                    if message.is_data()
                        && let Err(error) = socket.send(message.clone()).await
                    {
                        assert!(is_broken_pipe(&error), "{error}");
                    }
                    messages.push(message);
                }
                Ok(None) => return (messages, None),
                Err(error) => return (messages, Some(error)),
            }
        }
    })
}

fn is_broken_pipe(error: &Error) -> bool {
    matches!(error, Error::Io(error) if error.kind() == io::ErrorKind::BrokenPipe)
}

/// A connection on which writing fails after `len` bytes, and all input has arrived, in
/// two reads.
fn broken_after(role: Role, len: usize, wire: &[u8]) -> (Socket, Remote) {
    let (socket, remote, _clock) = open_plainly(role);
    remote.break_writing_after(len);
    remote.send(wire);
    remote.end();
    (socket, remote)
}

fn undisturbed(role: Role, wire: &[u8]) -> Vec<u8> {
    let (mut socket, remote) = broken_after(role, usize::MAX, wire);
    echo(&mut socket);
    remote.take()
}

#[test]
fn messages_that_came_before_are_delivered() {
    for role in ROLES {
        let wire = conversation::wire(role);
        let output = undisturbed(role, &wire);
        for len in 0..output.len() {
            let (mut socket, remote) = broken_after(role, len, &wire);
            let (messages, error) = echo(&mut socket);
            assert_eq!(messages, conversation::messages(), "{role:?}, {len} bytes");
            let error = error.expect("the stream ended without a Close frame");
            assert!(is_broken_pipe(&error), "{role:?}, {len} bytes: {error}");
            assert_eq!(remote.take(), output[..len], "{role:?}, {len} bytes");
            crate::closing::assert_ended(&mut socket);
        }
    }
}

/// The peer's Close frame determines how the connection ended.
#[test]
fn a_close_that_came_before_is_delivered() {
    for role in ROLES {
        let wire = [conversation::wire(role), wire::close(role, 4321, "enough")].concat();
        let output = undisturbed(role, &wire);
        for len in 0..output.len() {
            let (mut socket, remote) = broken_after(role, len, &wire);
            let (messages, error) = echo(&mut socket);
            assert_eq!(messages.last(), Some(&conversation::close()), "{role:?}, {len} bytes");
            assert!(error.is_none(), "{role:?}, {len} bytes: {error:?}");
            assert_eq!(remote.take(), output[..len], "{role:?}, {len} bytes");
            crate::closing::assert_ended(&mut socket);
        }
    }
}

#[test]
fn every_call_that_writes_says_so() {
    for role in ROLES {
        let (mut socket, remote, _clock) = open_plainly(role);
        remote.break_writing(io::ErrorKind::BrokenPipe);
        for _ in 0..2 {
            for error in [
                run(socket.send("lost")).expect_err("broken"),
                run(socket.flush()).expect_err("broken"),
                run(socket.ready()).expect_err("broken"),
                run(socket.feed("lost")).expect_err("broken"),
            ] {
                assert!(is_broken_pipe(&error), "{role:?}: {error}");
            }
        }
    }
}

/// Such a stream would be polled for ever.
#[test]
fn a_stream_that_takes_nothing_is_broken() {
    for role in ROLES {
        for len in [5, 100_000] {
            let (mut socket, remote, _clock) = open_plainly(role);
            remote.be_useless();
            let Err(Error::Io(error)) = run(socket.send(vec![1; len])) else { panic!("{role:?}") };
            assert_eq!(error.kind(), io::ErrorKind::WriteZero, "{role:?}, {len} bytes");
        }
    }
}

#[test]
fn what_the_peer_did_goes_before_what_became_of_its_answer() {
    for role in ROLES {
        let (mut socket, remote, _clock) = open_plainly(role);
        remote.break_writing(io::ErrorKind::BrokenPipe);
        remote.send(&[0xFF, 0]);
        remote.end();
        let error = run(socket.recv()).expect_err("a reserved bit");
        assert!(matches!(error, Error::Protocol(_)), "{role:?}: {error}");
    }
}
