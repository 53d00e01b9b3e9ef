//! Streams that keep written bytes until they are flushed, as encrypting streams do.

use std::io::ErrorKind;

use ws_futures::proto::Role;
use ws_futures::{Close, CloseCode, Config, Error, Message};

use crate::support::script::{Script, Turns};
use crate::support::task::{Task, run};
use crate::support::wire::{self, CLOSE, FIN, PING, PONG, TEXT};
use crate::support::{ROLES, Socket, open};

/// Holds written bytes; its first flush has to wait.
fn holding() -> Script {
    Script { holds: true, flushes: Turns::of(&[0, 1]), ..Script::default() }
}

type Act = fn(&mut Socket);

/// Calls that end in a flush, and the messages that the peer must receive.
const ACTS: [(&str, Act); 6] = [
    ("send", |socket| run(socket.send("hello")).expect("open")),
    ("feed, then flush", |socket| {
        run(socket.feed("hello")).expect("open");
        run(socket.flush()).expect("open");
    }),
    ("feed, then a recv that waits", |socket| {
        run(socket.feed("hello")).expect("open");
        Task::new(socket.recv()).wait();
    }),
    ("feed, then a read that waits", |socket| {
        run(socket.feed("hello")).expect("open");
        Task::new(async { socket.read().await.is_ok() }).wait();
    }),
    ("a large message", |socket| {
        run(socket.send("hello")).expect("open");
        run(socket.send("x".repeat(100_000))).expect("open");
    }),
    ("a flush that was dropped, and another", |socket| {
        run(socket.feed("hello")).expect("open");
        assert!(Task::new(socket.flush()).poll().is_pending(), "the script delays the flush");
        run(socket.flush()).expect("open");
    }),
];

#[test]
fn what_was_sent_reaches_the_peer() {
    for role in ROLES {
        for (name, act) in ACTS {
            let (mut socket, remote, _clock) = open(role, &Config::default(), holding());
            act(&mut socket);
            let frames = wire::contents(&remote.take());
            assert_eq!(frames.first(), Some(&(FIN | TEXT, b"hello".to_vec())), "{name}, {role:?}");
        }
    }
}

#[test]
fn pongs_reach_the_peer() {
    for role in ROLES {
        let (mut socket, remote, _clock) = open(role, &Config::default(), holding());
        remote.send(&wire::frame(role, PING, b"there?"));
        run(socket.recv()).expect("no error");
        Task::new(socket.recv()).wait();
        assert_eq!(wire::contents(&remote.take()), [(PONG, b"there?".to_vec())], "{role:?}");
    }
}

#[test]
fn the_answer_to_a_close_reaches_the_peer() {
    for role in ROLES {
        let (mut socket, remote, _clock) = open(role, &Config::default(), holding());
        remote.send(&wire::close(role, 1001, "bye"));
        let message = run(socket.recv()).expect("no error");
        assert_eq!(message, Some(Message::Close(Close::new(CloseCode::GOING_AWAY, "bye"))));
        if role == Role::Client {
            remote.end();
        }
        assert!(run(socket.recv()).expect("no error").is_none());
        let answer = (CLOSE, 1001_u16.to_be_bytes().to_vec());
        assert_eq!(wire::contents(&remote.take()), [answer], "{role:?}");
    }
}

#[test]
fn nothing_is_flushed_twice() {
    let script = Script { flushes: Turns::of(&[1]), ..holding() };
    let (mut socket, remote, _clock) = open(Role::Server, &Config::default(), script);
    run(socket.send("hello")).expect("open");
    for _ in 0..3 {
        run(socket.flush()).expect("open");
        Task::new(socket.recv()).wait();
    }
    assert_eq!(remote.flushes(), 1);
}

#[test]
fn a_flush_that_fails_is_an_error_of_writing() {
    for role in ROLES {
        let (mut socket, remote, _clock) = open(role, &Config::default(), holding());
        {
            let mut send = Task::new(socket.send("hello"));
            assert!(send.poll().is_pending(), "the script delays the flush");
            remote.break_writing(ErrorKind::BrokenPipe);
            let Err(Error::Io(error)) = send.finish() else { panic!("{role:?}: no error") };
            assert_eq!(error.kind(), ErrorKind::BrokenPipe, "{role:?}");
        }
        let Err(Error::Io(error)) = run(socket.flush()) else { panic!("{role:?}: no error") };
        assert_eq!(error.kind(), ErrorKind::BrokenPipe, "{role:?}");
    }
}
