//! Messages, fragments and pings of all sizes through a network that cuts and stalls.

use std::collections::VecDeque;
use std::net::SocketAddr;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use ws_futures::client::ClientRequest;
use ws_futures::proto::{Connection, SendError};
use ws_futures::{
    Batch, CloseCode, Config, Event, Message, ReadHalf, WebSocket, WriteHalf, accept,
};

use crate::echo::{WAYS, Way};
use crate::network;
use crate::runtime::{Runtime, spawn};
use crate::seeds::{self, Named};
use crate::server::{Server, listener};

/// What a client sends on one connection.
const COUNT: usize = 40;
/// How many bytes may be in transit before nothing more is sent: less than sockets hold, so that
/// two sides that both wait for the other to read do not block for ever.
const WINDOW: usize = 200 * 1024;

/// Every message returns unchanged, in order, with fragments and pings in between.
pub fn everything_comes_back<R: Runtime>() {
    let mut seed = 0;
    for way in WAYS {
        for _ in 0..2 {
            seed += 1;
            let _named = Named(seed);
            let config = config(seed);
            Server::new(way, config.clone()).run::<R>(|server| {
                R::block_on(converse::<R>(server.address, way, seed, config));
                server.end().expect("no error");
            });
        }
    }
}

async fn connect<R: Runtime>(
    address: SocketAddr,
    config: Config,
) -> WebSocket<R::Stream, R::Timer> {
    let stream = R::connect(address).await.expect("a server");
    let request = ClientRequest::new("localhost", "/");
    let connected = ws_futures::connect_on(stream, R::timer(), config, request, [7; 32]);
    connected.await.expect("a response").0
}

async fn converse<R: Runtime>(server: SocketAddr, way: Way, seed: u64, config: Config) {
    let random = &mut StdRng::seed_from_u64(seed);
    let mut socket = connect::<R>(network::start(server, seed * 1000), config).await;

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
    // Each ping is answered as long as there is room; the last one always is.
    assert!(pings >= 0, "{way:?}: more pongs than pings");

    socket.close_and_discard(CloseCode::NORMAL).await.expect("no error");
    let closed = socket.closed().expect("facts");
    assert!(closed.is_clean(), "{way:?}");
    assert_eq!(closed.code(), CloseCode::NORMAL, "{way:?}");
    assert_eq!(socket.stats().sent.messages as usize, COUNT, "{way:?}");
    assert_eq!(socket.stats().received.messages as usize, COUNT, "{way:?}");
}

/// Every other conversation is compressed.
#[cfg(feature = "deflate")]
fn config(seed: u64) -> Config {
    Config { deflate: (seed % 2 == 0).then(ws_futures::Deflate::default), ..Config::default() }
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
            // Each fragment of a client of this library is valid UTF-8 by itself.
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
            Message::Binary(_) => connection.send_fragment(piece, fin, output)?,
            other => panic!("{other:?}"),
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

/// Halves of a connection in tasks of their own, both directions as fast as possible; all four
/// halves report the same facts of closing.
pub fn halves_at_full_speed<R: Runtime>() {
    for seed in 0..2 {
        let _named = Named(seed);
        R::block_on(async {
            let listener = listener();
            listener.set_nonblocking(true).expect("a socket");
            let address = listener.local_addr().expect("an address");
            let (ours, theirs) = (messages(2 * seed), messages(2 * seed + 1));

            let (sent, awaited) = (theirs.clone(), ours.clone());
            let server = spawn::<R, _>(async move {
                let listener = R::listen(listener).expect("a listener");
                let stream = R::accept(&listener).await.expect("a client");
                let socket = accept(stream, R::timer(), config(seed)).await.expect("a request");
                let (mut reader, writer) = socket.split();
                let writer = spawn::<R, _>(send_all::<R>(writer, sent));
                expect_all::<R>(&mut reader, &awaited).await;
                let writer = writer.await;
                // The client closes.
                let close = reader.recv().await.expect("no error");
                assert!(matches!(close, Some(Message::Close(_))));
                assert!(reader.recv().await.expect("no error").is_none());
                assert!(writer.closed().is_some_and(|closed| closed.is_clean()));
            });

            let address = network::start(address, seed);
            let (mut reader, writer) = connect::<R>(address, config(seed)).await.split();
            let writer = spawn::<R, _>(send_all::<R>(writer, ours));
            expect_all::<R>(&mut reader, &theirs).await;
            let mut writer = writer.await;
            writer.close(CloseCode::NORMAL).await.expect("open");
            while reader.recv().await.expect("no error").is_some() {}
            assert!(reader.closed().is_some_and(|closed| closed.is_clean()));
            server.await;
        });
    }
}

fn messages(seed: u64) -> Vec<Message> {
    let random = &mut StdRng::seed_from_u64(seed);
    (0..60).map(|_| seeds::message(random)).collect()
}

async fn send_all<R: Runtime>(
    mut writer: WriteHalf<R::Stream, R::Timer>,
    messages: Vec<Message>,
) -> WriteHalf<R::Stream, R::Timer> {
    for message in messages {
        writer.feed(message).await.expect("open");
    }
    writer.flush().await.expect("open");
    writer
}

/// Receives up to the last of these messages.
async fn expect_all<R: Runtime>(reader: &mut ReadHalf<R::Stream, R::Timer>, messages: &[Message]) {
    for expected in messages {
        let message = reader.recv().await.expect("no error").expect("open");
        assert!(message == *expected, "not what was sent");
    }
}
