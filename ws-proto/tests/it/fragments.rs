//! Messages in fragments, with control frames between them (RFC 6455 §5.4).

use ws_proto::{Close, CloseCode, Config, Delivery, Event};

use crate::pair::run;
use crate::pair::wire::{self, BINARY, CLOSE, CONTINUATION, FIN, PING, PONG, ROLES, TEXT};

const PARTS: &[&[&[u8]]] = &[
    &[b"Hel", b"lo"],
    &[b"", b"Hello"],
    &[b"Hello", b""],
    &[b"", b"", b"Hel", b"", b"lo", b"", b""],
    &[b"H", b"e", b"l", b"l", b"o"],
];

#[test]
fn are_joined() {
    for to in ROLES {
        for parts in PARTS {
            let text = wire::fragments(to, TEXT, parts);
            let binary = wire::fragments(to, BINARY, parts);
            let events = run::events(to, &Config::default(), &[text, binary].concat());
            let expected = [Event::Text("Hello".into()), Event::Binary(b"Hello".into())];
            assert_eq!(events, expected, "{to:?}: {parts:?}");
        }
    }
}

#[test]
fn may_all_be_empty() {
    for to in ROLES {
        let wire = wire::fragments(to, TEXT, &[b"", b"", b""]);
        let events = run::events(to, &Config::default(), &wire);
        assert_eq!(events, [Event::Text("".into())], "{to:?}");
    }
}

#[test]
fn are_lent_in_pieces() {
    let config = Config { delivery: Delivery::Chunked, ..Config::default() };
    for to in ROLES {
        for parts in PARTS {
            let text = wire::fragments(to, TEXT, parts);
            let binary = wire::fragments(to, BINARY, parts);
            let events = run::events(to, &config, &[text, binary].concat());
            let expected = [
                Event::TextChunk { data: "Hello".into(), fin: true },
                Event::BinaryChunk { data: b"Hello".into(), fin: true },
            ];
            assert_eq!(events, expected, "{to:?}: {parts:?}");
        }
    }
}

#[test]
fn cut_characters_are_joined() {
    let text = "aΩ€😀";
    for to in ROLES {
        for delivery in [Delivery::Whole, Delivery::Chunked] {
            let config = Config { delivery, ..Config::default() };
            let bytes: Vec<&[u8]> = text.as_bytes().chunks(1).collect();
            let events = run::events(to, &config, &wire::fragments(to, TEXT, &bytes));
            assert_eq!(run::messages(events), [Event::Text(text.into())], "{to:?}: {delivery:?}");
        }
    }
}

#[test]
fn control_frames_between_them_come_at_once() {
    for to in ROLES {
        let wire = [
            wire::frame(to, TEXT, b"one "),
            wire::frame(to, PING, b"first"),
            wire::frame(to, CONTINUATION, b"message"),
            wire::frame(to, PONG, b"second"),
            wire::frame(to, PING, b""),
            wire::frame(to, FIN | CONTINUATION, b""),
        ];
        let events = run::events(to, &Config::default(), &wire.concat());
        let expected = [
            Event::Ping(b"first".into()),
            Event::Pong(b"second".into()),
            Event::Ping(b"".into()),
            Event::Text("one message".into()),
        ];
        assert_eq!(events, expected, "{to:?}");
    }
}

#[test]
fn a_control_frame_inside_a_character_does_not_disturb_it() {
    for to in ROLES {
        let wire = [
            wire::frame(to, TEXT, b"\xF0\x9F"),
            wire::frame(to, PING, b"\xF0"),
            wire::frame(to, FIN | CONTINUATION, b"\x98\x80"),
        ];
        let events = run::events(to, &Config::default(), &wire.concat());
        let expected = [Event::Ping(b"\xF0".into()), Event::Text("😀".into())];
        assert_eq!(events, expected, "{to:?}");
    }
}

#[test]
fn a_close_frame_between_them_ends_the_message_unseen() {
    for to in ROLES {
        let wire = [
            wire::frame(to, TEXT, b"never "),
            wire::frame(to, CLOSE, &wire::close_payload(1001, b"")),
            wire::frame(to, FIN | CONTINUATION, b"finished"),
        ];
        let events = run::events(to, &Config::default(), &wire.concat());
        assert_eq!(events, [Event::Close(Close::from(CloseCode::GOING_AWAY))], "{to:?}");
    }
}
