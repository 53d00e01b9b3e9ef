//! Compressed messages arrive whole, and another inflater can read them with exactly the window
//! that was negotiated.

use ws_proto::{Compression, Deflate, Event, Payload, Role};

use crate::compressed;
use crate::compressed::Agreed;
use crate::compressed::content::{self, Random};
use crate::compressed::inflate::Inflate;
use crate::pair::peer::Peer;
use crate::pair::wire::{self, ROLES, RSV1};
use crate::pair::{Pair, run};

fn ends(pair: &mut Pair, from: Role) -> [&mut Peer; 2] {
    match from {
        Role::Client => [&mut pair.client, &mut pair.server],
        Role::Server => [&mut pair.server, &mut pair.client],
    }
}

fn event(message: Payload<'static>) -> Event<'static> {
    match message {
        Payload::Text(text) => Event::Text(text),
        Payload::Binary(data) => Event::Binary(data),
    }
}

/// Sends a message; checks each of its frames, and the result. Returns whether it was compressed.
fn exchange(
    pair: &mut Pair,
    from: Role,
    message: &Payload<'static>,
    compression: Compression,
    inflate: &mut Inflate,
    lengths: &[usize],
) -> bool {
    let [sender, receiver] = ends(pair, from);
    let mut wire = Vec::new();
    sender.connection.send_with(message.clone(), compression, &mut wire).expect("open");
    let frames = wire::parse(&wire);
    let [frame] = frames.as_slice() else { panic!("{frames:?}") };
    let compressed = frame.first & RSV1 != 0;
    if compressed {
        assert_eq!(inflate.message(&frame.payload), message.as_bytes(), "the other inflater");
    } else {
        assert_eq!(frame.payload, message.as_bytes());
    }
    for piece in run::pieces(&wire, lengths) {
        receiver.read(piece);
    }
    assert_eq!(receiver.error, None);
    let events = core::mem::take(&mut receiver.events);
    assert_eq!(events, [event(message.clone())]);
    compressed
}

fn messages(sizes: &[usize], random: &mut Random) -> Vec<Payload<'static>> {
    let kinds = |size: &usize| {
        [
            Payload::from(content::words(*size, random)),
            Payload::from(content::noise(*size, random)),
            Payload::from(vec![b'a'; *size]),
        ]
    };
    sizes.iter().flat_map(kinds).collect()
}

/// Sends the messages from both ends.
fn converse(agreed: Agreed, messages: &[Payload<'static>], lengths: &[usize]) -> [Inflate; 2] {
    let mut pair = agreed.pair(&compressed::config(), &[usize::MAX]);
    ROLES.map(|from| {
        let mut inflate = Inflate::new(agreed.of(from));
        for message in messages {
            for compression in choices(message) {
                let compressed =
                    exchange(&mut pair, from, message, compression, &mut inflate, lengths);
                let expected = match compression {
                    Compression::Automatic => message.as_bytes().len() >= threshold(),
                    Compression::Always => true,
                    Compression::Never => false,
                };
                assert_eq!(compressed, expected, "{compression:?}");
            }
        }
        inflate
    })
}

/// Large messages take long, and are the same for all.
fn choices(message: &Payload<'_>) -> Vec<Compression> {
    match message.as_bytes().len() {
        0..10_000 => vec![Compression::Automatic, Compression::Always, Compression::Never],
        _ => vec![Compression::Automatic],
    }
}

fn threshold() -> usize {
    Deflate::default().threshold
}

#[test]
fn at_every_window_with_and_without_takeover() {
    let sizes = [0, 1, threshold() - 1, threshold(), 1024, 5000];
    let messages = messages(&sizes, &mut Random(7692));
    for agreed in Agreed::all() {
        for (role, inflate) in ROLES.into_iter().zip(converse(agreed, &messages, &[usize::MAX])) {
            let (_, takeover) = agreed.of(role);
            assert_eq!(inflate.farthest_earlier > 0, takeover, "{agreed:?}, {role:?}");
        }
    }
}

#[test]
fn large_messages() {
    let random = &mut Random(1951);
    let messages = messages(&[64 * 1024], random);
    for bits in 9..=15 {
        for inflate in converse(Agreed::new(bits, bits % 2 == 0), &messages, &[4096]) {
            // The window is used, too; the compressor does not use the last 262 bytes.
            assert!(inflate.farthest > (1 << bits) / 3, "{bits}: {}", inflate.farthest);
        }
    }
    let messages = [content::words(1 << 20, random).into(), content::noise(1 << 20, random).into()];
    for agreed in [Agreed { server_bits: 9, ..Agreed::new(15, true) }, Agreed::new(12, false)] {
        converse(agreed, &messages, &[16 * 1024]);
    }
}

#[test]
fn read_byte_by_byte() {
    let messages = messages(&[0, 1, 200, 3000], &mut Random(3));
    for agreed in [Agreed::new(9, true), Agreed::new(12, false), Agreed::new(15, true)] {
        converse(agreed, &messages, &[1]);
    }
}

#[test]
fn at_every_level() {
    let random = &mut Random(5);
    for level in 0..=10 {
        let deflate = Deflate { level, ..Deflate::default() };
        let config = ws_proto::Config { deflate: Some(deflate), ..compressed::config() };
        let agreed = Agreed::new(10, true);
        let mut pair = agreed.pair(&config, &[usize::MAX]);
        let mut inflate = Inflate::new(agreed.of(Role::Server));
        for _ in 0..20 {
            let message = content::words(2000, random).into();
            let automatic = Compression::Automatic;
            let read = [usize::MAX];
            exchange(&mut pair, Role::Server, &message, automatic, &mut inflate, &read);
        }
        assert!(inflate.farthest_earlier > 0, "level {level}");
    }
}

/// RFC 7692 §7.2.3.6.
#[test]
fn an_empty_message_is_one_byte() {
    for agreed in [Agreed::default(), Agreed::new(12, false)] {
        let [mut client, _] = agreed.connections(&compressed::config());
        for before in ["", "something before", ""] {
            let mut wire = Vec::new();
            client.send_with(before, Compression::Always, &mut wire).expect("open");
            wire.clear();
            client.send_with("", Compression::Always, &mut wire).expect("open");
            let expected = (wire::FIN | RSV1 | wire::TEXT, vec![0x00]);
            assert_eq!(wire::contents(&wire), [expected], "{agreed:?} behind {before:?}");
        }
    }
}
