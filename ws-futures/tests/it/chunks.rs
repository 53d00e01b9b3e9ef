//! Messages in chunks: received as they arrive, and forwarded without an end of their own.

use futures_util::{SinkExt, StreamExt, TryStreamExt};
use ws_futures::proto::{Role, SendError};
use ws_futures::{ByteString, Bytes, Config, Delivery, Error, Message, TrySendError};

use crate::support::script::Script;
use crate::support::stream::Remote;
use crate::support::task::run;
use crate::support::wire::{self, BINARY, CONTINUATION, FIN, TEXT};
use crate::support::{ROLES, Socket, conversation, open, open_plainly};

/// More than one read takes.
const LARGE: usize = 200_000;

fn open_chunked(role: Role, script: Script) -> (Socket, Remote) {
    let config = Config { delivery: Delivery::Chunked, ..Config::default() };
    let (socket, remote, _clock) = open(role, &config, script);
    (socket, remote)
}

fn text(data: &'static str, fin: bool) -> Message {
    Message::TextChunk { data: ByteString::from_static(data), fin }
}

fn binary(data: Vec<u8>, fin: bool) -> Message {
    Message::BinaryChunk { data: data.into(), fin }
}

/// Joins chunks into messages; panics over chunks of two kinds in one message.
fn join(messages: impl IntoIterator<Item = Message>) -> Vec<Message> {
    let mut joined = Vec::new();
    let mut unfinished: Option<Message> = None;
    for message in messages {
        let (message, fin) = match (unfinished.take(), message) {
            (None, Message::TextChunk { data, fin }) => (Message::Text(data), fin),
            (None, Message::BinaryChunk { data, fin }) => (Message::Binary(data), fin),
            (Some(Message::Text(begin)), Message::TextChunk { data, fin }) => {
                (Message::text(format!("{begin}{data}")), fin)
            }
            (Some(Message::Binary(begin)), Message::BinaryChunk { data, fin }) => {
                (Message::binary([&begin[..], &data].concat()), fin)
            }
            (begin, control @ (Message::Ping(_) | Message::Pong(_) | Message::Close(_))) => {
                joined.push(control);
                unfinished = begin;
                continue;
            }
            (begin, other) => panic!("{other:?} behind {begin:?}"),
        };
        match fin {
            true => joined.push(message),
            false => unfinished = Some(message),
        }
    }
    assert_eq!(unfinished, None);
    joined
}

/// The data messages in frames, however they are fragmented.
fn messages_of(frames: Vec<wire::Content>) -> Vec<Message> {
    let mut messages = Vec::new();
    let (mut kind, mut payload) = (TEXT, Vec::new());
    for (first, part) in frames {
        match first & 0xF {
            CONTINUATION => {}
            TEXT | BINARY => {
                assert!(payload.is_empty(), "a new message inside another");
                kind = first & 0xF;
            }
            _ => continue,
        }
        payload.extend(part);
        if first & FIN != 0 {
            let payload = std::mem::take(&mut payload);
            messages.push(match kind {
                TEXT => Message::text(String::from_utf8(payload).expect("text")),
                _ => Message::binary(payload),
            });
        }
    }
    assert!(payload.is_empty(), "an unfinished message");
    messages
}

fn is_message(message: &Message) -> bool {
    matches!(message, Message::Text(_) | Message::Binary(_))
}

#[test]
fn are_received_with_their_end() {
    for role in ROLES {
        for script in [Script::default(), Script::cut(&[1000]), Script::cut(&[7])] {
            let (mut socket, remote) = open_chunked(role, script);
            let large = "€".repeat(LARGE / 3);
            remote.send(&[conversation::wire(role), wire::text(role, &large)].concat());
            remote.send(&wire::close(role, 4321, "enough"));
            remote.end();
            let received: Vec<Message> = run((&mut socket).try_collect()).expect("no error");
            assert!(received.iter().filter(|message| message.is_data()).count() > 6, "in pieces");
            assert!(!received.iter().any(is_message), "{role:?}: without an end");
            let expected =
                [conversation::messages(), vec![Message::text(large)], vec![conversation::close()]];
            // Control frames are delivered between the chunks of a message; the last of them is the
            // Close.
            let mut joined = join(received);
            joined.sort_by_key(|message| !message.is_data());
            let mut expected = expected.concat();
            expected.sort_by_key(|message| !message.is_data());
            assert_eq!(joined, expected, "{role:?}");
        }
    }
}

/// A stream of chunks, forwarded into a sink: the peer there receives the same messages.
#[test]
fn are_forwarded_as_fragments() {
    for role in ROLES {
        for way in ROLES {
            let (socket, remote) = open_chunked(role, Script::cut(&[10_000]));
            let (mut onward, far, _clock) = open_plainly(way);
            let (text, data) = ("€".repeat(LARGE / 3), conversation::pattern(LARGE));
            let wire = [
                conversation::wire(role),
                wire::text(role, &text),
                wire::binary(role, &data),
                wire::close(role, 1000, ""),
            ];
            remote.send(&wire.concat());
            remote.end();
            run(socket.forward(&mut onward)).expect("no error");
            let frames = wire::contents(&far.take());
            assert!(frames.len() > 30, "not as they arrived");
            let mut expected = conversation::messages();
            expected.retain(Message::is_data);
            expected.extend([Message::text(text), Message::binary(data)]);
            assert!(messages_of(frames) == expected, "{role:?} to {way:?}");
        }
    }
}

type Send = fn(&mut Socket, Message) -> Result<(), Error>;

const WAYS: [(&str, Send); 4] = [
    ("send", |socket, message| run(socket.send(message))),
    ("feed", |socket, message| {
        run(socket.feed(message))?;
        run(socket.flush())
    }),
    ("try_send", |socket, message| {
        match socket.try_send(message) {
            Ok(()) => {}
            Err(TrySendError::Send(error)) => return Err(error.into()),
            Err(TrySendError::Full(_)) => panic!("there is room"),
        }
        run(socket.flush())
    }),
    ("Sink", |socket, message| run(SinkExt::send(socket, message))),
];

#[test]
fn are_sent_as_fragments() {
    for role in ROLES {
        for (way, send) in WAYS {
            let (mut socket, remote, _clock) = open_plainly(role);
            let large = conversation::pattern(50_000);
            let sent = [
                text("begun, ", false),
                Message::Ping(Bytes::from_static(b"between")),
                text("", false),
                text("and finished", true),
                binary(large.clone(), false),
                binary(large.clone(), true),
                text("whole", true),
            ];
            for message in sent {
                send(&mut socket, message).expect("open");
            }
            let expected = [
                (TEXT, b"begun, ".to_vec()),
                (wire::PING, b"between".to_vec()),
                (CONTINUATION, Vec::new()),
                (FIN | CONTINUATION, b"and finished".to_vec()),
                (BINARY, large.clone()),
                (FIN | CONTINUATION, large),
                (FIN | TEXT, b"whole".to_vec()),
            ];
            assert_eq!(wire::contents(&remote.take()), expected, "{way} as {role:?}");
            assert_eq!(socket.stats().sent.messages, 3, "{way} as {role:?}");
        }
    }
}

/// A chunk that would break a message apart is an error, and the message can still be finished.
#[test]
fn keep_their_message_whole() {
    for role in ROLES {
        for (way, send) in WAYS {
            let (mut socket, remote, _clock) = open_plainly(role);
            send(&mut socket, text("begun, ", false)).expect("open");
            for (other, error) in [
                (Message::text("another"), SendError::MessageUnfinished),
                (Message::binary(vec![1; 10_000]), SendError::MessageUnfinished),
                (binary(vec![1; 10], false), SendError::FragmentKind),
                (binary(vec![1; 10_000], true), SendError::FragmentKind),
            ] {
                let Err(Error::Send(refused)) = send(&mut socket, other) else { panic!("{way}") };
                assert_eq!(refused, error, "{way} as {role:?}");
            }
            send(&mut socket, text("and finished", true)).expect("open");
            let messages = messages_of(wire::contents(&remote.take()));
            assert_eq!(messages, [Message::text("begun, and finished")], "{way} as {role:?}");
        }
    }
}
