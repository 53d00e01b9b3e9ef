//! Valid text is delivered unchanged, invalid text is refused where the standard library refuses
//! it.

use proptest::collection::vec;
use proptest::prelude::*;
use ws_proto::{Config, Delivery, ErrorKind, Event, Role};

use crate::pair::peer::Peer;
use crate::pair::run;
use crate::pair::wire::{self, FIN, ROLES, TEXT};
use crate::property;

/// The first and the last character of each width, and those beside the gaps.
const EDGES: &str = "\u{0}\u{7F}\u{80}\u{7FF}\u{800}\u{FFF}\u{1000}\u{CFFF}\u{D000}\u{D7FF}\u{E000}\
    \u{FEFF}\u{FFFD}\u{FFFE}\u{FFFF}\u{10000}\u{3FFFF}\u{40000}\u{FFFFF}\u{100000}\u{10FFFF}";

#[test]
fn every_edge_of_the_encoding() {
    for to in ROLES {
        for character in EDGES.chars() {
            let text = String::from(character);
            let wire = wire::frame(to, FIN | TEXT, text.as_bytes());
            let events = run::events(to, &Config::default(), &wire);
            assert_eq!(events, [Event::Text(text.into())], "{to:?}: {character:?}");
        }
    }
}

#[test]
fn cut_anywhere_into_two_fragments() {
    for to in ROLES {
        for place in 0..=EDGES.len() {
            let (first, last) = EDGES.as_bytes().split_at(place);
            let wire = wire::fragments(to, TEXT, &[first, last]);
            let outcome = run::outcome(to, &Config::default(), &wire, &[usize::MAX]);
            assert_eq!(outcome.events, [Event::Text(EDGES.into())], "{to:?}: cut at {place}");
        }
    }
}

#[test]
fn chunks_never_cut_a_character() {
    let config = Config { delivery: Delivery::Chunked, ..Config::default() };
    for length in 1..20 {
        let wire = wire::frame(Role::Client, FIN | TEXT, EDGES.as_bytes());
        let peer = run::reader(Role::Client, &config, &wire, &[length]);
        let pieces: Vec<_> = peer
            .events
            .iter()
            .map(|event| match event {
                Event::TextChunk { data, .. } => &**data,
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(pieces.concat(), EDGES, "reads of {length} bytes");
    }
}

/// Text of more blocks than one read has, so that blocks end at every byte of a character.
fn long_text(shift: usize) -> String {
    "x".repeat(shift) + &EDGES.repeat(50_000 / EDGES.len())
}

#[test]
fn long_text_comes_out_as_it_went_in() {
    for to in ROLES {
        for shift in 0..4 {
            let text = long_text(shift);
            let wire = wire::frame(to, FIN | TEXT, text.as_bytes());
            let events = [Event::Text(text.into())];
            for length in [1448, 8191, 16_384, 40_000] {
                let outcome = run::outcome(to, &Config::default(), &wire, &[length]);
                assert_eq!(outcome.error, None, "{to:?}: reads of {length} bytes");
                assert_eq!(outcome.events, events, "{to:?}: reads of {length} bytes");
            }
        }
    }
}

#[test]
fn the_read_that_brings_an_offending_byte_reports_it() {
    for delivery in [Delivery::Whole, Delivery::Chunked] {
        let config = Config { delivery, ..Config::default() };
        for place in (8180..8200).chain(16_375..16_395).chain(39_980..40_010) {
            for byte in [b'x', 0xC3, 0xE2, 0xFF] {
                let mut text = long_text(0).into_bytes();
                text[place] = byte;
                let wire = wire::frame(Role::Server, FIN | TEXT, &text);
                let offending = offending(&text).map(|index| wire.len() - text.len() + index);
                for length in [1448, 16_384, 40_000] {
                    let mut peer = Peer::new(run::connection(Role::Server, &config));
                    let read = run::pieces(&wire, &[length]).position(|piece| {
                        peer.read(piece);
                        peer.error.is_some()
                    });
                    let expected = offending.map(|index| index / length);
                    assert_eq!(read, expected, "{byte:#x} at {place}, reads of {length} bytes");
                }
            }
        }
    }
}

/// The index of the byte that shows that `text` is not UTF-8, its last one if it ends too early.
fn offending(text: &[u8]) -> Option<usize> {
    let error = core::str::from_utf8(text).err()?;
    let start = error.valid_up_to();
    let Some(_) = error.error_len() else { return Some(text.len() - 1) };
    let shows = |end: &usize| {
        core::str::from_utf8(&text[start..*end]).is_err_and(|e| e.error_len().is_some())
    };
    (start + 1..=text.len()).find(shows).map(|end| end - 1)
}

proptest! {
    #![proptest_config(property::cases(2000))]

    #[test]
    fn the_offending_byte_is_that_of_the_standard_library(
        to in property::role(),
        valid in property::text(),
        rest in vec(any::<u8>(), 0..6),
    ) {
        let text = [valid.as_bytes(), &rest].concat();
        let wire = wire::frame(to, FIN | TEXT, &text);
        let start = wire.len() - text.len();
        let reported = run::first_error(to, &Config::default(), &wire);
        let expected = offending(&text).map(|index| (start + index, ErrorKind::InvalidUtf8.into()));
        prop_assert_eq!(reported, expected);
    }

    #[test]
    fn text_in_fragments_comes_out_as_it_went_in(
        to in property::role(),
        text in property::text(),
        places in vec(any::<prop::sample::Index>(), 0..5),
        cuts in property::cuts(),
    ) {
        let mut places: Vec<_> = places.iter().map(|place| place.index(text.len() + 1)).collect();
        places.extend([0, text.len()]);
        places.sort_unstable();
        let parts: Vec<_> =
            places.windows(2).map(|ends| &text.as_bytes()[ends[0]..ends[1]]).collect();
        let wire = wire::fragments(to, TEXT, &parts);
        let outcome = run::outcome(to, &Config::default(), &wire, &cuts);
        prop_assert_eq!(outcome.events, [Event::Text(text.into())]);
    }
}
