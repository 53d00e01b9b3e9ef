//! Four tasks, two at each end, over streams that cut and wait at random.

use std::cell::Cell;

use rand::RngExt;
use rand::rngs::StdRng;
use ws_futures::{CloseCode, Config, Message, TrySendError};

use crate::support::task::{Crowd, Task};
use crate::support::{Reader, Writer, open_both, seeds};

pub(crate) fn messages(random: &mut StdRng) -> Vec<Message> {
    let count = random.random_range(1..30);
    (0..count)
        .map(|i| match random.random_range(0..40) {
            0 => Message::binary(seeds::bytes(random, 70_000)),
            1..5 => Message::binary(seeds::bytes(random, 9000)),
            5..9 => Message::Ping(vec![i; 5].into()),
            9..15 => Message::text("x".repeat(random.random_range(0..5000))),
            _ => Message::text(format!("message {i}")),
        })
        .collect()
}

/// Writes all messages, and then a final one; returns the writer.
async fn write(mut writer: Writer, messages: &[Message], way: u32) -> Writer {
    for message in messages {
        let message = message.clone();
        match way {
            0 => writer.send(message).await.expect("open"),
            1 => writer.feed(message).await.expect("open"),
            _ => {
                if let Err(TrySendError::Full(message)) = writer.try_send(message) {
                    writer.send(message).await.expect("open");
                }
            }
        }
    }
    writer.send("that was all").await.expect("open");
    writer
}

/// Reads to the end; sets `all` when the final message has arrived.
async fn read(mut reader: Reader, all: &Cell<bool>) -> Vec<Message> {
    let mut messages = Vec::new();
    while let Some(message) = reader.recv().await.expect("no error") {
        match message {
            Message::Pong(_) | Message::Close(_) => {}
            message if message.as_text() == Some("that was all") => all.set(true),
            message => messages.push(message),
        }
    }
    assert!(reader.closed().expect("facts").is_clean());
    messages
}

#[test]
fn everything_arrives() {
    seeds::for_seeds(100, |random| {
        let scripts = [seeds::script(random), seeds::script(random)];
        let (client, server, clock) = open_both(&Config::default(), scripts);
        let began = clock.now();
        let wires = [&client, &server].map(|socket| socket.get_ref().remote());
        for wire in &wires {
            wire.set_capacity(random.random_range(1..100_000));
            if random.random() {
                wire.be_lazy();
            }
        }
        let (client_reader, client_writer) = client.split();
        let (server_reader, server_writer) = server.split();
        let sent = [messages(random), messages(random)];
        let all = [Cell::new(false), Cell::new(false)];
        let mut received = [Vec::new(), Vec::new()];
        let written = [Cell::new(None), Cell::new(None)];

        let [at_client, at_server] = &mut received;
        let mut crowd = Crowd {
            tasks: vec![
                Task::new(async { *at_client = read(client_reader, &all[0]).await }),
                Task::new(async { *at_server = read(server_reader, &all[1]).await }),
            ],
            wires: wires.to_vec(),
        };
        for (i, writer) in [client_writer, server_writer].into_iter().enumerate() {
            let way = random.random_range(0..3);
            let (written, messages) = (&written[i], &sent[i]);
            let task = async move { written.set(Some(write(writer, messages, way).await)) };
            crowd.tasks.push(Task::new(task));
        }
        let arrived = |left| left == 2 && all.iter().all(Cell::get);
        crowd.run_until(|woken| random.random_range(0..woken), arrived);
        let closer = written[random.random_range(0..2)].take();
        crowd.tasks.push(Task::new(async {
            closer.expect("written").close(CloseCode::NORMAL).await.expect("open");
        }));
        crowd.run_to_end(|woken| random.random_range(0..woken));
        drop(crowd);
        assert!(received[1] == sent[0], "the server has not received all");
        assert!(received[0] == sent[1], "the client has not received all");
        assert_eq!(clock.now(), began, "no deadline was needed");
    });
}
