//! Connections with permessage-deflate.

use std::time::Duration;

use rand::RngExt;
use ws_futures::proto::Compression;
use ws_futures::{CloseCode, Config, Deflate, Event, Message, Prepared};

use crate::support::script::{Script, Turns};
use crate::support::seeds;
use crate::support::task::{Task, insist, run, run_both};
use crate::support::{Socket, shake_hands, wire};

fn config() -> Config {
    Config { deflate: Some(Deflate::default()), ..Config::default() }
}

/// Messages of all sizes, most of which become smaller.
fn messages() -> Vec<Message> {
    let line = |i: usize| format!("{{\"number\":{i},\"square\":{}}},", i * i);
    let json = |len: usize| (0..).map(line).take(len / 20).collect::<String>();
    let mut messages = vec![Message::text(""), Message::text("short")];
    for len in [127, 128, 1000, 10_000, 100_000] {
        messages.push(Message::text(json(len)));
        messages.push(Message::binary(vec![0xA5; len]));
    }
    messages
}

async fn echo(socket: &mut Socket) {
    while let Some(message) = socket.recv().await.expect("no error") {
        if message.is_data() {
            socket.send(message).await.expect("open");
        }
    }
}

#[test]
fn every_message_comes_back() {
    let scripts = [Script::default(), Script::cut(&[0, 1000]), Script::cut(&[7, 0, 0, 100])];
    for script in scripts {
        for timeout in [1, 3, usize::MAX] {
            let (mut client, mut server, _clock) =
                shake_hands(&config(), [script.clone(), script.clone()]);
            let converse = async {
                for message in messages() {
                    insist(timeout, async || client.feed(message.clone()).await)
                        .await
                        .expect("open");
                    insist(timeout, async || client.flush().await).await.expect("open");
                    let echo = insist(timeout, async || client.recv().await).await;
                    assert!(echo.expect("no error") == Some(message), "not what was sent");
                }
                client.close_and_discard(CloseCode::NORMAL).await.expect("no error");
            };
            run_both(converse, echo(&mut server));
            let plain: usize = messages().iter().map(|message| message.as_bytes().len()).sum();
            let sent = client.stats().sent.bytes as usize;
            assert!(sent < plain / 3, "{sent} bytes for {plain}");
        }
    }
}

#[test]
fn through_halves_and_batches() {
    seeds::for_seeds(20, |random| {
        let scripts = [seeds::script(random), seeds::script(random)];
        let (client, mut server, _clock) = shake_hands(&config(), scripts);
        let (mut reader, mut writer) = client.split();
        let mut sent = messages();
        sent.rotate_left(random.random_range(0..12));
        let write = async {
            for message in &sent {
                writer.send(message.clone()).await.expect("open");
            }
            for expected in &sent {
                let message = reader.recv().await.expect("no error").expect("open");
                assert!(message == *expected, "not what was sent");
            }
            writer.close(CloseCode::NORMAL).await.expect("open");
            while reader.recv().await.expect("no error").is_some() {}
        };
        let echo = async {
            while let Some(mut batch) = server.read().await.expect("no error") {
                while let Some(event) = batch.next() {
                    match event {
                        Event::Text(text) => batch.send(text.into_owned()).expect("open"),
                        Event::Binary(data) => batch.send(data.into_owned()).expect("open"),
                        Event::TextChunk { data, fin } => {
                            batch.send_fragment(data.into_owned(), fin).expect("open");
                        }
                        Event::BinaryChunk { data, fin } => {
                            batch.send_fragment(data.into_owned(), fin).expect("open");
                        }
                        Event::Ping(_) | Event::Pong(_) | Event::Close(_) => {}
                    }
                }
            }
        };
        run_both(write, echo);
    });
}

/// The deadline of the engines is far later than that of closing.
#[test]
fn engines_that_wait_do_not_prolong_closing() {
    let deflate = Deflate { idle_timeout: Duration::from_secs(3600), ..Deflate::default() };
    let config = Config { deflate: Some(deflate), ..Config::default() };
    // A peer that never reads; a stream that cannot be closed.
    for (capacity, closes) in [(0, &[1][..]), (usize::MAX, &[])] {
        let script = Script { closes: Turns::of(closes), ..Script::default() };
        let (mut client, _server, clock) = shake_hands(&config, [script, Script::default()]);
        client.get_ref().remote().set_capacity(capacity);
        run(client.feed("x".repeat(1000))).expect("open");
        let mut close = Task::new(client.close_and_discard(CloseCode::NORMAL));
        close.wait();
        clock.advance(config.close_timeout);
        close.finish().expect("no error of the protocol");
    }
}

/// Engines are returned after a time without messages, and borrowed again.
#[test]
fn an_idle_connection_wakes_up_again() {
    let (mut client, mut server, clock) =
        shake_hands(&config(), [Script::default(), Script::default()]);
    for message in messages() {
        run(client.send(message.clone())).expect("open");
        assert!(run(server.recv()).expect("no error") == Some(message), "not what was sent");
        for socket in [&mut client, &mut server] {
            Task::new(socket.recv()).wait();
        }
        clock.advance(Duration::from_secs(2));
        for socket in [&mut client, &mut server] {
            Task::new(socket.recv()).wait();
        }
    }
}

#[test]
fn a_prepared_message_is_compressed_where_it_may_be() {
    for context_takeover in [true, false] {
        let deflate = Deflate { context_takeover, ..Deflate::default() };
        let config = Config { deflate: Some(deflate.clone()), ..Config::default() };
        let (mut client, mut server, _clock) =
            shake_hands(&config, [Script::default(), Script::default()]);
        for message in messages() {
            let prepared = match &message {
                Message::Text(text) => Prepared::deflated(&**text, &deflate),
                other => Prepared::deflated(other.as_bytes(), &deflate),
            };
            run(server.feed_prepared(&prepared)).expect("open");
            run(server.flush()).expect("open");
            assert!(run(client.recv()).expect("no error") == Some(message), "not what was sent");
        }
        let plain: usize = messages().iter().map(|message| message.as_bytes().len()).sum();
        let sent = server.stats().sent.bytes as usize;
        assert_eq!(sent < plain / 3, !context_takeover, "{sent} bytes for {plain}");
    }
}

const RSV1: u8 = 0x40;

type SendWith = fn(Socket, Message, Compression);

/// What a server sends while it has input to read.
const WAYS: [(&str, SendWith); 6] = [
    ("send_with", |mut socket, message, compression| {
        run(socket.send_with(message, compression)).expect("open");
    }),
    ("feed_with", |mut socket, message, compression| {
        run(socket.feed_with(message, compression)).expect("open");
        run(socket.flush()).expect("open");
    }),
    ("send_with of a half", |socket, message, compression| {
        let (_reader, mut writer) = socket.split();
        run(writer.send_with(message, compression)).expect("open");
    }),
    ("feed_with of a half", |socket, message, compression| {
        let (_reader, mut writer) = socket.split();
        run(writer.feed_with(message, compression)).expect("open");
        run(writer.flush()).expect("open");
    }),
    ("a batch", |mut socket, message, compression| {
        {
            let mut batch = run(socket.read()).expect("no error").expect("the prompt");
            batch.send_with(message.as_bytes(), compression).expect("open");
        }
        run(socket.flush()).expect("open");
    }),
    ("a batch of a half", |socket, message, compression| {
        let (mut reader, mut writer) = socket.split();
        {
            let mut batch = run(reader.read()).expect("no error").expect("the prompt");
            batch.send_with(message.as_bytes(), compression).expect("open");
        }
        run(writer.flush()).expect("open");
    }),
];

#[test]
fn compression_is_chosen_for_each_message() {
    let choices = [
        (Compression::Automatic, 10, false),
        (Compression::Automatic, 1000, true),
        (Compression::Automatic, 20_000, true),
        (Compression::Always, 10, true),
        (Compression::Always, 20_000, true),
        (Compression::Never, 1000, false),
        (Compression::Never, 20_000, false),
    ];
    for (way, send) in WAYS {
        for (compression, len, compressed) in choices {
            let (mut client, server, _clock) =
                shake_hands(&config(), [Script::default(), Script::default()]);
            run(client.send("prompt")).expect("open");
            let remote = server.get_ref().remote();
            remote.take();
            send(server, Message::binary(vec![b'x'; len]), compression);
            let at = format!("{way}, {compression:?}, {len} bytes");
            let [(first, payload)] = &*wire::contents(&remote.take()) else { panic!("{at}") };
            assert_eq!(first & RSV1 != 0, compressed, "{at}");
            assert_eq!(payload.len() < len || len == 10 && compressed, compressed, "{at}");
        }
    }
}

/// The choice for the first chunk applies to the message.
#[test]
fn compression_is_chosen_for_a_message_in_chunks() {
    for (compression, compressed) in [(Compression::Always, true), (Compression::Never, false)] {
        let (_client, mut server, _clock) =
            shake_hands(&config(), [Script::default(), Script::default()]);
        let remote = server.get_ref().remote();
        remote.take();
        for (len, fin) in [(10, false), (20_000, false), (10, true)] {
            let chunk = Message::BinaryChunk { data: vec![b'x'; len].into(), fin };
            run(server.send_with(chunk, compression)).expect("open");
        }
        let frames = wire::contents(&remote.take());
        assert_eq!(frames[0].0 & RSV1 != 0, compressed);
        let len: usize = frames.iter().map(|(_, payload)| payload.len()).sum();
        assert_eq!(len < 1000, compressed, "{len} bytes");
    }
}
