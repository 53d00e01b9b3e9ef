//! Compressed messages that no usual compressor writes, made by hand.

use ws_proto::{CloseCode, Config, Delivery, ErrorKind, Event, Role};

use crate::compressed;
use crate::compressed::Agreed;
use crate::compressed::stream::{Stream, Symbol};
use crate::pair;
use crate::pair::run::{self, Outcome};
use crate::pair::wire::{self, BINARY, CLOSE, CONTINUATION, FIN, PING, PONG, ROLES, RSV1, TEXT};

const TRAILER: [u8; 4] = [0x00, 0x00, 0xFF, 0xFF];

/// A message of "again" by reference to the last five bytes, which shows whether the history is
/// correct.
fn last_five() -> Vec<u8> {
    Stream::new().fixed(false, &[Symbol::Copy(5, 5)]).message()
}

/// Each payload with its text.
fn accepted() -> Vec<(&'static str, Vec<u8>, &'static str)> {
    let new = Stream::new;
    let trailer = |stream: Stream| [&stream.message()[..], &TRAILER].concat();
    vec![
        ("a fixed block", new().text(false, "Hello").message(), "Hello"),
        // RFC 7692 §7.2.3.1 to §7.2.3.6.
        ("as in the RFC", vec![0xF2, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00], "Hello"),
        (
            "a stored block as in the RFC",
            vec![0x00, 0x05, 0x00, 0xFA, 0xFF, 0x48, 0x65, 0x6C, 0x6C, 0x6F, 0x00],
            "Hello",
        ),
        ("BFINAL as in the RFC", vec![0xF3, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00, 0x00], "Hello"),
        (
            "two blocks as in the RFC",
            vec![0xF2, 0x48, 0x05, 0x00, 0x00, 0x00, 0xFF, 0xFF, 0xCA, 0xC9, 0xC9, 0x07, 0x00],
            "Hello",
        ),
        ("stored blocks", new().stored(false, b"Hel").stored(false, b"lo").message(), "Hello"),
        ("BFINAL on a stored block", new().stored(true, b"Hello").aligned().message(), "Hello"),
        ("BFINAL at the very end", new().text(true, "Hello").aligned().into_bytes(), "Hello"),
        (
            "BFINAL on an empty stored block",
            new().text(false, "Hello").stored(true, b"").message(),
            "Hello",
        ),
        (
            "BFINAL on what the trailer completes",
            new().text(false, "Hello").bits(1, 3).aligned().into_bytes(),
            "Hello",
        ),
        (
            "BFINAL streams one after the other",
            new().text(true, "He").aligned().text(true, "ll").aligned().text(false, "o").message(),
            "Hello",
        ),
        (
            "a reference across BFINAL",
            new()
                .text(true, "Hel")
                .aligned()
                .fixed(true, &[Symbol::Literal(b'l'), Symbol::Literal(b'o')])
                .aligned()
                .fixed(false, &[Symbol::Copy(5, 5)])
                .message(),
            "HelloHello",
        ),
        ("nothing", vec![0x00], ""),
        ("nothing in two blocks", new().fixed(false, &[]).message(), ""),
        ("nothing with BFINAL", vec![0x03, 0x00], ""),
        ("nothing after a flush", trailer(new()).into_iter().chain([0x00]).collect(), ""),
        (
            "several flushes",
            [trailer(new().text(false, "Hel")), trailer(new()), new().text(false, "lo").message()]
                .concat(),
            "Hello",
        ),
        (
            "empty blocks in a row",
            new()
                .fixed(false, &[])
                .fixed(false, &[])
                .text(false, "Hello")
                .fixed(false, &[])
                .message(),
            "Hello",
        ),
        (
            "far more than the payload",
            new().fixed(false, &[Symbol::Literal(b'a'), Symbol::CopyMost(1)]).message(),
            A_259,
        ),
    ]
}

const A_259: &str = match core::str::from_utf8(&[b'a'; 259]) {
    Ok(text) => text,
    Err(_) => panic!("ASCII"),
};

fn text(text: &str) -> Event<'static> {
    Event::Text(text.to_owned().into())
}

fn whole(outcome: Outcome) -> Vec<Event<'static>> {
    assert_eq!(outcome.error, None);
    run::messages(outcome.events)
}

fn deliveries() -> [Config; 2] {
    [Delivery::Whole, Delivery::Chunked].map(|delivery| Config { delivery, ..compressed::config() })
}

/// Before it, within it and after it, the history is that of all messages.
#[test]
fn are_read_with_takeover_across_them() {
    for config in deliveries() {
        for to in ROLES {
            for (name, payload, content) in accepted() {
                let wire = [
                    compressed::frame(to, TEXT, &Stream::new().text(false, "12345").message()),
                    compressed::frame(to, TEXT, &payload),
                    compressed::frame(to, TEXT, &last_five()),
                    compressed::frame(to, TEXT, &payload),
                ];
                let wire = wire.concat();
                let events =
                    whole(compressed::at_every_chunking(Agreed::default(), to, &config, &wire));
                let history = format!("12345{content}");
                let again = &history[history.len() - 5..];
                let expected = [text("12345"), text(content), text(again), text(content)];
                assert_eq!(events, expected, "{name}");
            }
        }
    }
}

#[test]
fn are_read_without_takeover() {
    for to in ROLES {
        for (name, payload, content) in accepted() {
            let wire = compressed::frame(to, TEXT, &payload).repeat(3);
            let agreed = Agreed::new(12, false);
            let outcome = compressed::at_every_chunking(agreed, to, &compressed::config(), &wire);
            assert_eq!(whole(outcome), vec![text(content); 3], "{name}");
        }
    }
}

/// Fragments may be cut at any byte, and a ping may stand between them.
#[test]
fn are_read_at_every_fragmentation() {
    let to = Role::Client;
    for (name, payload, content) in accepted() {
        for place in 0..=payload.len() {
            let (begin, end) = payload.split_at(place);
            let wire = [
                wire::frame(to, RSV1 | TEXT, begin),
                wire::frame(to, PING, b"?"),
                wire::frame(to, CONTINUATION, b""),
                wire::frame(to, FIN | CONTINUATION, end),
                compressed::frame(to, TEXT, &Stream::new().text(false, "after").message()),
            ];
            for config in deliveries() {
                let connection = Agreed::default().connection(to, &config);
                let read = compressed::reader(connection, &wire.concat(), &[usize::MAX]);
                let mut events = whole(Outcome::of(read));
                // Where chunks are delivered the ping may arrive between two.
                events.retain(|event| !matches!(event, Event::Ping(_)));
                assert_eq!(events, [text(content), text("after")], "{name}, cut at {place}");
            }
        }
        let bytes: Vec<&[u8]> = payload.chunks(1).collect();
        let wire = compressed::fragments(to, TEXT, &bytes);
        let connection = Agreed::default().connection(to, &compressed::config());
        let read = compressed::reader(connection, &wire, &[usize::MAX]);
        assert_eq!(whole(Outcome::of(read)), [text(content)], "{name}, byte by byte");
    }
}

/// The history of a connection is the same if its engine was returned between any two of them.
#[test]
fn are_read_by_engines_that_come_and_go() {
    for (name, payload, content) in accepted() {
        let connection = Agreed::default().connection(Role::Client, &compressed::config());
        let mut peer = pair::peer::Peer::new(connection);
        let mut now = ws_proto::Instant::EPOCH;
        peer.read(&compressed::frame(
            Role::Client,
            TEXT,
            &Stream::new().text(false, "12345").message(),
        ));
        now = compressed::release(&mut peer, now);
        peer.read(&compressed::frame(Role::Client, TEXT, &payload));
        compressed::release(&mut peer, now);
        peer.read(&compressed::frame(Role::Client, TEXT, &last_five()));
        let history = format!("12345{content}");
        let again = &history[history.len() - 5..];
        assert_eq!(peer.events, [text("12345"), text(content), text(again)], "{name}");
    }
}

/// Payloads that are refused, with the output before that.
fn refused() -> Vec<(&'static str, Vec<u8>, &'static str)> {
    let new = Stream::new;
    let hello = new().text(false, "Hello").message();
    let long = "Hello, hello, hello";
    vec![
        ("an empty payload", vec![], ""),
        ("a reserved type of block", new().bits(6, 3).message(), ""),
        ("a reserved type after text", new().text(false, "Hello").bits(6, 3).message(), "Hello"),
        ("a reserved type with BFINAL", new().bits(7, 3).message(), ""),
        ("a truncated block", new().open(false, &[Symbol::Literal(b'H')]).into_bytes(), "H"),
        ("a message without its last byte", hello[..hello.len() - 1].to_vec(), "Hello"),
        ("a message with its trailer", [&hello[..], &TRAILER].concat(), "Hello"),
        ("a byte behind the end", [&hello[..], &[0x00]].concat(), "Hello"),
        ("an open block behind the end", [&hello[..], &[0x02]].concat(), "Hello"),
        ("text behind the end", [&hello[..], b"garbage"].concat(), "Hello"),
        (
            "a cut stored block",
            new().stored(false, long.as_bytes()).into_bytes()[..8].to_vec(),
            "Hel",
        ),
        ("a cut length", new().stored(false, b"Hello").into_bytes()[..3].to_vec(), ""),
        ("lengths that differ", vec![0x00, 0x05, 0x00, 0xFA, 0x00, 0x48, 0x00], ""),
        ("before the beginning", new().fixed(false, &[Symbol::Copy(3, 1)]).message(), ""),
        (
            "before the beginning after BFINAL",
            new().text(true, "He").aligned().fixed(false, &[Symbol::Copy(3, 3)]).message(),
            "He",
        ),
        (
            "a distance without a meaning",
            new().text(false, "He").open(false, &[]).bits(0x40, 7).bits(0x1F, 5).message(),
            "He",
        ),
        ("codes over-subscribed", vec![0x04, 0x00, 0xFE, 0xFF, 0xFF, 0xFF], ""),
        ("noise", vec![0xFF; 40], ""),
        ("a cut stream after BFINAL", [&[0x03, 0x00][..], &[0x02]].concat(), ""),
    ]
}

#[test]
fn are_refused_at_any_cut() {
    for to in ROLES {
        for (name, payload, before) in refused() {
            for parts in [1, 2, payload.len().max(1)] {
                let size = payload.len().div_ceil(parts).max(1);
                let parts: Vec<&[u8]> = match payload.is_empty() {
                    true => vec![&[]],
                    false => payload.chunks(size).collect(),
                };
                let hello = Stream::new().text(false, "fine").message();
                let wire = [
                    // Binary: text would have another error.
                    compressed::frame(to, BINARY, &Stream::new().text(false, "").message()),
                    compressed::fragments(to, BINARY, &parts),
                    compressed::frame(to, BINARY, &hello),
                ];
                let wire = wire.concat();
                let [whole, chunked] = deliveries().map(|config| {
                    compressed::at_every_chunking(Agreed::default(), to, &config, &wire)
                });
                for outcome in [&whole, &chunked] {
                    let error = outcome.error.expect(name);
                    assert_eq!(error.kind(), ErrorKind::InvalidDeflate, "{name}");
                    assert_eq!(error.close_code(), CloseCode::INVALID_DATA, "{name}");
                    let close = wire::contents(&outcome.output);
                    assert_eq!((close.len(), close[0].0), (1, CLOSE), "{name}");
                    assert!(close[0].1.starts_with(&1007_u16.to_be_bytes()), "{name}");
                }
                assert_eq!(whole.events, [Event::Binary(b"".into())], "{name}");
                let mut expected = vec![Event::BinaryChunk { data: b"".into(), fin: true }];
                if !before.is_empty() {
                    let data = before.as_bytes().into();
                    expected.push(Event::BinaryChunk { data, fin: false });
                }
                assert_eq!(chunked.events, expected, "{name}");
            }
        }
    }
}

/// RSV1 belongs to the first frame of a data message, where it was negotiated (RFC 7692 §6).
#[test]
fn reserved_bits() {
    let hello = Stream::new().text(false, "Hello").message();
    for to in ROLES {
        let connection = || Agreed::default().connection(to, &compressed::config());
        let plain = || run::connection(to, &compressed::config());
        let first = [compressed::frame(to, TEXT, &hello)].concat();
        let open = wire::frame(to, RSV1 | TEXT, &hello);
        for (name, connection, before, header) in [
            ("not negotiated", plain(), &[][..], FIN | RSV1 | TEXT),
            ("continuation", connection(), &open[..], FIN | RSV1 | CONTINUATION),
            ("stray continuation", connection(), &[], FIN | RSV1 | CONTINUATION),
            ("ping", connection(), &first, RSV1 | PING),
            ("pong within a message", connection(), &open, RSV1 | PONG),
            ("close", connection(), &[], RSV1 | CLOSE),
            ("RSV2", connection(), &first, FIN | 0x20 | TEXT),
            ("RSV3 beside RSV1", connection(), &[], FIN | RSV1 | 0x10 | TEXT),
            ("unknown opcode", connection(), &[], FIN | RSV1 | 0x3),
        ] {
            let mut peer = compressed::reader(connection, before, &[usize::MAX]);
            assert_eq!(peer.error, None, "{name}");
            // The first byte suffices.
            peer.read(&[header]);
            let error = peer.error.expect(name);
            assert_eq!(error.kind(), ErrorKind::ReservedBit, "{name}");
            assert_eq!(error.close_code(), CloseCode::PROTOCOL_ERROR, "{name}");
        }
    }
}

/// A message without RSV1 is delivered unchanged, and is not added to the history.
#[test]
fn messages_that_are_not_compressed_between() {
    for to in ROLES {
        let wire = [
            compressed::frame(to, TEXT, &Stream::new().text(false, "Hello").message()),
            wire::frame(to, FIN | TEXT, b"plain"),
            wire::fragments(to, TEXT, &[b"in ", b"parts"]),
            compressed::frame(to, TEXT, &last_five()),
        ];
        let config = compressed::config();
        let outcome = compressed::at_every_chunking(Agreed::default(), to, &config, &wire.concat());
        let expected = ["Hello", "plain", "in parts", "Hello"].map(text);
        assert_eq!(whole(outcome), expected);
    }
}

/// Whatever the state after the previous message (RFC 7692 §7.2.3.6 has a byte for an empty
/// message).
#[test]
fn an_empty_payload_is_refused_after_any_message() {
    for (name, payload, _) in accepted() {
        for takeover in [true, false] {
            let connection =
                Agreed::new(12, takeover).connection(Role::Client, &compressed::config());
            let wire = [
                compressed::frame(Role::Client, TEXT, &payload),
                compressed::frame(Role::Client, TEXT, b""),
            ];
            let peer = compressed::reader(connection, &wire.concat(), &[usize::MAX]);
            assert_eq!(peer.events.len(), 1, "{name}");
            let kind = peer.error.map(|error| error.kind());
            assert_eq!(kind, Some(ErrorKind::InvalidDeflate), "{name}");
        }
    }
}
