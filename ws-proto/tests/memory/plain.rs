//! What a peer can make a connection allocate.

use std::borrow::Cow;

use ws_proto::{Config, Connection, Delivery, Event, Limits, Role};

use crate::pair::run;
use crate::pair::wire::{self, BINARY, CLOSE, CONTINUATION, FIN, PING, ROLES, TEXT};
use crate::{live, requests};

pub(crate) const CHECKS: [(&str, fn()); 14] = [
    ("a claimed length reserves nothing", a_claimed_length_reserves_nothing),
    ("a claim over the limit costs no more", a_claim_over_the_limit_costs_no_more),
    ("memory grows with what has arrived", memory_grows_with_what_has_arrived),
    ("an idle connection owns nothing", an_idle_connection_owns_nothing),
    ("a ping flood keeps memory flat", a_ping_flood_keeps_memory_flat),
    ("empty fragments keep memory flat", empty_fragments_keep_memory_flat),
    ("fragments are not copied again and again", fragments_are_not_copied_again_and_again),
    ("a gathered frame takes what it needs", a_gathered_frame_takes_what_it_needs),
    (
        "gathered fragments take at most twice their length",
        gathered_fragments_take_at_most_twice_their_length,
    ),
    ("a large frame is seldom copied", a_large_frame_is_seldom_copied),
    ("chunks are not gathered", chunks_are_not_gathered),
    ("a message in one read is not allocated", a_message_in_one_read_is_not_allocated),
    ("sending into a warm buffer allocates nothing", sending_allocates_nothing),
    ("a violation frees what was gathered", a_violation_frees_what_was_gathered),
];

/// Receives and drops what comes; nothing is transmitted.
fn receive(connection: &mut Connection, input: &mut [u8]) {
    let mut input = input;
    while let Ok(Some(_)) = connection.receive(&mut input) {}
}

fn unlimited() -> Config {
    Config { incoming: Limits::UNLIMITED, ..Config::default() }
}

/// What 64 connections hold that each got a header claiming 2^40 bytes and a few of them.
fn held_by_claims(config: &Config) -> usize {
    let before = live();
    let connections: Vec<Connection> = (0..64)
        .map(|i| {
            let mut connection = run::connection(ROLES[i % 2], config);
            let mut header = wire::header(ROLES[i % 2], FIN | BINARY, 1 << 40);
            receive(&mut connection, &mut header);
            receive(&mut connection, &mut [0; 100]);
            connection
        })
        .collect();
    let held = live() - before;
    drop(connections);
    held
}

/// RUSTSEC-2022-0035.
fn a_claimed_length_reserves_nothing() {
    let held = held_by_claims(&unlimited());
    assert!(held < 1 << 20, "{held} bytes");
}

fn a_claim_over_the_limit_costs_no_more() {
    let held = held_by_claims(&Config::default());
    assert!(held < 1 << 20, "{held} bytes");
}

/// As much as a pointer can reach, up to 2^40.
const CLAIM: u64 = 1 << if usize::BITS < 41 { usize::BITS - 1 } else { 40 };

fn memory_grows_with_what_has_arrived() {
    for first in [FIN | BINARY, FIN | TEXT, BINARY, TEXT] {
        // Each read unmasks to ASCII.
        let read: Vec<u8> = wire::masked(&[b'x'; 1000], wire::KEY).collect();
        let mut input = read.clone();
        let mut server = Connection::server(unlimited());
        let before = live();
        receive(&mut server, &mut wire::header(Role::Server, first, CLAIM));
        let mut arrived = 0;
        for _ in 0..1000 {
            input.copy_from_slice(&read);
            receive(&mut server, &mut input);
            arrived += read.len();
            let held = live() - before;
            let factor = if arrived < 32 * 1024 { 2 } else { 9 };
            assert!(held <= factor * arrived + 1000, "{held} bytes held for {arrived}");
        }
        assert_eq!(server.error(), None);
    }
}

fn an_idle_connection_owns_nothing() {
    for role in ROLES {
        let text = "x".repeat(1 << 20);
        let conversation = [
            wire::frame(role, FIN | TEXT, text.as_bytes()),
            wire::fragments(role, BINARY, &[&[0xB1; 1 << 19][..]; 3]),
            wire::fragments(role, TEXT, &[b"\xE2", b"\x82", b"\xAC"]),
            wire::frame(role, PING, &[b'p'; 125]),
        ];
        let conversation = conversation.concat();
        let mut output = Vec::with_capacity(4 << 20);
        let mut input = conversation.clone();
        for length in [usize::MAX, 16 * 1024, 100] {
            let mut connection = run::connection(role, &Config::default());
            let before = live();
            input.copy_from_slice(&conversation);
            for piece in input.chunks_mut(length.min(conversation.len())) {
                receive(&mut connection, piece);
                connection.poll_transmit(&mut output);
            }
            connection.send(&text, &mut output).expect("open");
            drop(connection.encode(&text).expect("open"));
            assert_eq!(connection.stats().received.messages, 3, "{role:?}");
            assert_eq!(live(), before, "{role:?}, reads of {length} bytes");
            output.clear();
        }
    }
}

fn a_ping_flood_keeps_memory_flat() {
    for role in ROLES {
        let mut connection = run::connection(role, &Config::default());
        let ping = wire::frame(role, PING, &[b'p'; 125]);
        receive(&mut connection, &mut ping.clone());
        let before = live();
        for _ in 0..100_000 {
            receive(&mut connection, &mut ping.clone());
            assert_eq!(live(), before, "{role:?}");
        }
        let mut output = Vec::new();
        connection.poll_transmit(&mut output);
        assert_eq!(wire::parse(&output).len(), 1, "{role:?}");
    }
}

/// CVE-2026-48779.
fn empty_fragments_keep_memory_flat() {
    for role in ROLES {
        let mut connection = run::connection(role, &unlimited());
        receive(&mut connection, &mut wire::frame(role, TEXT, b""));
        let fragment = wire::frame(role, CONTINUATION, b"");
        let before = live();
        for _ in 0..1_000_000 {
            receive(&mut connection, &mut fragment.clone());
            assert_eq!(live(), before, "{role:?}");
        }
        assert_eq!(connection.error(), None, "{role:?}");
    }
}

/// A buffer that grew only by what each fragment brings would be copied for every one of them:
/// work that grows with the square of the message.
fn fragments_are_not_copied_again_and_again() {
    for kind in [TEXT, BINARY] {
        let mut server = Connection::server(Config::default());
        let mut first = wire::frame(Role::Server, kind, b"");
        receive(&mut server, &mut first);
        let mut fragments = wire::frame(Role::Server, CONTINUATION, &[b'x'; 64]).repeat(16_384);
        let before = requests();
        receive(&mut server, &mut fragments);
        let growths = requests() - before;
        assert_eq!(server.error(), None);
        assert!(growths <= 32, "grew {growths} times to 1 MiB");
    }
}

/// The length of a frame is known, so that what is handed out needs no room to spare.
fn a_gathered_frame_takes_what_it_needs() {
    let text = "x€".repeat(25_000);
    for (first, payload) in [(FIN | TEXT, text.as_bytes()), (FIN | BINARY, &[0xB1; 100_001])] {
        for to in ROLES {
            for length in [1000, 1448, 16_384, 65_536] {
                let mut connection = run::connection(to, &Config::default());
                let mut wire = wire::frame(to, first, payload);
                let capacity = wire.chunks_mut(length).find_map(|mut read| {
                    match connection.receive(&mut read).expect("valid") {
                        Some(Event::Text(Cow::Owned(text))) => Some(text.capacity()),
                        Some(Event::Binary(Cow::Owned(data))) => Some(data.capacity()),
                        _ => None,
                    }
                });
                assert_eq!(capacity, Some(payload.len()), "{to:?}, reads of {length} bytes");
            }
        }
    }
}

/// Other messages in the same read are not room for it.
fn gathered_fragments_take_at_most_twice_their_length() {
    for kind in [TEXT, BINARY] {
        for to in ROLES {
            let message = wire::fragments(to, kind, &[&[b'x'; 1000][..], b"yz"]);
            let mut wire = message.repeat(50);
            let mut connection = run::connection(to, &Config::default());
            let mut input = &mut wire[..];
            let mut received = 0;
            while let Some(event) = connection.receive(&mut input).expect("valid") {
                let capacity = match event {
                    Event::Text(Cow::Owned(text)) => text.capacity(),
                    Event::Binary(Cow::Owned(data)) => data.capacity(),
                    other => panic!("{other:?}"),
                };
                assert!(capacity <= 2 * 1002, "{to:?}: {capacity} bytes");
                received += 1;
            }
            assert_eq!(received, 50, "{to:?}");
        }
    }
}

/// Of a large frame much is reserved when some of it has arrived, so that it is seldom copied.
fn a_large_frame_is_seldom_copied() {
    for to in ROLES {
        for length in [16_384, 65_536] {
            let mut connection = run::connection(to, &Config::default());
            let mut wire = wire::frame(to, FIN | BINARY, &[0xB1; 1 << 20]);
            let before = requests();
            for read in wire.chunks_mut(length) {
                receive(&mut connection, read);
            }
            // The message, and its buffer.
            let growths = requests() - before - 1;
            assert!(growths <= 4, "{to:?}: grew {growths} times in reads of {length} bytes");
        }
    }
}

fn chunks_are_not_gathered() {
    let config = Config { delivery: Delivery::Chunked, ..unlimited() };
    for first in [FIN | BINARY, FIN | TEXT, BINARY, TEXT] {
        let mut server = Connection::server(config.clone());
        receive(&mut server, &mut wire::header(Role::Server, first, CLAIM));
        let read: Vec<u8> = wire::masked(&[b'x'; 1000], wire::KEY).collect();
        receive(&mut server, &mut read.clone());
        let before = live();
        for _ in 0..1000 {
            receive(&mut server, &mut read.clone());
            assert_eq!(live(), before);
        }
        assert_eq!(server.error(), None);
    }
}

fn a_message_in_one_read_is_not_allocated() {
    for delivery in [Delivery::Whole, Delivery::Chunked] {
        for role in ROLES {
            let config = Config { delivery, ..Config::default() };
            let mut connection = run::connection(role, &config);
            let text = wire::frame(role, FIN | TEXT, "text €".repeat(100).as_bytes());
            let binary = wire::frame(role, FIN | BINARY, &[0xB1; 70_000]);
            let wire = [text, binary].concat();
            let mut input = wire.clone();
            let before = requests();
            for _ in 0..100 {
                input.copy_from_slice(&wire);
                receive(&mut connection, &mut input);
            }
            assert_eq!(requests(), before, "{role:?}, {delivery:?}");
            assert_eq!(connection.stats().received.messages, 200, "{role:?}, {delivery:?}");
        }
    }
}

fn sending_allocates_nothing() {
    for role in ROLES {
        let mut connection = run::connection(role, &Config::default());
        let mut output = Vec::with_capacity(1 << 20);
        let before = requests();
        for _ in 0..100 {
            output.clear();
            connection.send("text", &mut output).expect("open");
            connection.send(&[0xB1; 70_000], &mut output).expect("open");
            connection.send_fragment("frag", false, &mut output).expect("open");
            connection.ping(b"ping", &mut output).expect("open");
            connection.send_fragment("ment", true, &mut output).expect("open");
        }
        assert_eq!(requests(), before, "{role:?}");
    }
}

fn a_violation_frees_what_was_gathered() {
    for role in ROLES {
        let mut connection = run::connection(role, &Config::default());
        let mut unfinished = wire::frame(role, BINARY, &[0xB1; 1 << 20]);
        // In two reads, so that it is gathered.
        let (first, second) = unfinished.split_at_mut(1 << 19);
        let before = live();
        receive(&mut connection, first);
        receive(&mut connection, second);
        let gathered = live() - before;
        assert!(gathered >= 1 << 20, "{role:?}: {gathered} bytes");
        receive(&mut connection, &mut [0xFF]);
        connection.poll_transmit(&mut Vec::new());
        let held = live() - before;
        assert!(held < 500, "{role:?}: {held} bytes");
    }
    for role in ROLES {
        let mut connection = run::connection(role, &Config::default());
        let before = live();
        receive(&mut connection, &mut wire::frame(role, BINARY, &[0xB1; 1 << 20]));
        receive(&mut connection, &mut wire::frame(role, CLOSE, b""));
        let held = live() - before;
        assert!(held < 500, "{role:?}: {held} bytes after a Close frame");
    }
}
