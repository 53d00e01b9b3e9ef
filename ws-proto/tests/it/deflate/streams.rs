//! How many DEFLATE streams (BFINAL) a message may have: their cost stays linear in the received
//! bytes (CVE-2026-128131).

use ws_proto::{CloseCode, ErrorKind, Event, Role};

use crate::compressed;
use crate::compressed::Agreed;
use crate::compressed::stream::Stream;
use crate::pair;
use crate::pair::peer::Peer;
use crate::pair::wire::{BINARY, FIN};

/// The shortest possible stream.
const EMPTY: [u8; 2] = [0x03, 0x00];

fn peer() -> Peer {
    Peer::new(Agreed::default().connection(Role::Client, &compressed::config()))
}

/// A message of this number of empty streams and one with the data.
fn message(streams: usize, data: &[u8]) -> Vec<u8> {
    [EMPTY.repeat(streams), Stream::new().stored(false, data).message()].concat()
}

#[test]
fn some_are_free_in_each_message() {
    let wire = compressed::frame(Role::Client, BINARY, &message(60, b"data")).repeat(100);
    let mut peer = peer();
    peer.read(&wire);
    assert_eq!(peer.error, None);
    assert_eq!(peer.events, vec![Event::Binary(b"data".into()); 100]);
}

/// The error is reported as soon as there are too many, however long the rest of the message is.
#[test]
fn too_many_are_refused_where_they_begin() {
    for streams in [200, 2000, 200_000] {
        let mut peer = peer();
        let wire = compressed::frame(Role::Client, BINARY, &message(streams, b"data"));
        let place = wire.iter().position(|byte| {
            peer.read(&[*byte]);
            peer.error.is_some()
        });
        let error = peer.error.expect("too many");
        assert_eq!(error.kind(), ErrorKind::TooManyStreams);
        assert_eq!(error.close_code(), CloseCode::POLICY_VIOLATION);
        assert!(place.is_some_and(|place| place < 200), "{place:?} of {streams} streams");
    }
}

/// Data that follows in the same read, or message, does not make them valid.
#[test]
fn too_many_are_refused_at_every_chunking() {
    let config = compressed::config();
    for data in [&b"data"[..], &[b'x'; 65_000]] {
        for (streams, refused) in [(60, false), (100, true)] {
            let wire = compressed::frame(Role::Client, BINARY, &message(streams, data));
            let outcome =
                compressed::at_every_chunking(Agreed::default(), Role::Client, &config, &wire);
            assert_eq!(outcome.error.is_some(), refused, "{streams}, {} bytes", data.len());
        }
    }
}

/// One stream for every 64 bytes, however many there are.
#[test]
fn as_many_as_their_size_explains() {
    let stream = Stream::new().stored(true, &[b'x'; 70]).aligned().into_bytes();
    let payload = [&stream.repeat(5000)[..], &[0x00]].concat();
    for parts in [1, 7] {
        let parts: Vec<&[u8]> = payload.chunks(payload.len().div_ceil(parts)).collect();
        let mut peer = peer();
        peer.read(&compressed::fragments(Role::Client, BINARY, &parts));
        assert_eq!(peer.error, None);
        assert_eq!(peer.events, [Event::Binary(vec![b'x'; 350_000].into())]);
    }
    // An uncompressed frame of the same connection does not count.
    let mut peer = peer();
    peer.read(&pair::wire::frame(Role::Client, FIN | BINARY, &payload));
    assert_eq!(peer.events, [Event::Binary(payload.into())]);
}
