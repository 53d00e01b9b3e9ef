//! Every way to receive returns the same messages, and every way to send writes the same bytes.

use futures_util::{SinkExt, StreamExt};
use ws_futures::proto::{Payload, Role};
use ws_futures::{Config, Event, Message};

use crate::support::script::Script;
use crate::support::task::run;
use crate::support::{ROLES, Socket, conversation, open, wire};

type Receive = fn(Socket) -> Vec<Message>;
type Send = fn(Socket, Vec<Message>);

const RECEIVING: [(&str, Receive); 6] = [
    ("read", by_read),
    ("recv", by_recv),
    ("read and recv in turn", by_both),
    ("Stream", by_stream),
    ("ReadHalf::recv", by_read_half),
    ("ReadHalf as Stream", by_stream_of_half),
];

fn by_read(mut socket: Socket) -> Vec<Message> {
    run(async {
        let mut messages = Vec::new();
        while let Some(mut batch) = socket.read().await.expect("no error") {
            while let Some(event) = batch.next() {
                messages.push(event.into());
            }
        }
        messages
    })
}

fn by_recv(mut socket: Socket) -> Vec<Message> {
    run(async {
        let mut messages = Vec::new();
        while let Some(message) = socket.recv().await.expect("no error") {
            messages.push(message);
        }
        messages
    })
}

/// One event of a batch, whose rest is not used, and one message.
fn by_both(mut socket: Socket) -> Vec<Message> {
    run(async {
        let mut messages = Vec::new();
        loop {
            let Some(mut batch) = socket.read().await.expect("no error") else { break };
            messages.extend(batch.next().map(Message::from));
            drop(batch);
            if !matches!(messages.last(), Some(Message::Close(_))) {
                messages.extend(socket.recv().await.expect("no error"));
            }
        }
        messages
    })
}

fn by_stream(socket: Socket) -> Vec<Message> {
    run(socket.map(|item| item.expect("no error")).collect())
}

fn by_read_half(socket: Socket) -> Vec<Message> {
    let (mut reader, _writer) = socket.split();
    run(async {
        let mut messages = Vec::new();
        while let Some(message) = reader.recv().await.expect("no error") {
            messages.push(message);
        }
        messages
    })
}

fn by_stream_of_half(socket: Socket) -> Vec<Message> {
    let (reader, _writer) = socket.split();
    run(reader.map(|item| item.expect("no error")).collect())
}

#[test]
fn receiving() {
    for role in ROLES {
        let farewell = wire::close(role, 4321, "enough");
        let wire = [conversation::wire(role), farewell].concat();
        let messages = [conversation::messages(), vec![conversation::close()]].concat();
        let cuts: [&[usize]; 6] = [&[usize::MAX], &[1], &[0, 1], &[3, 0], &[7, 1000], &[64, 0, 0]];
        for (name, receive) in RECEIVING {
            for cut in cuts {
                let (socket, remote, _clock) = open(role, &Config::default(), Script::cut(cut));
                remote.send(&wire);
                remote.end();
                assert_eq!(receive(socket), messages, "{name} as {role:?}, reads of {cut:?}");

                let frames = wire::contents(&remote.take());
                let answer = (wire::CLOSE, 4321_u16.to_be_bytes().to_vec());
                let expected = [conversation::pongs(), vec![answer]].concat();
                assert_eq!(frames, expected, "{name} as {role:?}, writes of {cut:?}");
            }
        }
    }
}

const SENDING: [(&str, Send); 11] = [
    ("send", by_send),
    ("feed and flush", by_feed),
    ("try_send and flush", by_try_send),
    ("ready and try_send", by_ready),
    ("Sink", by_sink),
    ("Sink::send_all", by_send_all),
    ("a batch", by_batch),
    ("WriteHalf::send", by_write_half),
    ("WriteHalf::feed and flush", by_feeding_half),
    ("WriteHalf::try_send and flush", by_trying_half),
    ("WriteHalf as Sink", by_sink_of_half),
];

fn by_send(mut socket: Socket, messages: Vec<Message>) {
    run(async {
        for message in messages {
            socket.send(message).await.expect("open");
        }
    });
}

fn by_feed(mut socket: Socket, messages: Vec<Message>) {
    run(async {
        for message in messages {
            socket.feed(message).await.expect("open");
        }
        socket.flush().await.expect("open");
    });
}

fn by_try_send(mut socket: Socket, messages: Vec<Message>) {
    for message in messages {
        socket.try_send(message).expect("room");
        run(socket.flush()).expect("open");
    }
}

fn by_ready(mut socket: Socket, messages: Vec<Message>) {
    run(async {
        for message in messages {
            socket.ready().await.expect("open");
            socket.try_send(message).expect("room");
        }
        socket.flush().await.expect("open");
    });
}

fn by_sink(mut socket: Socket, messages: Vec<Message>) {
    run(async {
        for message in messages {
            SinkExt::send(&mut socket, message).await.expect("open");
        }
    });
}

fn by_send_all(mut socket: Socket, messages: Vec<Message>) {
    let mut messages = futures_util::stream::iter(messages.into_iter().map(Ok));
    run(socket.send_all(&mut messages)).expect("open");
}

/// Needs input to read before it can send.
fn by_batch(mut socket: Socket, messages: Vec<Message>) {
    run(async {
        let mut batch = socket.read().await.expect("no error").expect("the prompt");
        assert_eq!(batch.next(), Some(Event::Text("prompt".into())));
        for message in messages {
            match message {
                Message::Text(text) => batch.send(Payload::from(&*text)),
                Message::Binary(data) => batch.send(data.to_vec()),
                Message::Ping(payload) => {
                    let (connection, output) = batch.connection();
                    connection.ping(&payload, output)
                }
                Message::Pong(payload) => {
                    let (connection, output) = batch.connection();
                    connection.pong(&payload, output)
                }
                other => panic!("{other:?}"),
            }
            .expect("open");
        }
        drop(batch);
        socket.flush().await.expect("open");
    });
}

fn by_write_half(socket: Socket, messages: Vec<Message>) {
    let (_reader, mut writer) = socket.split();
    run(async {
        for message in messages {
            writer.send(message).await.expect("open");
        }
    });
}

fn by_feeding_half(socket: Socket, messages: Vec<Message>) {
    let (_reader, mut writer) = socket.split();
    run(async {
        for message in messages {
            writer.feed(message).await.expect("open");
        }
        writer.flush().await.expect("open");
    });
}

fn by_trying_half(socket: Socket, messages: Vec<Message>) {
    let (_reader, mut writer) = socket.split();
    for message in messages {
        writer.try_send(message).expect("room");
        run(writer.flush()).expect("open");
    }
}

fn by_sink_of_half(socket: Socket, messages: Vec<Message>) {
    let (_reader, mut writer) = socket.split();
    run(async {
        for message in messages {
            SinkExt::send(&mut writer, message).await.expect("open");
        }
    });
}

/// Messages of every size class: copied, queued, several queued.
fn outgoing() -> Vec<Message> {
    let large = |len| conversation::pattern(len);
    [
        conversation::messages(),
        vec![
            Message::binary(large(8 * 1024 - 1)),
            Message::binary(large(8 * 1024)),
            Message::text("Ω".repeat(40_000)),
            Message::text("small"),
            Message::binary(large(200_000)),
            Message::binary(large(70_000)),
            Message::Ping(b"ping".as_slice().into()),
        ],
    ]
    .concat()
}

fn frames_of(messages: &[Message]) -> Vec<wire::Content> {
    let frame = |message: &Message| {
        let first = match message {
            Message::Text(_) => wire::FIN | wire::TEXT,
            Message::Binary(_) => wire::FIN | wire::BINARY,
            Message::Ping(_) => wire::PING,
            Message::Pong(_) => wire::PONG,
            other => panic!("{other:?}"),
        };
        (first, message.as_bytes().to_vec())
    };
    messages.iter().map(frame).collect()
}

#[test]
fn sending() {
    let messages = outgoing();
    let cuts: [&[usize]; 4] = [&[usize::MAX], &[1000], &[0, 7, 5000], &[20_000, 0, 0, 3]];
    for role in ROLES {
        // The masking keys are the same for all, too, since they are derived from one seed.
        let mut first: Option<Vec<u8>> = None;
        for (name, send) in SENDING {
            for cut in cuts {
                let script = Script::cut_writes(cut);
                let (socket, remote, _clock) = open(role, &Config::default(), script);
                remote.send(&wire::text(role, "prompt"));
                send(socket, messages.clone());
                let written = remote.take();
                let first = first.get_or_insert_with(|| written.clone());
                assert!(*first == written, "{name} as {role:?}, cut {cut:?}");
            }
        }
        assert_eq!(wire::contents(&first.expect("written")), frames_of(&messages), "{role:?}");
    }
}

#[test]
fn sending_in_pieces_of_a_byte() {
    let messages = conversation::messages();
    for (name, send) in SENDING {
        let script = Script::cut_writes(&[0, 1]);
        let (socket, remote, _clock) = open(Role::Server, &Config::default(), script);
        remote.send(&wire::text(Role::Server, "prompt"));
        send(socket, messages.clone());
        assert_eq!(wire::contents(&remote.take()), frames_of(&messages), "{name}");
    }
}
