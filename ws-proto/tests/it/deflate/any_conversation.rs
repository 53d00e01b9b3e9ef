//! Any conversation over compressed connections, however it is cut and whenever engines are
//! returned.

use proptest::collection::vec;
use proptest::prelude::*;
use ws_proto::{Compression, Config, Deflate, Delivery, Event, Instant, Payload, Prepared, Role};

use crate::compressed;
use crate::compressed::Agreed;
use crate::compressed::content::{self, Random};
use crate::compressed::inflate::Inflate;
use crate::pair::Pair;
use crate::pair::peer::Peer;
use crate::pair::run::{self, Outcome};
use crate::pair::wire::{self, BINARY, CONTINUATION, FIN, RSV1};
use crate::property;

#[derive(Clone, Debug)]
enum Step {
    Send(Payload<'static>, Compression),
    Encode(Payload<'static>, Compression),
    Prepared(Payload<'static>),
    Fragments(Vec<Payload<'static>>, Compression),
    EncodedFragments(Vec<Payload<'static>>, Compression),
    Ping,
    /// Lets the engines of this end be returned.
    Release,
    /// Empties the pipes.
    Exchange,
}

fn agreed() -> impl Strategy<Value = Agreed> {
    (9..=15_u8, 9..=15_u8, any::<bool>(), any::<bool>()).prop_map(
        |(client_bits, server_bits, client_takeover, server_takeover)| Agreed {
            client_bits,
            server_bits,
            client_takeover,
            server_takeover,
        },
    )
}

fn delivery() -> impl Strategy<Value = Delivery> {
    prop_oneof![Just(Delivery::Whole), Just(Delivery::Chunked)]
}

fn text() -> impl Strategy<Value = Payload<'static>> {
    prop_oneof![
        property::text().prop_map(Payload::from),
        (0..3000_usize, any::<u64>()).prop_map(|(len, seed)| content::words(
            len,
            &mut Random(seed)
        )
        .into()),
    ]
}

fn data() -> impl Strategy<Value = Payload<'static>> {
    prop_oneof![
        property::data().prop_map(Payload::from),
        (0..3000_usize, any::<u64>()).prop_map(|(len, seed)| content::noise(
            len,
            &mut Random(seed)
        )
        .into()),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    let message = || prop_oneof![text(), data()];
    let compression = || {
        prop_oneof![
            Just(Compression::Automatic),
            Just(Compression::Always),
            Just(Compression::Never)
        ]
    };
    let parts = || prop_oneof![vec(text(), 1..5), vec(data(), 1..5)];
    prop_oneof![
        4 => (message(), compression()).prop_map(|(message, it)| Step::Send(message, it)),
        1 => (message(), compression()).prop_map(|(message, it)| Step::Encode(message, it)),
        1 => message().prop_map(Step::Prepared),
        3 => (parts(), compression()).prop_map(|(parts, it)| Step::Fragments(parts, it)),
        2 => (parts(), compression()).prop_map(|(parts, it)| Step::EncodedFragments(parts, it)),
        1 => Just(Step::Ping),
        3 => Just(Step::Release),
        3 => Just(Step::Exchange),
    ]
}

fn event(message: Payload<'static>) -> Event<'static> {
    match message {
        Payload::Text(text) => Event::Text(text),
        Payload::Binary(data) => Event::Binary(data),
    }
}

/// Takes a step of one end; returns the events that the other should receive.
fn take(peer: &mut Peer, step: Step, deflate: &Deflate, now: &mut Instant) -> Vec<Event<'static>> {
    let Peer { connection, output, .. } = peer;
    match step {
        Step::Send(message, compression) => {
            connection.send_with(message.clone(), compression, output).expect("open");
            vec![event(message)]
        }
        Step::Encode(message, compression) => {
            connection.poll_transmit(output);
            let frame = connection.encode_with(message.clone(), compression).expect("open");
            output.extend_from_slice(frame.header());
            output.extend_from_slice(frame.payload());
            vec![event(message)]
        }
        Step::Prepared(message) => {
            let prepared = Prepared::deflated(message.clone(), deflate);
            connection.send_prepared(&prepared, output).expect("open");
            vec![event(message)]
        }
        Step::Fragments(parts, compression) => {
            let last = parts.len() - 1;
            for (i, part) in parts.iter().enumerate() {
                connection
                    .send_fragment_with(part.clone(), i == last, compression, output)
                    .expect("open");
            }
            vec![event(joined(&parts))]
        }
        Step::EncodedFragments(parts, compression) => {
            let last = parts.len() - 1;
            for (i, part) in parts.iter().enumerate() {
                connection.poll_transmit(output);
                let frame = connection.encode_fragment(part.clone(), i == last, compression);
                let frame = frame.expect("open");
                output.extend_from_slice(frame.header());
                output.extend_from_slice(frame.payload());
            }
            vec![event(joined(&parts))]
        }
        Step::Ping => {
            connection.ping(b"?", output).expect("open");
            vec![Event::Ping(b"?".into())]
        }
        Step::Release => {
            // Both ends may be in the middle of a message that has not been delivered yet.
            for _ in 0..3 {
                connection.poll_timeout(*now);
                *now = *now + deflate.idle_timeout;
                connection.handle_timeout(*now).expect("open");
            }
            vec![]
        }
        Step::Exchange => vec![],
    }
}

fn joined(parts: &[Payload<'_>]) -> Payload<'static> {
    let payload: Vec<u8> = parts.iter().flat_map(|part| part.as_bytes().to_vec()).collect();
    match parts[0] {
        Payload::Text(_) => String::from_utf8(payload).expect("text").into(),
        Payload::Binary(_) => payload.into(),
    }
}

/// The contents of the data messages on the wire, inflated by hand.
fn by_hand(wire: &[u8], inflate: &mut Inflate) -> Vec<Vec<u8>> {
    let mut contents = Vec::new();
    let (mut payload, mut compressed) = (Vec::new(), false);
    for wire::Frame { first, payload: part, .. } in wire::parse(wire) {
        if first & 0x8 != 0 {
            continue;
        }
        if first & 0xF != CONTINUATION {
            compressed = first & RSV1 != 0;
        }
        payload.extend(part);
        if first & FIN != 0 {
            let payload = core::mem::take(&mut payload);
            contents.push(if compressed { inflate.message(&payload) } else { payload });
        }
    }
    contents
}

proptest! {
    #![proptest_config(property::cases(150))]

    #[test]
    fn comes_whole(
        agreed in agreed(),
        delivery in delivery(),
        threshold in prop_oneof![Just(0_usize), 0..500_usize],
        steps in vec((any::<bool>(), step()), 1..25),
        cuts in property::cuts(),
    ) {
        let deflate = Deflate { threshold, ..Deflate::default() };
        let config = Config { delivery, deflate: Some(deflate), ..compressed::config() };
        let deflates = agreed.configs(&config).map(|config| config.deflate.expect("set"));
        let mut pair = agreed.pair(&config, &cuts);
        let mut now = Instant::EPOCH;
        let mut expected = [Vec::new(), Vec::new()];
        let mut wires = [Vec::new(), Vec::new()];
        for (from_server, step) in steps.into_iter().chain([(false, Step::Exchange)]) {
            let exchange = matches!(step, Step::Exchange);
            let side = usize::from(from_server);
            let Pair { client, server, .. } = &mut pair;
            let peer = if from_server { server } else { client };
            expected[side].extend(take(peer, step, &deflates[side], &mut now));
            if exchange {
                // Pending frames are sent as well, so that the whole wire is checked.
                for (peer, wire) in [&mut pair.client, &mut pair.server].into_iter().zip(&mut wires) {
                    peer.connection.poll_transmit(&mut peer.output);
                    wire.extend_from_slice(&peer.output);
                }
                pair.exchange();
            }
        }
        prop_assert_eq!([pair.client.error, pair.server.error], [None, None]);
        let received = [pair.server.events, pair.client.events].map(|events| {
            let mut events = run::messages(events);
            events.retain(|event| !matches!(event, Event::Pong(_)));
            events
        });
        for (side, role) in [Role::Client, Role::Server].into_iter().enumerate() {
            prop_assert!(received[side] == expected[side], "from {:?}, {:?}", role, agreed);
            let mut inflate = Inflate::new(agreed.of(role));
            let contents: Vec<Vec<u8>> = expected[side].iter().filter_map(|event| match event {
                Event::Text(text) => Some(text.as_bytes().to_vec()),
                Event::Binary(data) => Some(data.to_vec()),
                Event::TextChunk { .. } | Event::BinaryChunk { .. } => unreachable!("joined"),
                Event::Ping(_) | Event::Pong(_) | Event::Close(_) => None,
            }).collect();
            prop_assert!(by_hand(&wires[side], &mut inflate) == contents, "{:?}, {:?}", role, agreed);
        }
    }
}

proptest! {
    #![proptest_config(property::cases(1500))]

    /// Compressed payloads that were damaged, or never were DEFLATE, in frames of any cut: the
    /// result is the same at every chunking and in both deliveries.
    #[test]
    fn arbitrary_payloads_are_judged_alike(
        takeover in any::<bool>(),
        text in any::<bool>(),
        messages in vec((0..600_usize, any::<u64>(), vec((any::<u16>(), any::<u8>()), 0..3)), 1..4),
        noise in vec(any::<u8>(), 0..40),
        parts in 1..5_usize,
        limit in prop_oneof![Just(1_usize << 20), 0..1500_usize],
        cuts in property::cuts(),
    ) {
        let agreed = Agreed::new(12, takeover);
        let to = Role::Client;
        let mut sender = agreed.connection(Role::Server, &compressed::config());
        let kind = if text { wire::TEXT } else { BINARY };
        let mut wire = Vec::new();
        for (len, seed, damage) in messages {
            let mut message = Vec::new();
            let words = content::words(len, &mut Random(seed));
            sender.send_with(words, Compression::Always, &mut message).expect("open");
            let mut payload = wire::parse(&message).remove(0).payload;
            for (place, byte) in damage {
                let place = usize::from(place) % payload.len();
                payload[place] = byte;
            }
            let parts: Vec<&[u8]> = payload.chunks(payload.len().div_ceil(parts)).collect();
            wire.extend(compressed::fragments(to, kind, &parts));
        }
        wire.extend(compressed::frame(to, kind, &noise));
        let incoming = ws_proto::Limits { max_message_size: limit, ..ws_proto::Limits::incoming() };
        let outcomes = [Delivery::Whole, Delivery::Chunked].map(|delivery| {
            let config = Config { delivery, incoming, ..compressed::config() };
            let outcome = |lengths: &[usize]| {
                let connection = agreed.connection(to, &config);
                Outcome::of(compressed::reader(connection, &wire, lengths))
            };
            let whole = outcome(&[usize::MAX]);
            (outcome(&cuts) == whole, outcome(&[1]) == whole, whole)
        });
        let [(cut, bytes, whole), (chunked_cut, chunked_bytes, chunked)] = outcomes;
        prop_assert!(cut && bytes, "whole: cut {} bytes {}", cut, bytes);
        prop_assert!(chunked_cut && chunked_bytes, "{} {}", chunked_cut, chunked_bytes);
        prop_assert_eq!(chunked.error, whole.error);
        prop_assert_eq!(run::messages(chunked.events), run::messages(whole.events));
    }
}
