//! Arbitrary steps of two peers that are connected by pipes.

use core::time::Duration;

use libfuzzer_sys::arbitrary::{Result, Unstructured};
use ws_proto::{Close, CloseCode, Config, Deflate, Delivery, Event, Payload, SendError};

use crate::compressed::Agreed;
use crate::pair::Pair;
use crate::pair::peer::Peer;
use crate::pair::run;

/// The first bytes of the pings and pongs that an application sends here; those of the library
/// start with other bytes.
const PING: u8 = b'?';
const PONG: u8 = b'!';

/// Checks that a peer receives all that the other one sent, in order and once, that a failed send
/// has no effect, and that neither peer reports an error.
pub fn round_trip(data: &[u8]) {
    let mut input = Unstructured::new(data);
    let Ok((config, cuts)) = setting(&mut input) else { return };
    converse(input, Pair::cut(&config, &cuts));
}

/// Checks the same with compression, for any negotiated parameters, while engines are taken and
/// returned.
pub fn deflate_round_trip(data: &[u8]) {
    let mut input = Unstructured::new(data);
    let Ok((config, cuts)) = setting(&mut input) else { return };
    let Ok((agreed, deflate)) = compression(&mut input) else { return };
    let config = Config { deflate: Some(deflate), ..config };
    converse(input, agreed.pair(&config, &cuts));
}

fn compression(input: &mut Unstructured<'_>) -> Result<(Agreed, Deflate)> {
    let agreed = Agreed {
        client_bits: input.int_in_range(9..=15)?,
        server_bits: input.int_in_range(9..=15)?,
        client_takeover: input.arbitrary()?,
        server_takeover: input.arbitrary()?,
    };
    let deflate = Deflate {
        level: input.int_in_range(1..=9)?,
        threshold: input.int_in_range(0..=30)?,
        ..Deflate::default()
    };
    Ok((agreed, deflate))
}

fn converse(mut input: Unstructured<'_>, mut pair: Pair) {
    let [mut to_server, mut to_client] = [Expected::default(), Expected::default()];
    while !input.is_empty() {
        if step(&mut input, &mut pair, &mut to_server, &mut to_client).is_err() {
            break;
        }
    }
    settle(&mut pair);

    let Pair { client, server, .. } = pair;
    assert_eq!([client.error, server.error], [None, None]);
    let said = [&client, &server].map(|peer| peer.connection.closed().cloned());
    if let [Some(client), Some(server)] = &said {
        assert_eq!(client.sent, server.received);
        assert_eq!(server.sent, client.received);
        assert!(client.is_clean() && server.is_clean());
    } else {
        assert_eq!(said, [None, None]);
    }
    assert_eq!(received(server), to_server.events);
    assert_eq!(received(client), to_client.events);
}

/// Empties the pipes, and replies to the Close frames that the application has to reply to.
fn settle(pair: &mut Pair) {
    pair.exchange();
    for Peer { connection, output, .. } in [&mut pair.client, &mut pair.server] {
        if connection.closed().is_some() && connection.can_send() {
            connection.close(CloseCode::NORMAL, output).expect("to be answered");
        }
    }
    pair.exchange();
}

fn setting(input: &mut Unstructured<'_>) -> Result<(Config, Vec<usize>)> {
    let delivery = if input.arbitrary()? { Delivery::Whole } else { Delivery::Chunked };
    let automatic_close = input.arbitrary()?;
    let config =
        Config { delivery, automatic_close, ping_payload: b"keep-alive", ..Config::default() };
    let mut cuts = Vec::new();
    for _ in 0..input.int_in_range(0..=5)? {
        cuts.push(usize::from(input.arbitrary::<u8>()?) + 1);
    }
    if cuts.is_empty() {
        cuts.push(usize::MAX);
    }
    Ok((config, cuts))
}

/// The events that a peer should receive from the other application. Close frames are compared
/// separately, because a reply may cross another one.
#[derive(Default)]
struct Expected {
    events: Vec<Event<'static>>,
    unfinished: Option<Payload<'static>>,
}

impl Expected {
    fn fragment(&mut self, part: Payload<'static>, fin: bool) {
        let message = match (self.unfinished.take(), part) {
            (Some(Payload::Text(begin)), Payload::Text(part)) => {
                Payload::Text((begin.into_owned() + &part).into())
            }
            (Some(Payload::Binary(begin)), Payload::Binary(part)) => {
                Payload::Binary([begin, part].concat().into())
            }
            (Some(begin), part) => panic!("{part:?} was taken for a fragment of {begin:?}"),
            (None, part) => part,
        };
        match fin {
            true => self.events.push(event(message)),
            false => self.unfinished = Some(message),
        }
    }
}

fn event(message: Payload<'static>) -> Event<'static> {
    match message {
        Payload::Text(text) => Event::Text(text),
        Payload::Binary(data) => Event::Binary(data),
    }
}

/// Returns the events that a peer received from the other application.
fn received(peer: Peer) -> Vec<Event<'static>> {
    let by_application = |event: &Event<'_>| match event {
        Event::Ping(payload) => payload.first() == Some(&PING),
        Event::Pong(payload) => payload.first() == Some(&PONG),
        Event::Close(_) => false,
        Event::Text(_) | Event::Binary(_) => true,
        Event::TextChunk { .. } | Event::BinaryChunk { .. } => true,
    };
    run::messages(peer.events).into_iter().filter(by_application).collect()
}

fn step(
    input: &mut Unstructured<'_>,
    pair: &mut Pair,
    to_server: &mut Expected,
    to_client: &mut Expected,
) -> Result<()> {
    match input.int_in_range(0..=15)? {
        0 => {
            pair.deliver_to_client();
        }
        1 => {
            pair.deliver_to_server();
        }
        2 => {
            pair.exchange();
        }
        3 => {
            // Neither bytes in a pipe nor a pending reply may wait for longer than a timeout.
            settle(pair);
            pair.pass(Duration::from_secs(input.int_in_range(0..=100)?));
        }
        4..=9 => send(input, &mut pair.client, to_server)?,
        _ => send(input, &mut pair.server, to_client)?,
    }
    Ok(())
}

fn send(input: &mut Unstructured<'_>, peer: &mut Peer, expected: &mut Expected) -> Result<()> {
    let Peer { connection, output, .. } = peer;
    let before = (output.len(), connection.wants_transmit());
    let result = match input.int_in_range(0..=6)? {
        0 => {
            let message = message(input)?;
            let sent = connection.send(message.clone(), output);
            sent.map(|()| expected.events.push(event(message)))
        }
        1 => {
            // `encode` requires it.
            connection.poll_transmit(output);
            let message = message(input)?;
            let Ok(frame) = connection.encode(message.clone()) else { return Ok(()) };
            output.extend_from_slice(frame.header());
            output.extend_from_slice(frame.payload());
            expected.events.push(event(message));
            return Ok(());
        }
        2 | 3 => {
            let (part, fin) = (message(input)?, input.arbitrary()?);
            let sent = connection.send_fragment(part.clone(), fin, output);
            sent.map(|()| expected.fragment(part, fin))
        }
        4 => {
            let payload = [&[PING], bytes(input)?].concat();
            let sent = connection.ping(&payload, output);
            sent.map(|()| expected.events.push(Event::Ping(payload.into())))
        }
        5 => {
            let payload = [&[PONG], bytes(input)?].concat();
            let sent = connection.pong(&payload, output);
            sent.map(|()| expected.events.push(Event::Pong(payload.into())))
        }
        _ => {
            let code = CloseCode::new(input.arbitrary()?);
            connection.close(Close::new(code, input.arbitrary::<&str>()?), output)
        }
    };
    if let Err(error) = result {
        let after = (output.len(), connection.wants_transmit());
        assert_eq!(after, before, "{error} left a trace");
        assert_eq!(error == SendError::Closed, !connection.can_send());
    }
    Ok(())
}

fn message(input: &mut Unstructured<'_>) -> Result<Payload<'static>> {
    Ok(match input.int_in_range(0..=9)? {
        0..=4 => String::from(input.arbitrary::<&str>()?).into(),
        5..=8 => bytes(input)?.to_vec().into(),
        // Beyond the shortest form of a length.
        _ => vec![input.arbitrary()?; 126].into(),
    })
}

fn bytes<'d>(input: &mut Unstructured<'d>) -> Result<&'d [u8]> {
    input.arbitrary()
}
