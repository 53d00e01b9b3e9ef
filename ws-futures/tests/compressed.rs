//! Connections with permessage-deflate.
#![cfg(feature = "deflate")]

mod support;

use std::time::Duration;

use rand::RngExt;
use ws_futures::{CloseCode, Config, Deflate, Event, Message, Prepared};

use support::script::{Script, Turns};
use support::seeds;
use support::task::{Task, insist, run, run_both};
use support::{Socket, shake_hands};

fn config() -> Config {
    Config { deflate: Some(Deflate::default()), ..Config::default() }
}

/// Messages of all sizes, of which most get smaller.
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
        for patience in [1, 3, usize::MAX] {
            let (mut client, mut server, _clock) =
                shake_hands(&config(), [script.clone(), script.clone()]);
            let converse = async {
                for message in messages() {
                    insist(patience, async || client.feed(message.clone()).await)
                        .await
                        .expect("open");
                    insist(patience, async || client.flush().await).await.expect("open");
                    let echo = insist(patience, async || client.recv().await).await;
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

/// The engines' own deadline lies far behind that of closing.
#[test]
fn engines_that_wait_do_not_prolong_closing() {
    let deflate = Deflate { idle_timeout: Duration::from_secs(3600), ..Deflate::default() };
    let config = Config { deflate: Some(deflate), ..Config::default() };
    // A peer that never reads; a stream that cannot be ended.
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

/// Engines go back by the clock, and come again.
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
