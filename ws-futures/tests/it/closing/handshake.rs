//! The closing handshake, started by either side or by both.

use futures_util::SinkExt;
use ws_futures::proto::{Initiator, Role};
use ws_futures::{Close, CloseCode, Config, Message};

use crate::closing::WAYS;
use crate::support::script::Script;
use crate::support::task::{Task, run, run_both};
use crate::support::{ROLES, Socket, conversation, open_both, open_plainly, wire};

fn normal() -> Close<'static> {
    Close::new(CloseCode::NORMAL, "done")
}

#[test]
fn by_the_peer() {
    for role in ROLES {
        for (way, rest) in WAYS {
            let (mut socket, remote, _clock) = open_plainly(role);
            remote.send(&[conversation::wire(role), wire::close(role, 4321, "enough")].concat());
            if role == Role::Client {
                remote.end();
            }
            let rest = rest(&mut socket);
            assert!(rest.error.is_none(), "{way} as {role:?}");
            assert_eq!(rest.messages.last(), Some(&conversation::close()), "{way} as {role:?}");

            let closed = socket.closed().expect("facts");
            assert!(closed.is_clean());
            assert_eq!(closed.initiator, Initiator::Peer);
            assert_eq!((closed.code().get(), closed.reason()), (4321, "enough"));
            assert!(remote.is_ended(), "{way} as {role:?}");
            let frames = wire::contents(&remote.take());
            assert_eq!(frames.last(), Some(&wire::close_content(4321, "")), "{way} as {role:?}");
        }
    }
}

#[test]
fn a_close_without_a_code() {
    for role in ROLES {
        let (mut socket, remote, _clock) = open_plainly(role);
        remote.send(&wire::frame(role, wire::CLOSE, b""));
        let message = run(socket.recv()).expect("no error");
        assert_eq!(message, Some(Message::Close(Close::EMPTY)), "{role:?}");
        assert_eq!(wire::contents(&remote.take()), [(wire::CLOSE, Vec::new())], "{role:?}");
    }
}

#[test]
fn by_us() {
    for role in ROLES {
        let (mut socket, remote, _clock) = open_plainly(role);
        {
            let mut close = Task::new(socket.close_and_discard(normal()));
            close.wait();
            let frames = wire::contents(&remote.take());
            assert_eq!(frames, [wire::close_content(1000, "done")], "{role:?}");
            assert!(!remote.is_ended(), "{role:?} ended the stream first");
            // The peer's remaining messages are dropped.
            remote.send(&wire::text(role, "late"));
            close.wait();
            remote.send(&wire::close(role, 1000, ""));
            if role == Role::Client {
                // It waits for the server to end the stream (RFC 6455 §7.1.1).
                close.wait();
                assert!(!remote.is_ended());
                remote.end();
            }
            close.finish().expect("no error");
        }
        assert!(remote.is_ended(), "{role:?}");
        assert!(remote.take().is_empty(), "{role:?} answered the answer");
        let closed = socket.closed().expect("facts");
        assert!(closed.is_clean());
        assert_eq!(closed.initiator, Initiator::Local);
        assert_eq!(closed.sent, Some(normal()));
        assert_eq!(closed.received, Some(CloseCode::NORMAL.into()));
        crate::closing::assert_ended(&mut socket);
    }
}

type Close1000 = fn(&mut Socket);

/// Calls that send a Close frame and do not receive.
const CLOSERS: [(&str, Close1000); 3] = [
    ("send", |socket| {
        run(socket.send(Message::Close(CloseCode::NORMAL.into()))).expect("open");
    }),
    ("close", |socket| run(socket.close(CloseCode::NORMAL)).expect("open")),
    ("the Sink's close", |socket| run(SinkExt::close(socket)).expect("open")),
];

#[test]
fn by_us_and_receiving_goes_on() {
    for role in ROLES {
        for (closer, close) in CLOSERS {
            for (way, rest) in WAYS {
                let at = format!("{closer}, {way} as {role:?}");
                let (mut socket, remote, _clock) = open_plainly(role);
                let (before, behind) = (wire::text(role, "before"), wire::close(role, 1000, ""));
                remote.send(&[before.clone(), before].concat());
                assert_eq!(run(socket.recv()).expect("no error"), Some("before".into()), "{at}");
                close(&mut socket);
                // Nothing follows a Close frame, not even pongs.
                assert_eq!(wire::contents(&remote.take()), [wire::close_content(1000, "")], "{at}");
                assert!(run(socket.send("more")).is_err(), "{at}");
                remote.send(&[conversation::wire(role), behind].concat());
                remote.end();
                let rest = rest(&mut socket);
                assert!(rest.error.is_none(), "{at}");
                let close = Message::Close(CloseCode::NORMAL.into());
                let expected = [vec!["before".into()], conversation::messages(), vec![close]];
                assert_eq!(rest.messages, expected.concat(), "{at}");
                assert!(remote.take().is_empty(), "{at}");
            }
        }
    }
}

#[test]
fn by_both_at_once() {
    for role in ROLES {
        let (mut socket, remote, _clock) = open_plainly(role);
        remote.send(&wire::close(role, 1001, "me too"));
        if role == Role::Client {
            remote.end();
        }
        run(socket.close_and_discard(normal())).expect("no error");
        assert_eq!(wire::contents(&remote.take()), [wire::close_content(1000, "done")]);
        let closed = socket.closed().expect("facts");
        assert_eq!(closed.initiator, Initiator::Local);
        assert_eq!(closed.sent, Some(normal()));
        assert_eq!(closed.reason(), "me too");
    }
}

#[test]
fn between_two_of_ours() {
    let scripts = [Script::default(), Script::cut(&[0, 1]), Script::hesitant()];
    for script in scripts {
        for closers in [[true, false], [false, true], [true, true]] {
            let (mut client, mut server, clock) =
                open_both(&Config::default(), [script.clone(), script.clone()]);
            let began = clock.now();
            async fn end(socket: &mut Socket, closes: bool) {
                if closes {
                    socket.close_and_discard(normal()).await.expect("no error");
                }
                while socket.recv().await.expect("no error").is_some() {}
            }
            run_both(end(&mut client, closers[0]), end(&mut server, closers[1]));
            for (socket, closes) in [(&client, closers[0]), (&server, closers[1])] {
                let closed = socket.closed().expect("facts");
                assert!(closed.is_clean());
                assert_eq!(closed.initiator == Initiator::Local, closes);
                assert_eq!(closed.code(), CloseCode::NORMAL);
            }
            assert_eq!(clock.now(), began, "no deadline was needed");
        }
    }
}

#[test]
fn what_cannot_be_sent_closes_nothing() {
    let long = Close::new(CloseCode::NORMAL, "x".repeat(124));
    for close in [CloseCode::ABNORMAL.into(), CloseCode::new(999).into(), long] {
        for role in ROLES {
            let (mut socket, remote, _clock) = open_plainly(role);
            assert!(run(socket.close_and_discard(close.clone())).is_err(), "{close:?}");
            assert_eq!(socket.closed(), None);
            run(socket.send("still open")).expect("open");
            assert_eq!(wire::contents(&remote.take()).len(), 1);
        }
    }
}

#[test]
fn closing_again_changes_nothing() {
    for role in ROLES {
        let (mut socket, remote, _clock) = open_plainly(role);
        Task::new(socket.close_and_discard(normal())).wait();
        Task::new(socket.close_and_discard(CloseCode::GOING_AWAY)).wait();
        run(socket.flush()).expect("open");
        assert_eq!(wire::contents(&remote.take()), [wire::close_content(1000, "done")]);
        remote.send(&wire::close(role, 1000, ""));
        remote.end();
        run(socket.close_and_discard(CloseCode::GOING_AWAY)).expect("no error");
        assert_eq!(socket.closed().and_then(|closed| closed.sent.clone()), Some(normal()));
    }
}
