//! Messages that are encoded once for many connections.

use std::sync::Arc;

use ws_proto::{Config, Deflate, Event, Prepared, SendError};

use crate::compressed;
use crate::compressed::Agreed;
use crate::compressed::content::{self, Random};
use crate::compressed::inflate::Inflate;
use crate::pair;
use crate::pair::peer::Peer;
use crate::pair::wire::{self, FIN, RSV1, TEXT};

/// Messages of servers that do not refer to earlier ones.
const ALONE: Agreed =
    Agreed { client_bits: 12, server_bits: 12, client_takeover: true, server_takeover: false };

fn text() -> String {
    content::words(2000, &mut Random(2))
}

fn prepared(window_bits: u8) -> Prepared {
    Prepared::deflated(text(), &Deflate { window_bits, ..Deflate::default() })
}

fn config() -> Config {
    compressed::config()
}

/// The same allocation for all: nothing is copied or compressed again.
#[test]
fn all_get_the_same_bytes() {
    let news = prepared(12);
    let frames: Vec<Arc<[u8]>> = (0..3)
        .map(|_| {
            let [_, mut server] = ALONE.connections(&config());
            Arc::clone(server.prepared(&news).expect("open"))
        })
        .collect();
    assert!(frames.iter().all(|frame| Arc::ptr_eq(frame, &frames[0])));
    let [frame] = wire::parse(&frames[0]).try_into().expect("one frame");
    let wire::Frame { first, payload, .. } = frame;
    assert_eq!(first, FIN | RSV1 | TEXT);
    assert_eq!(Inflate::new((12, false)).message(&payload), text().as_bytes());

    let mut output = Vec::new();
    let [_, mut server] = ALONE.connections(&config());
    server.send_prepared(&news, &mut output).expect("open");
    assert_eq!(output, &*frames[0]);
    assert_eq!(server.stats().sent.bytes, output.len() as u64);
}

/// Compressed only for a peer that inflates each message alone, with a window that is large enough.
#[test]
fn the_form_fits_the_connection() {
    for (bits, agreed, compressed) in [
        (12, ALONE, true),
        (9, ALONE, true),
        (13, ALONE, false),
        (15, ALONE, false),
        (15, Agreed { server_bits: 15, ..ALONE }, true),
        (10, Agreed { server_bits: 9, ..ALONE }, false),
        (9, Agreed { server_bits: 9, ..ALONE }, true),
        (12, Agreed { client_takeover: false, ..ALONE }, true),
        (12, Agreed { server_takeover: true, ..ALONE }, false),
        (9, Agreed::default(), false),
    ] {
        let news = prepared(bits);
        let mut pair = agreed.pair(&config(), &[usize::MAX]);
        let frame = Arc::clone(pair.server.connection.prepared(&news).expect("open"));
        assert_eq!(frame[0] & RSV1 != 0, compressed, "{bits} bits, {agreed:?}");
        pair.client.read(&frame);
        assert_eq!(pair.client.events, [Event::Text(text().into())], "{bits}, {agreed:?}");
    }
    let plain = pair::run::connection(ws_proto::Role::Server, &Config::default());
    let mut plain = Peer::new(plain);
    let frame = plain.connection.prepared(&prepared(9)).map(|frame| frame[0]);
    assert_eq!(frame, Ok(FIN | TEXT), "not negotiated");
}

#[test]
fn small_messages_are_not_compressed() {
    let deflate = Deflate::default();
    for (size, compressed) in
        [(0, false), (deflate.threshold - 1, false), (deflate.threshold, true)]
    {
        let news = Prepared::deflated("x".repeat(size), &deflate);
        let [_, mut server] = ALONE.connections(&config());
        let frame = server.prepared(&news).expect("open");
        assert_eq!(frame[0] & RSV1 != 0, compressed, "{size} bytes");
        assert_eq!(news.payload(), "x".repeat(size).as_bytes());
    }
    let [_, mut server] = ALONE.connections(&config());
    let frame = server.prepared(&Prepared::new(&*text())).map(|frame| frame[0]);
    assert_eq!(frame, Ok(FIN | TEXT), "not requested");
}

/// Between ordinary messages, for each kind of takeover, with engines returned at times.
#[test]
fn is_read_between_ordinary_messages() {
    let random = &mut Random(9);
    for agreed in Agreed::all() {
        let news = prepared(9);
        let mut pair = agreed.pair(&config(), &[usize::MAX]);
        let mut expected = Vec::new();
        for i in 0..12 {
            let other = content::words(700, random);
            let Peer { connection, output, .. } = &mut pair.server;
            connection.send(&other, output).expect("open");
            expected.push(Event::Text(other.into()));
            connection.send_prepared(&news, output).expect("open");
            expected.push(Event::Text(text().into()));
            pair.exchange();
            if i == 5 {
                compressed::release(&mut pair.server, ws_proto::Instant::EPOCH);
                compressed::release(&mut pair.client, ws_proto::Instant::EPOCH);
            }
        }
        assert_eq!(pair.client.error, None);
        assert!(pair.client.events == expected, "{agreed:?}");
    }
}

#[test]
fn is_refused_inside_a_fragmented_message() {
    let news = prepared(12);
    let [_, mut server] = ALONE.connections(&config());
    let mut output = Vec::new();
    server.send_fragment(text(), false, &mut output).expect("open");
    let before = (output.clone(), server.stats().sent.bytes);
    assert_eq!(server.prepared(&news), Err(SendError::MessageUnfinished));
    assert_eq!(server.send_prepared(&news, &mut output), Err(SendError::MessageUnfinished));
    assert_eq!((output.clone(), server.stats().sent.bytes), before);
    server.send_fragment("", true, &mut output).expect("open");
    assert!(server.prepared(&news).is_ok());
}

/// A client masks its copy, which cannot be shared.
#[test]
fn a_client_sends_a_copy() {
    let news = prepared(12);
    for agreed in [Agreed::default(), Agreed::new(12, false)] {
        let mut pair = agreed.pair(&config(), &[usize::MAX]);
        let Peer { connection, output, .. } = &mut pair.client;
        assert_eq!(connection.prepared(&news), Err(SendError::Masked));
        assert!(output.is_empty());
        connection.send_prepared(&news, output).expect("open");
        connection.send_prepared(&news, output).expect("open");
        let frames = wire::parse(output);
        assert!(frames.iter().all(|frame| frame.key.is_some()));
        assert_ne!(frames[0].key, frames[1].key);
        pair.exchange();
        assert_eq!(pair.server.error, None);
        assert_eq!(pair.server.events, vec![Event::Text(text().into()); 2]);
    }
}
