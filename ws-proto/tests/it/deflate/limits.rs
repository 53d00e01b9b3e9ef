//! Limits apply to the inflated size, and to the compressed size.

use ws_proto::{CloseCode, Config, Delivery, ErrorKind, Event, Limits, Role};

use crate::compressed;
use crate::compressed::Agreed;
use crate::compressed::stream::{Stream, Symbol};
use crate::pair;
use crate::pair::run::{self, Outcome};
use crate::pair::wire::{self, BINARY, CONTINUATION, FIN, ROLES, TEXT};

const DELIVERIES: [Delivery; 2] = [Delivery::Whole, Delivery::Chunked];

fn config(max_message_size: usize, delivery: Delivery) -> Config {
    let incoming = Limits { max_message_size, ..Limits::incoming() };
    Config { incoming, delivery, ..compressed::config() }
}

/// Data of this size, in blocks of several kinds.
fn inflates_to(size: usize) -> Vec<u8> {
    let stored = [b'a'; 100];
    let stored = &stored[..size.min(100)];
    let copies = (size - stored.len()) / 258;
    let literals = (size - stored.len()) % 258;
    let symbols = [vec![Symbol::CopyMost(1); copies], vec![Symbol::Literal(b'a'); literals]];
    Stream::new().stored(false, stored).fixed(false, &symbols.concat()).message()
}

fn read(to: Role, config: &Config, payload: &[u8], parts: usize) -> Outcome {
    let parts: Vec<&[u8]> = payload.chunks(payload.len().div_ceil(parts)).collect();
    let wire = compressed::fragments(to, BINARY, &parts);
    compressed::at_every_chunking(Agreed::default(), to, config, &wire)
}

#[test]
fn of_what_comes_out() {
    for limit in [0, 1, 99, 100, 101, 357, 358, 1000, 16_384, 20_000] {
        for delivery in DELIVERIES {
            for to in ROLES {
                for parts in [1, 2, 5] {
                    let config = config(limit, delivery);
                    let name = format!("{limit}, {delivery:?}, {to:?}, {parts} parts");
                    let fits = read(to, &config, &inflates_to(limit), parts);
                    assert_eq!(fits.error, None, "{name}");
                    let data = vec![b'a'; limit].into();
                    assert!(run::messages(fits.events) == [Event::Binary(data)], "{name}");

                    let over = read(to, &config, &inflates_to(limit + 1), parts);
                    let error = over.error.expect(&name);
                    assert_eq!(error.kind(), ErrorKind::MessageTooBig, "{name}");
                    assert_eq!(error.close_code(), CloseCode::TOO_BIG, "{name}");
                    let data = vec![b'a'; limit].into();
                    let expected = match delivery {
                        Delivery::Chunked if limit > 0 => {
                            vec![Event::BinaryChunk { data, fin: false }]
                        }
                        _ => vec![],
                    };
                    assert!(over.events == expected, "{name}");
                }
            }
        }
    }
}

/// Each message has the full limit.
#[test]
fn begin_anew_with_each_message() {
    for delivery in DELIVERIES {
        let wire = compressed::frame(Role::Client, BINARY, &inflates_to(1000)).repeat(5);
        let config = config(1000, delivery);
        let outcome =
            compressed::at_every_chunking(Agreed::default(), Role::Client, &config, &wire);
        assert_eq!(outcome.error, None);
        assert_eq!(run::messages(outcome.events).len(), 5);
    }
}

/// Blocks without output: the payload itself is limited too, at its headers.
#[test]
fn of_what_goes_in() {
    const LIMIT: usize = 6402;
    let most = LIMIT + LIMIT / 64 + 64;
    let blocks = [0x00, 0x00, 0x00, 0xFF, 0xFF].repeat(most / 5);
    let fits = [&blocks[..], &[0x00]].concat();
    assert_eq!(fits.len(), most);
    for to in ROLES {
        for delivery in DELIVERIES {
            let config = config(LIMIT, delivery);
            let connection = Agreed::default().connection(to, &config);
            let wire = compressed::frame(to, BINARY, &fits);
            let outcome = Outcome::of(compressed::reader(connection, &wire, &[usize::MAX]));
            assert_eq!(outcome.error, None);
            assert_eq!(run::messages(outcome.events), [Event::Binary(b"".into())]);

            for (before, len) in [(0, most + 1), (most, 1), (most - 100, 101)] {
                let mut peer = pair::peer::Peer::new(Agreed::default().connection(to, &config));
                if before > 0 {
                    let mut wire = wire::frame(to, BINARY, &fits[..before]);
                    wire[0] |= wire::RSV1;
                    peer.read(&wire);
                    assert_eq!(peer.error, None);
                }
                let first = match before {
                    0 => FIN | wire::RSV1 | BINARY,
                    _ => FIN | CONTINUATION,
                };
                peer.read(&wire::header(to, first, len as u64));
                let kind = peer.error.map(|error| error.kind());
                assert_eq!(kind, Some(ErrorKind::MessageTooBig), "{before} and {len}");
            }
        }
    }
}

/// Text is checked while it is inflated: the message need not have ended.
#[test]
fn text_fails_at_the_earliest_piece() {
    for (name, text) in [
        ("a stray byte", &b"ok \xFF"[..]),
        ("a surrogate", b"ok \xED\xA0"),
        ("an overlong form", b"ok \xC0"),
        ("beyond Unicode", b"ok \xF4\x90"),
        ("a cut character", b"ok \xE2\x82x"),
    ] {
        for delivery in DELIVERIES {
            for to in ROLES {
                let config = Config { delivery, ..compressed::config() };
                let good = Stream::new().stored(false, &text[..text.len() - 1]).into_bytes();
                let bad = Stream::new().stored(false, &text[text.len() - 1..]).into_bytes();
                let mut wire = wire::frame(to, wire::RSV1 | TEXT, &good);
                wire.extend(wire::frame(to, CONTINUATION, &bad));
                let mut peer = pair::peer::Peer::new(Agreed::default().connection(to, &config));
                let place = wire.iter().position(|byte| {
                    peer.read(&[*byte]);
                    peer.error.is_some()
                });
                assert_eq!(place, Some(wire.len() - 1), "{name}");
                let error = peer.error.expect(name);
                assert_eq!(error.kind(), ErrorKind::InvalidUtf8, "{name}");
                assert_eq!(error.close_code(), CloseCode::INVALID_DATA, "{name}");

                let more = [wire, wire::frame(to, CONTINUATION, b"")].concat();
                let whole = compressed::at_every_chunking(Agreed::default(), to, &config, &more);
                assert_eq!(whole.error, Some(error), "{name}");
                let events = match delivery {
                    Delivery::Chunked => {
                        vec![Event::TextChunk { data: "ok ".into(), fin: false }]
                    }
                    _ => vec![],
                };
                assert_eq!(whole.events, events, "{name}");
            }
        }
    }
}

/// A character may be cut anywhere but at the end of the message.
#[test]
fn text_ends_with_a_character() {
    let text = "€";
    for config in DELIVERIES.map(|delivery| Config { delivery, ..compressed::config() }) {
        for (end, error) in [(3, None), (2, Some(ErrorKind::InvalidUtf8))] {
            let blocks = text.as_bytes()[..end].iter().fold(Stream::new(), |stream, byte| {
                stream.stored(false, &[*byte]).fixed(false, &[])
            });
            let wire = compressed::frame(Role::Client, TEXT, &blocks.message());
            let outcome =
                compressed::at_every_chunking(Agreed::default(), Role::Client, &config, &wire);
            assert_eq!(outcome.error.map(|error| error.kind()), error);
        }
    }
}
