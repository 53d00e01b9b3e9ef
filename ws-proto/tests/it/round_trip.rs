//! What one end sends is what the other receives, whichever end sends, however it is cut.

use proptest::collection::vec;
use proptest::prelude::*;
use ws_proto::{Close, CloseCode, Config, Delivery, Event, Payload};

use crate::pair::Pair;
use crate::pair::peer::Peer;
use crate::pair::run;
use crate::property;

#[derive(Clone, Debug)]
enum Step {
    Send(Payload<'static>),
    Encode(Payload<'static>),
    /// A message of its own in fragments, optionally with a ping after each.
    Fragments(Vec<Payload<'static>>, bool),
    Ping(Vec<u8>),
    Pong(Vec<u8>),
}

#[derive(Clone, Copy, Debug)]
enum Side {
    Client,
    Server,
}

#[derive(Clone, Debug)]
struct Turn {
    side: Side,
    step: Step,
    /// Whether the pipes are emptied afterwards.
    exchange: bool,
}

fn message() -> impl Strategy<Value = Payload<'static>> {
    prop_oneof![property::text().prop_map(Payload::from), property::data().prop_map(Payload::from),]
}

fn turn() -> impl Strategy<Value = Turn> {
    let texts = vec(property::text().prop_map(Payload::from), 1..5);
    let data = vec(property::data().prop_map(Payload::from), 1..5);
    let parts = prop_oneof![texts, data];
    let payload = || vec(any::<u8>(), 0..=125);
    let step = prop_oneof![
        message().prop_map(Step::Send),
        message().prop_map(Step::Encode),
        (parts, any::<bool>()).prop_map(|(parts, pings)| Step::Fragments(parts, pings)),
        payload().prop_map(Step::Ping),
        payload().prop_map(Step::Pong),
    ];
    let side = prop_oneof![Just(Side::Client), Just(Side::Server)];
    (side, step, any::<bool>()).prop_map(|(side, step, exchange)| Turn { side, step, exchange })
}

/// Takes a step, and notes what the other end should receive of it.
fn take(peer: &mut Peer, step: Step, expected: &mut Vec<Event<'static>>) {
    let Peer { connection, output, .. } = peer;
    match step {
        Step::Send(message) => {
            connection.send(message.clone(), output).expect("open");
            expected.push(event(message));
        }
        Step::Encode(message) => {
            connection.poll_transmit(output);
            let frame = connection.encode(message.clone()).expect("open");
            output.extend_from_slice(frame.header());
            output.extend_from_slice(frame.payload());
            expected.push(event(message));
        }
        Step::Fragments(parts, pings) => {
            let last = parts.len() - 1;
            for (i, part) in parts.iter().enumerate() {
                connection.send_fragment(part.clone(), i == last, output).expect("open");
                if pings && i < last {
                    connection.ping(&[i as u8], output).expect("open");
                    expected.push(Event::Ping(vec![i as u8].into()));
                }
            }
            let payload: Vec<u8> = parts.iter().flat_map(|part| part.as_bytes().to_vec()).collect();
            expected.push(event(match parts[0] {
                Payload::Text(_) => String::from_utf8(payload).expect("text").into(),
                Payload::Binary(_) => payload.into(),
            }));
        }
        Step::Ping(payload) => {
            connection.ping(&payload, output).expect("open");
            expected.push(Event::Ping(payload.into()));
        }
        Step::Pong(payload) => {
            connection.pong(&payload, output).expect("open");
            expected.push(Event::Pong(payload.into()));
        }
    }
}

fn event(message: Payload<'static>) -> Event<'static> {
    match message {
        Payload::Text(text) => Event::Text(text),
        Payload::Binary(data) => Event::Binary(data),
    }
}

fn is_pong(event: &Event<'_>) -> bool {
    matches!(event, Event::Pong(_))
}

fn pings(events: &[Event<'static>]) -> usize {
    events.iter().filter(|event| matches!(event, Event::Ping(_))).count()
}

proptest! {
    #![proptest_config(property::cases(400))]

    #[test]
    fn of_any_conversation(
        turns in vec(turn(), 1..12),
        cuts in property::cuts(),
        delivery in prop_oneof![Just(Delivery::Whole), Just(Delivery::Chunked)],
    ) {
        let config = Config { delivery, ..Config::default() };
        let mut pair = Pair::cut(&config, &cuts);
        let [mut to_server, mut to_client] = [Vec::new(), Vec::new()];
        for Turn { side, step, exchange } in turns {
            match side {
                Side::Client => take(&mut pair.client, step, &mut to_server),
                Side::Server => take(&mut pair.server, step, &mut to_client),
            }
            if exchange {
                pair.exchange();
            }
        }
        let close = Close::new(CloseCode::NORMAL, "the end");
        pair.client.connection.close(close.clone(), &mut pair.client.output).expect("open");
        to_server.push(Event::Close(close));
        pair.exchange();
        to_client.push(Event::Close(CloseCode::NORMAL.into()));

        prop_assert_eq!([pair.client.error, pair.server.error], [None, None]);
        // Pongs may arrive at any time; everything else arrives in order.
        let answers = [pings(&to_server), pings(&to_client)];
        for (peer, expected, answers) in
            [(pair.server, to_server, answers[1]), (pair.client, to_client, answers[0])]
        {
            let unasked = expected.iter().filter(|event| is_pong(event)).count();
            let received = run::messages(peer.events);
            let pongs = received.iter().filter(|event| is_pong(event)).count();
            prop_assert!(pongs <= unasked + answers);
            let in_order = |events: Vec<Event<'static>>| -> Vec<_> {
                events.into_iter().filter(|event| !is_pong(event)).collect()
            };
            prop_assert_eq!(in_order(received), in_order(expected));
        }
    }
}
