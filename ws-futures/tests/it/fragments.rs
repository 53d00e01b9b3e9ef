//! Messages that are sent in fragments.

use std::borrow::Cow;

use ws_futures::proto::{self, Role, SendError};
use ws_futures::{Error, Event};

use crate::support::task::{Task, run};
use crate::support::wire::{self, BINARY, CONTINUATION, FIN, TEXT};
use crate::support::{ROLES, Socket, conversation, open_plainly};

/// One part of a message, and whether it is the last.
type Part = (proto::Payload<'static>, bool);

/// Small and large parts, borrowed and owned.
fn parts() -> Vec<Part> {
    static LENT: [u8; 9000] = [0xB1; 9000];
    vec![
        ("begun, ".into(), false),
        (Cow::Borrowed("").into(), false),
        ("x".repeat(9000).into(), false),
        ("and finished".into(), true),
        ((&LENT).into(), false),
        (conversation::pattern(70_000).into(), true),
        ("whole".into(), true),
    ]
}

fn frames() -> Vec<wire::Content> {
    let mut continued = false;
    let frame = |(part, fin): Part| {
        let opcode = match &part {
            _ if continued => CONTINUATION,
            proto::Payload::Text(_) => TEXT,
            proto::Payload::Binary(_) => BINARY,
        };
        continued = !fin;
        (if fin { FIN | opcode } else { opcode }, part.as_bytes().to_vec())
    };
    parts().into_iter().map(frame).collect()
}

type Send = fn(Socket, Vec<Part>);

const WAYS: [(&str, Send); 6] = [
    ("send_fragment", |mut socket, parts| {
        run(async {
            for (part, fin) in parts {
                socket.send_fragment(part, fin).await.expect("open");
            }
        });
    }),
    ("feed_fragment", |mut socket, parts| {
        run(async {
            for (part, fin) in parts {
                socket.feed_fragment(part, fin).await.expect("open");
            }
            socket.flush().await.expect("open");
        });
    }),
    ("send_fragment of a half", |socket, parts| {
        let (_reader, mut writer) = socket.split();
        run(async {
            for (part, fin) in parts {
                writer.send_fragment(part, fin).await.expect("open");
            }
        });
    }),
    ("feed_fragment of a half", |socket, parts| {
        let (_reader, mut writer) = socket.split();
        run(async {
            for (part, fin) in parts {
                writer.feed_fragment(part, fin).await.expect("open");
            }
            writer.flush().await.expect("open");
        });
    }),
    ("a batch", |mut socket, parts| {
        run(async {
            let mut batch = socket.read().await.expect("no error").expect("the prompt");
            assert_eq!(batch.next(), Some(Event::Text("prompt".into())));
            for (part, fin) in parts {
                batch.send_fragment(part, fin).expect("open");
            }
            drop(batch);
            socket.flush().await.expect("open");
        });
    }),
    ("a batch of a half", |socket, parts| {
        let (mut reader, mut writer) = socket.split();
        run(async {
            let mut batch = reader.read().await.expect("no error").expect("the prompt");
            assert_eq!(batch.next(), Some(Event::Text("prompt".into())));
            for (part, fin) in parts {
                batch.send_fragment(part, fin).expect("open");
            }
            writer.flush().await.expect("open");
        });
    }),
];

#[test]
fn are_the_same_by_every_way_of_sending() {
    for role in ROLES {
        for (way, send) in WAYS {
            let (socket, remote, _clock) = open_plainly(role);
            remote.send(&wire::text(role, "prompt"));
            send(socket, parts());
            assert!(wire::contents(&remote.take()) == frames(), "{way} as {role:?}");
        }
    }
}

#[test]
fn wait_for_room() {
    for role in ROLES {
        let (mut socket, remote, _clock) = open_plainly(role);
        remote.set_capacity(0);
        while socket.try_send(vec![0xA5; 1000]).is_ok() {}
        {
            let mut feed = Task::new(socket.feed_fragment("begun", false));
            feed.wait();
        }
        {
            let mut send = Task::new(socket.send_fragment("begun, ", false));
            send.wait();
            remote.set_capacity(usize::MAX);
            send.finish().expect("open");
        }
        run(socket.send_fragment("and finished", true)).expect("open");
        let frames = wire::contents(&remote.take());
        let expected = [(TEXT, b"begun, ".to_vec()), (FIN, b"and finished".to_vec())];
        assert_eq!(
            frames[frames.len() - 2..],
            expected,
            "{role:?}: the dropped future has sent nothing"
        );
    }
}

/// From the receive buffer to the output of another connection.
#[test]
fn are_taken_from_the_batch_of_another_connection() {
    for role in ROLES {
        let (from, remote, _clock) = open_plainly(role);
        let (mut to, far, _) = open_plainly(Role::Server);
        let (mut reader, _writer) = from.split();
        remote.send(&[wire::text(role, "one"), wire::binary(role, &[2; 20_000])].concat());
        run(async {
            let mut batch = reader.read().await.expect("no error").expect("open");
            while let Some(event) = batch.next() {
                match event {
                    Event::Text(text) => to.feed_fragment(text, false).await.expect("open"),
                    Event::Binary(data) => {
                        let error = to.feed_fragment(&*data, true).await.expect_err("a text");
                        assert!(matches!(error, Error::Send(SendError::FragmentKind)));
                        to.feed_fragment("", true).await.expect("open");
                        to.send_fragment(data, true).await.expect("open");
                    }
                    other => panic!("{other:?}"),
                }
            }
        });
        let expected =
            [(TEXT, b"one".to_vec()), (FIN, Vec::new()), (FIN | BINARY, vec![2; 20_000])];
        assert!(wire::contents(&far.take()) == expected, "{role:?}");
    }
}
