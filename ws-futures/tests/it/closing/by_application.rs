//! Close frames that the application answers.

use std::io::ErrorKind;
use std::time::Duration;

use futures_util::SinkExt;
use ws_futures::proto::{Initiator, Role, SendError};
use ws_futures::{Close, CloseCode, Config, Error, Message};

use crate::support::clock::Clock;
use crate::support::script::Script;
use crate::support::stream::Remote;
use crate::support::task::{Task, run};
use crate::support::{ROLES, Socket, open, wire};

const TIMEOUT: Duration = Duration::from_secs(5);
const MOMENT: Duration = Duration::from_millis(1);

fn open_by_application(role: Role) -> (Socket, Remote, Clock) {
    let config = Config { automatic_close: false, ..Config::default() };
    open(role, &config, Script::default())
}

/// A connection whose peer's Close frame was received and not answered.
fn closed_by_peer(role: Role) -> (Socket, Remote, Clock) {
    let (mut socket, remote, clock) = open_by_application(role);
    remote.send(&wire::close(role, 1001, "goodbye"));
    let close = Close::new(CloseCode::GOING_AWAY, "goodbye");
    assert_eq!(run(socket.recv()).expect("no error"), Some(Message::Close(close)), "{role:?}");
    (socket, remote, clock)
}

fn answer() -> Close<'static> {
    Close::new(CloseCode::new(4000), "one of our own")
}

fn answer_content() -> wire::Content {
    wire::close_content(4000, "one of our own")
}

fn text(text: &str) -> wire::Content {
    (wire::FIN | wire::TEXT, text.as_bytes().to_vec())
}

#[test]
fn it_is_answered_behind_the_last_messages() {
    for role in ROLES {
        let (mut socket, remote, clock) = closed_by_peer(role);
        let began = clock.now();
        Task::new(socket.recv()).wait();
        assert!(remote.take().is_empty(), "{role:?} answers by itself");
        run(socket.send("one more")).expect("not answered");
        run(socket.close(answer())).expect("not answered");
        assert_eq!(
            wire::contents(&remote.take()),
            [text("one more"), answer_content()],
            "{role:?}"
        );
        assert!(matches!(run(socket.send("late")), Err(Error::Send(SendError::Closed))));
        if role == Role::Client {
            Task::new(socket.recv()).wait();
            remote.end();
        }
        assert!(run(socket.recv()).expect("no error").is_none(), "{role:?}");
        let closed = socket.closed().expect("facts");
        assert!(closed.is_clean(), "{role:?}");
        assert_eq!(closed.initiator, Initiator::Peer, "{role:?}");
        assert!(remote.is_ended(), "{role:?}");
        assert_eq!(clock.now(), began, "no deadline was needed");
        crate::closing::assert_ended(&mut socket);
    }
}

#[test]
fn it_is_answered_when_the_sink_is_closed() {
    for role in ROLES {
        let (mut socket, remote, _clock) = closed_by_peer(role);
        run(SinkExt::close(&mut socket)).expect("not answered");
        assert_eq!(wire::contents(&remote.take()), [wire::close_content(1000, "")], "{role:?}");
    }
}

#[test]
fn it_is_answered_behind_the_end_of_the_stream() {
    for role in ROLES {
        let (mut socket, remote, _clock) = closed_by_peer(role);
        remote.end();
        Task::new(socket.recv()).wait();
        assert!(!remote.is_ended(), "{role:?}");
        run(socket.close(answer())).expect("not answered");
        assert!(run(socket.recv()).expect("no error").is_none(), "{role:?}");
        assert_eq!(wire::contents(&remote.take()), [answer_content()], "{role:?}");
        assert!(remote.is_ended(), "{role:?}");
    }
}

#[test]
fn it_is_never_answered() {
    for role in ROLES {
        for ends in [false, true] {
            let (mut socket, remote, clock) = closed_by_peer(role);
            if ends {
                remote.end();
            }
            {
                let mut recv = Task::new(socket.recv());
                recv.wait();
                clock.advance(TIMEOUT - MOMENT);
                recv.wait();
                assert!(!remote.is_ended(), "{role:?}");
                clock.advance(MOMENT);
                assert!(recv.finish().expect("no error").is_none(), "{role:?}");
            }
            assert!(remote.take().is_empty(), "{role:?}");
            assert!(remote.is_ended(), "{role:?}");
            assert!(!socket.closed().expect("facts").is_clean(), "{role:?}");
            crate::closing::assert_ended(&mut socket);
        }
    }
}

/// Nothing can be answered any more, so no call waits.
#[test]
fn a_reset_behind_it_is_the_end() {
    for role in ROLES {
        let (mut socket, remote, clock) = closed_by_peer(role);
        let began = clock.now();
        remote.reset();
        assert!(run(socket.recv()).expect("no error").is_none(), "{role:?}");
        assert_eq!(clock.now(), began, "{role:?}");
        let Err(Error::Io(error)) = run(socket.close(answer())) else { panic!("{role:?}") };
        assert_eq!(error.kind(), ErrorKind::ConnectionReset, "{role:?}");
        assert!(run(socket.recv()).expect("no error").is_none(), "{role:?}");
    }
}

#[test]
fn messages_wait_for_room_before_the_answer() {
    for role in ROLES {
        let (mut socket, remote, _clock) = closed_by_peer(role);
        remote.set_capacity(100);
        while socket.try_send(vec![0xA5; 1000]).is_ok() {}
        assert!(socket.closed().is_some(), "{role:?}");
        {
            let mut feed = Task::new(socket.feed("more"));
            feed.wait();
            remote.set_capacity(usize::MAX);
            feed.finish().expect("not answered");
        }
        run(socket.close(answer())).expect("not answered");
        let frames = wire::contents(&remote.take());
        assert_eq!(frames[frames.len() - 2..], [text("more"), answer_content()], "{role:?}");
    }
}

#[test]
fn room_is_not_waited_for_when_the_time_for_the_answer_is_over() {
    for role in ROLES {
        let (mut socket, remote, clock) = closed_by_peer(role);
        remote.set_capacity(100);
        while socket.try_send(vec![0xA5; 1000]).is_ok() {}
        let mut feed = Task::new(socket.feed("more"));
        feed.wait();
        clock.advance(TIMEOUT);
        assert!(feed.finish().is_err(), "{role:?}");
    }
}

#[test]
fn a_writer_answers_what_the_reader_has_received() {
    for role in ROLES {
        for ends in [false, true] {
            let (socket, remote, clock) = open_by_application(role);
            let began = clock.now();
            let (mut reader, mut writer) = socket.split();
            let mut received = Vec::new();
            let mut read = Task::new(async {
                while let Some(message) = reader.recv().await.expect("no error") {
                    received.push(message);
                }
            });
            remote.send(&wire::close(role, 1001, ""));
            if ends {
                remote.end();
            }
            read.wait();
            run(writer.send("one more")).expect("not answered");
            run(writer.close(answer())).expect("not answered");
            if role == Role::Client && !ends {
                read.wait();
                remote.end();
            }
            read.finish();
            drop(read);
            let at = format!("{role:?}, {ends}");
            assert_eq!(received, [Message::Close(CloseCode::GOING_AWAY.into())], "{at}");
            let frames = wire::contents(&remote.take());
            assert_eq!(frames, [text("one more"), answer_content()], "{at}");
            assert!(remote.is_ended(), "{at}");
            assert_eq!(clock.now(), began, "{at}: no deadline was needed");
        }
    }
}
