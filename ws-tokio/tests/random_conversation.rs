//! Messages, fragments and pings of all sizes through a network that cuts and stalls.

mod support;

use std::collections::VecDeque;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use ws_tokio::proto::{Connection, SendError};
use ws_tokio::{Batch, CloseCode, Config, Event, Message};

use support::echo::{self, WAYS, Way};
use support::seeds::{self, Named};
use support::{client, on_both_runtimes, proxy};

/// What a client sends on one connection.
const COUNT: usize = 40;
/// How much may be on its way before nothing more is sent: less than sockets hold, so that two that
/// both wait for the other to read do not stop for good.
const WINDOW: usize = 200 * 1024;

#[test]
fn everything_comes_back() {
    let seed = std::cell::Cell::new(0);
    on_both_runtimes(async || {
        for way in WAYS {
            for _ in 0..2 {
                seed.set(seed.get() + 1);
                converse(way, seed.get()).await;
            }
        }
    });
}

async fn converse(way: Way, seed: u64) {
    let _named = Named(seed);
    let random = &mut StdRng::seed_from_u64(seed);
    let config = config(seed);
    let server = echo::server(way, config.clone()).await;
    let address = proxy::start(server, seed * 1000).await;
    let mut socket = client(address, &config).await;

    let mut awaited = VecDeque::from([Message::text("the first")]);
    socket.send("the first").await.expect("open");
    let mut sent = 1;
    let mut pings = 0;
    while !awaited.is_empty() {
        let mut batch = socket.read().await.expect("no error").expect("open");
        while let Some(event) = batch.next() {
            if let Event::Pong(_) = event {
                pings -= 1;
                continue;
            }
            let expected = awaited.pop_front().expect("nothing else was sent");
            assert!(Message::from(event) == expected, "{way:?}: not what was sent");
            while sent < COUNT && awaited.iter().map(len).sum::<usize>() < WINDOW {
                let (message, pinged) = send_something(&mut batch, random);
                awaited.push_back(message);
                pings += pinged;
                sent += 1;
            }
        }
    }
    // Each ping gets its pong as long as there is room; the last one always does.
    assert!(pings >= 0, "{way:?}: more pongs than pings");

    socket.close(CloseCode::NORMAL).await.expect("no error");
    let closed = socket.closed().expect("facts");
    assert!(closed.is_clean(), "{way:?}");
    assert_eq!(closed.code(), CloseCode::NORMAL, "{way:?}");
    assert_eq!(socket.stats().sent.messages as usize, COUNT, "{way:?}");
    assert_eq!(socket.stats().received.messages as usize, COUNT, "{way:?}");
}

/// Every other conversation is compressed.
#[cfg(feature = "deflate")]
fn config(seed: u64) -> Config {
    Config { deflate: (seed % 2 == 0).then(ws_tokio::Deflate::default), ..Config::default() }
}

#[cfg(not(feature = "deflate"))]
fn config(_seed: u64) -> Config {
    Config::default()
}

fn len(message: &Message) -> usize {
    message.as_bytes().len()
}

/// A message, whole or in fragments with pings between them; returns it with the number of pings.
fn send_something(batch: &mut Batch<'_>, random: &mut StdRng) -> (Message, i64) {
    let message = seeds::message(random);
    let (connection, output) = batch.connection();
    match random.random_range(0..3) {
        0 => {
            let pings = send_fragments(connection, output, &message, random);
            return (message, pings.expect("open"));
        }
        1 => {
            connection.ping(b"between messages", output).expect("open");
            send_whole(batch, message.clone());
            return (message, 1);
        }
        _ => send_whole(batch, message.clone()),
    }
    (message, 0)
}

fn send_whole(batch: &mut Batch<'_>, message: Message) {
    let sent = match message {
        Message::Text(text) => batch.send(&*text),
        Message::Binary(data) => batch.send(data.to_vec()),
        other => panic!("{other:?}"),
    };
    sent.expect("open");
}

fn send_fragments(
    connection: &mut Connection,
    output: &mut Vec<u8>,
    message: &Message,
    random: &mut StdRng,
) -> Result<i64, SendError> {
    let mut pings = 0;
    let mut rest = message.as_bytes();
    loop {
        let mut len = random.random_range(0..=rest.len().min(50_000));
        if let Some(text) = message.as_text() {
            // A fragment of a client of ours is text by itself.
            let start = text.len() - rest.len();
            while !text.is_char_boundary(start + len) {
                len += 1;
            }
        }
        let (piece, more) = rest.split_at(len);
        let fin = more.is_empty();
        match message {
            Message::Text(_) => {
                let piece = std::str::from_utf8(piece).expect("cut between characters");
                connection.send_fragment(piece, fin, output)?;
            }
            _ => connection.send_fragment(piece, fin, output)?,
        }
        if fin {
            return Ok(pings);
        }
        if random.random_range(0..4) == 0 {
            connection.ping(b"between fragments", output)?;
            pings += 1;
        }
        rest = more;
    }
}
