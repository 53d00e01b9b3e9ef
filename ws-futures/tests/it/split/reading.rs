//! Batches of the receiving half.

use std::thread;

use ws_futures::proto::Role;
use ws_futures::{CloseCode, Config, Error, Event, Message};

use crate::support::script::Script;
use crate::support::stream::Remote;
use crate::support::task::{Task, run};
use crate::support::wire::{self, FIN, PING, PONG, TEXT};
use crate::support::{ROLES, Reader, Writer, conversation, open, open_plainly};

const HIGH_WATER: usize = 64 * 1024;

fn halves(role: Role, script: Script) -> (Reader, Writer, Remote) {
    let (socket, remote, _clock) = open(role, &Config::default(), script);
    let (reader, writer) = socket.split();
    (reader, writer, remote)
}

fn text(text: &str) -> wire::Content {
    (FIN | TEXT, text.as_bytes().to_vec())
}

#[test]
fn lend_what_recv_gives() {
    for role in ROLES {
        for script in [Script::default(), Script::cut(&[1]), Script::cut(&[7]), Script::hesitant()]
        {
            let (mut reader, _writer, remote) = halves(role, script);
            remote.send(&[conversation::wire(role), wire::close(role, 4321, "enough")].concat());
            remote.end();
            let mut messages = Vec::new();
            run(async {
                while let Some(mut batch) = reader.read().await.expect("no error") {
                    while let Some(event) = batch.next() {
                        messages.push(Message::from(event));
                    }
                }
            });
            let expected = [conversation::messages(), vec![conversation::close()]].concat();
            assert_eq!(messages, expected, "{role:?}");
            let frames = wire::contents(&remote.take());
            let replies = [conversation::pongs(), vec![wire::close_content(4321, "")]].concat();
            assert_eq!(frames, replies, "{role:?}");
        }
    }
}

/// Takes one event of each batch, and every third message by `recv`.
#[test]
fn leave_the_rest_to_the_next_call() {
    for role in ROLES {
        let (mut reader, _writer, remote) = halves(role, Script::default());
        remote.send(&[conversation::wire(role), wire::close(role, 4321, "enough")].concat());
        remote.end();
        let mut messages = Vec::new();
        run(async {
            loop {
                if messages.len() % 3 == 2 {
                    match reader.recv().await.expect("no error") {
                        Some(message) => messages.push(message),
                        None => break,
                    }
                } else {
                    match reader.read().await.expect("no error") {
                        Some(mut batch) => messages.extend(batch.next().map(Message::from)),
                        None => break,
                    }
                }
            }
        });
        let expected = [conversation::messages(), vec![conversation::close()]].concat();
        assert_eq!(messages, expected, "{role:?}");
    }
}

#[test]
fn hold_no_lock_while_an_event_is_held() {
    for role in ROLES {
        let (mut reader, mut writer, remote) = halves(role, Script::default());
        remote.send(&[wire::text(role, "one"), wire::text(role, "two")].concat());
        let mut batch = run(reader.read()).expect("no error").expect("open");
        let one = batch.next().expect("an event");
        thread::scope(|scope| {
            scope.spawn(|| run(writer.send("meanwhile")).expect("open"));
        });
        let two = batch.next().expect("an event");
        drop(batch);
        run(writer.close(CloseCode::NORMAL)).expect("open");
        assert_eq!([one, two], ["one", "two"].map(|text| Event::Text(text.into())), "{role:?}");
        let frames = wire::contents(&remote.take());
        assert_eq!(frames, [text("meanwhile"), wire::close_content(1000, "")], "{role:?}");
    }
}

#[test]
fn answer_pings_and_send_replies_with_the_next_read() {
    for role in ROLES {
        let (mut reader, mut writer, remote) = halves(role, Script::default());
        let pings = [wire::frame(role, PING, b"1"), wire::frame(role, PING, b"2")].concat();
        remote.send(&[pings, wire::text(role, "hello")].concat());
        run(async {
            let mut batch = reader.read().await.expect("no error").expect("open");
            writer.feed("fed").await.expect("open");
            while let Some(event) = batch.next() {
                match event {
                    Event::Text(text) => {
                        batch.send(&*text).expect("open");
                        batch.send_fragment("in two ", false).expect("open");
                        batch.with_connection(|connection, output| {
                            connection.ping(b"between", output).expect("open");
                        });
                        batch.send_fragment("fragments", true).expect("open");
                    }
                    other => assert!(matches!(other, Event::Ping(_)), "{other:?}"),
                }
            }
            assert!(batch.buffered() > 40, "{role:?}");
        });
        assert!(remote.take().is_empty(), "{role:?}: they gather");
        Task::new(async { reader.read().await.is_ok() }).wait();
        let expected = [
            text("fed"),
            (PONG, b"1".to_vec()),
            (PONG, b"2".to_vec()),
            text("hello"),
            (TEXT, b"in two ".to_vec()),
            (PING, b"between".to_vec()),
            (FIN, b"fragments".to_vec()),
        ];
        assert_eq!(remote.writes().len(), 1, "{role:?}: one write");
        assert_eq!(wire::contents(&remote.take()), expected, "{role:?}");
    }
}

/// A half that only receives is not blocked by output, a half that replies is.
#[test]
fn wait_for_room_only_where_they_have_replied() {
    for role in ROLES {
        let (mut reader, mut writer, remote) = halves(role, Script::default());
        remote.set_capacity(0);
        while writer.try_send(vec![0xA5; 1000]).is_ok() {}
        for replies in [false, false, true] {
            remote.send(&wire::text(role, "request"));
            let mut batch = run(reader.read()).expect("no error").expect("open");
            assert_eq!(batch.next(), Some(Event::Text("request".into())), "{role:?}");
            if replies {
                batch.send("reply").expect("open");
            }
        }
        remote.send(&wire::text(role, "another request"));
        {
            let mut read = Task::new(async {
                let mut batch = reader.read().await.expect("no error").expect("open");
                assert!(batch.next().is_some());
                assert!(batch.buffered() < HIGH_WATER);
            });
            read.wait();
            remote.set_capacity(usize::MAX);
            read.finish();
        }
        let frames = wire::contents(&remote.take());
        assert_eq!(frames.last(), Some(&text("reply")), "{role:?}");
    }
}

#[test]
fn report_the_error_that_follows_them() {
    for role in ROLES {
        let (mut reader, _writer, remote) = halves(role, Script::default());
        remote.send(&[wire::text(role, "valid"), vec![0xFF]].concat());
        remote.end();
        run(async {
            let mut batch = reader.read().await.expect("no error").expect("open");
            assert_eq!(batch.next(), Some(Event::Text("valid".into())));
            assert_eq!(batch.next(), None);
        });
        assert!(matches!(run(reader.read()), Err(Error::Protocol(_))), "{role:?}");
        assert!(matches!(run(reader.read()), Ok(None)), "{role:?}");
    }
}

/// The writer waits for room, and the batch finds the Close frame that makes it fail.
#[test]
fn wake_the_writer_when_the_peer_closes() {
    for role in ROLES {
        let (socket, remote, _clock) = open_plainly(role);
        let (mut reader, mut writer) = socket.split();
        remote.set_capacity(0);
        while writer.try_send(vec![0xA5; 1000]).is_ok() {}
        let mut feed = Task::new(writer.feed("more"));
        feed.wait();
        remote.send(&wire::close(role, 1000, ""));
        let mut batch = run(reader.read()).expect("no error").expect("open");
        assert!(matches!(batch.next(), Some(Event::Close(_))));
        assert!(feed.is_woken(), "{role:?}");
        assert!(feed.finish().is_err(), "{role:?}");
    }
}
