//! Chunks of a message as they arrive (`Delivery::Chunked`).

use ws_proto::{Config, Connection, Delivery, Event, Role};

use crate::pair::peer::Peer;
use crate::pair::run;
use crate::pair::wire::{self, BINARY, CONTINUATION, FIN, PING, ROLES, TEXT};

fn config() -> Config {
    Config { delivery: Delivery::Chunked, ..Config::default() }
}

fn text(data: &'static str, fin: bool) -> Event<'static> {
    Event::TextChunk { data: data.into(), fin }
}

fn binary(data: &'static [u8], fin: bool) -> Event<'static> {
    Event::BinaryChunk { data: data.into(), fin }
}

#[test]
fn each_read_gives_its_piece() {
    for to in ROLES {
        let mut peer = Peer::new(run::connection(to, &config()));
        let wire = wire::frame(to, FIN | BINARY, b"0123456789");
        let (header, payload) = wire.split_at(wire.len() - 10);
        for piece in [header, &payload[..3], &payload[3..4], &payload[4..]] {
            peer.read(piece);
        }
        let expected = [binary(b"012", false), binary(b"3", false), binary(b"456789", true)];
        assert_eq!(peer.events, expected, "{to:?}");
    }
}

#[test]
fn a_cut_character_comes_when_it_is_complete() {
    for to in ROLES {
        let mut peer = Peer::new(run::connection(to, &config()));
        let wire = wire::frame(to, FIN | TEXT, "a€b".as_bytes());
        let (header, payload) = wire.split_at(wire.len() - 5);
        for piece in [header, &payload[..2], &payload[2..3], &payload[3..]] {
            peer.read(piece);
        }
        let expected = [text("a", false), text("€", false), text("b", true)];
        assert_eq!(peer.events, expected, "{to:?}");
    }
}

#[test]
fn each_frame_gives_its_piece_and_an_empty_one_nothing_but_the_end() {
    for to in ROLES {
        let mut peer = Peer::new(run::connection(to, &config()));
        peer.read(&wire::fragments(to, BINARY, &[b"", b"01", b"", b"23", b""]));
        let expected = [binary(b"01", false), binary(b"23", false), binary(b"", true)];
        assert_eq!(peer.events, expected, "{to:?}");
    }
}

#[test]
fn a_control_frame_comes_between_pieces() {
    for to in ROLES {
        let wire = [
            wire::frame(to, TEXT, b"before"),
            wire::frame(to, PING, b"ping"),
            wire::frame(to, FIN | CONTINUATION, b"after"),
        ];
        let expected = [text("before", false), Event::Ping(b"ping".into()), text("after", true)];
        assert_eq!(run::events(to, &config(), &wire.concat()), expected, "{to:?}");
    }
}

#[test]
fn a_piece_is_lent_from_the_input() {
    let mut server = Connection::server(config());
    let mut wire = wire::frame(Role::Server, FIN | BINARY, b"0123456789");
    wire.truncate(wire.len() - 1);
    let range = wire.as_ptr_range();
    let event = server.receive(&mut wire.as_mut_slice()).expect("valid");
    let Some(Event::BinaryChunk { data, fin: false }) = event else { panic!("{event:?}") };
    assert!(range.contains(&data.as_ptr()));
}

#[test]
fn text_before_an_offending_byte_comes_before_the_error() {
    for to in ROLES {
        let wire = wire::frame(to, FIN | TEXT, b"valid until\xFFhere");
        let outcome = run::at_every_chunking(to, &config(), &wire);
        assert_eq!(outcome.events, [text("valid until", false)], "{to:?}");
        assert!(outcome.error.is_some(), "{to:?}");
    }
}

#[test]
fn a_change_inside_a_message_takes_effect_behind_it() {
    for to in ROLES {
        let wire = [
            wire::frame(to, TEXT, b"01234"),
            wire::frame(to, CONTINUATION, b"5678"),
            wire::frame(to, FIN | CONTINUATION, b"9"),
            wire::frame(to, FIN | TEXT, b"next"),
        ];
        let change = |from: &Config, into: Config| {
            let mut peer = Peer::new(run::connection(to, from));
            let second = wire[1].len() - 2;
            peer.read(&[&wire[0], &wire[1][..second]].concat());
            peer.connection.set_config(into);
            peer.read(&[&wire[1][second..], &wire[2], &wire[3]].concat());
            assert_eq!(peer.error, None, "{to:?}");
            peer.events
        };
        let expected = [Event::Text("0123456789".into()), text("next", true)];
        assert_eq!(change(&Config::default(), config()), expected, "{to:?}");
        let pieces = ["01234", "56", "78"].map(|data| text(data, false));
        let expected = [&pieces[..], &[text("9", true), Event::Text("next".into())]].concat();
        assert_eq!(change(&config(), Config::default()), expected, "{to:?}");
    }
}
