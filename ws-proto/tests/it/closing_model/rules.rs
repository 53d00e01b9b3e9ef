//! The rules for every state, and for every end.

use core::time::Duration;

use ws_proto::{Close, CloseCode, ErrorKind, Event, Initiator, Instant, SendError, State};

use crate::closing_model::action::{ACTIONS, Action, Amount, Side};
use crate::closing_model::end::End;
use crate::closing_model::world::World;
use crate::pair::wire::{self, CLOSE, PING, PONG};

use Side::{Client, Server};

/// No end takes longer to close: a Close frame and its answer each have the close timeout.
const LIMIT: Duration = Duration::from_secs(10);

/// Panics if a rule is broken in this state.
pub(crate) fn check(world: &mut World) {
    for side in Side::BOTH {
        output(world, side);
        input(world, side);
        facts(world, side);
        deadlines(world, side);
        tcp(world, side);
        sending(world.end_mut(side));
    }
}

/// One Close frame, which is the last frame; before it the application's messages in order, and
/// pongs for pings that were received.
fn output(world: &World, side: Side) {
    let end = world.end(side);
    let frames = wire::parse(&end.produced);
    let closes = frames.iter().filter(|frame| frame.first == CLOSE).count();
    assert!(closes <= 1, "{side:?} has sent {closes} Close frames");
    if closes == 1 {
        assert_eq!(frames.last().map(|frame| frame.first), Some(CLOSE), "{side:?} sent on");
    }

    let mut pings: Vec<&[u8]> = Vec::new();
    for event in &end.events {
        if let Event::Ping(payload) = event {
            pings.push(payload);
        }
    }
    let mut sent = Vec::new();
    let mut answered = 0;
    for frame in &frames {
        match frame.first {
            PONG => {
                let ping = pings[answered..].iter().position(|ping| *ping == frame.payload);
                answered += ping.expect("a ping for this pong") + 1;
            }
            // A ping of keep-alive has a counter of 8 bytes; ours have one byte.
            PING if frame.payload.len() == 1 => {
                sent.push(Event::Ping(frame.payload.clone().into()));
            }
            0x81 => sent.push(Event::Text(text(&frame.payload).into())),
            _ => {}
        }
    }
    assert_eq!(sent, end.sent, "{side:?} has not sent what was requested");
}

/// Every event of the bytes that were read, and no other: none lost, none repeated, none after the
/// Close frame.
fn input(world: &World, side: Side) {
    let end = world.end(side);
    let mut expected: Vec<Event<'_>> = Vec::new();
    let mut read = &world.end(side.other()).produced[..end.read];
    while let Some(frame) = wire::take(&mut read) {
        let payload = frame.payload;
        match frame.first {
            CLOSE => {
                expected.push(Event::Close(close(&payload)));
                break;
            }
            PING => expected.push(Event::Ping(payload.into())),
            PONG => expected.push(Event::Pong(payload.into())),
            0x81 if payload.len() > 1 => break,
            0x81 => expected.push(Event::Text(text(&payload).into())),
            _ => {}
        }
    }
    // After a failure nothing is delivered, whatever arrives.
    match end.error.map(|error| error.kind()) {
        None | Some(ErrorKind::MessageTooBig | ErrorKind::UnexpectedEof) => {
            assert_eq!(end.events, expected, "{side:?} has read something else than was sent");
        }
        Some(_) => {
            assert!(expected.starts_with(&end.events), "{side:?} has read what was not sent");
        }
    }
}

/// `closed` reports what has happened.
fn facts(world: &World, side: Side) {
    let end = world.end(side);
    let received = match end.events.last() {
        Some(Event::Close(close)) => Some(close.clone()),
        _ => None,
    };
    let Some(closed) = end.connection.closed() else {
        assert_eq!((received, end.error), (None, None), "{side:?} does not report that it closes");
        assert_eq!(end.connection.state(), State::Open);
        return;
    };
    assert_eq!(closed.received, received, "{side:?} has received another Close frame");
    assert_eq!(closed.code(), received.as_ref().map_or(CloseCode::ABNORMAL, |close| close.code));

    let on_wire = wire::parse(&end.produced).pop().filter(|frame| frame.first == CLOSE);
    let on_wire = on_wire.map(|frame| close(&frame.payload));
    let pending = closed.sent.is_some() && on_wire.is_none();
    match (&closed.sent, on_wire) {
        (sent, Some(on_wire)) => assert_eq!(sent.as_ref(), Some(&on_wire), "{side:?}"),
        (Some(_), None) => {
            assert!(
                end.connection.wants_transmit(),
                "{side:?} has not sent the Close frame it reports"
            );
        }
        (None, None) => {}
    }
    match closed.initiator {
        Initiator::Local => assert_eq!(closed.sent, end.closed_with, "{side:?}"),
        Initiator::Library => assert!(end.error.is_some() && end.closed_with.is_none(), "{side:?}"),
        Initiator::Peer => {
            assert!(received.is_some() || end.end_of_stream, "{side:?}: the peer did nothing");
            if let (Some(with), Some(received)) = (&end.closed_with, &received) {
                assert!(
                    !world.left.automatic_close[side as usize],
                    "{side:?} answers {received:?}"
                );
                assert_eq!(closed.sent.as_ref(), Some(with), "{side:?}");
            }
        }
    }
    // RFC 6455 §5.5.1: an automatic answer echoes the code.
    if let (Initiator::Peer, Some(sent), Some(received)) =
        (closed.initiator, &closed.sent, &received)
        && end.closed_with.is_none()
    {
        assert_eq!(sent.code, received.code, "{side:?}");
    }
    let finished = !pending
        && !end.awaits_answer()
        && (closed.is_clean() || end.end_of_stream || end.error.is_some());
    assert_eq!(end.connection.state() == State::Closed, finished, "{side:?}");
}

/// A closing connection has a deadline or wants to end; without a deadline it waits for nothing.
fn deadlines(world: &World, side: Side) {
    let end = world.end(side);
    if end.ended {
        return;
    }
    let wants_close = end.connection.wants_close();
    if end.is_closing() {
        assert!(end.deadline.is_some() || wants_close, "{side:?} may wait for ever");
    } else {
        assert_eq!(end.deadline.is_some(), world.left.keep_alive.is_some(), "{side:?}");
        assert!(!wants_close, "{side:?} wants to end an open connection");
    }
}

/// RFC 6455 §7.1.1: the server ends TCP; the client waits for it, up to a time limit.
fn tcp(world: &mut World, side: Side) {
    let end = world.end(side);
    let connection = &end.connection;
    let timed_out = end.is_closing() && end.deadline.is_none()
        || end.error.is_some_and(|error| error.kind() == ErrorKind::PingTimeout);
    let closed = connection.closed();
    let clean = closed.is_some_and(|closed| closed.is_clean()) && !connection.wants_transmit();
    // The connection waits for an application that may answer; until then the other end waits.
    let reason = !end.awaits_answer()
        && match side {
            Client => end.end_of_stream || timed_out,
            Server => end.end_of_stream || timed_out || clean,
        };
    if connection.wants_close() {
        assert!(reason, "{side:?} ends TCP too early");
    } else if clean && !end.ended {
        assert_eq!((side, end.end_of_stream), (Client, false), "{side:?} does not end TCP");
    }
    if !end.half_closes(side) {
        let connection = &mut world.end_mut(side).connection;
        assert!(!connection.poll_half_close(), "{side:?} ends its direction");
    }
}

/// After the first step of closing nothing can be sent.
fn sending(end: &mut End) {
    assert_eq!(end.connection.can_send(), end.may_send());
    if !end.may_send() {
        let mut out = Vec::new();
        assert_eq!(end.connection.send("m", &mut out), Err(SendError::Closed));
        assert_eq!(end.connection.ping(b"", &mut out), Err(SendError::Closed));
        assert_eq!(end.connection.close(CloseCode::NORMAL, &mut out), Err(SendError::Closed));
        assert_eq!(out, b"");
    }
}

/// Runs both loops until both ends have ended the TCP connection, and checks how. An application
/// answers at once if it must, and the client's closes if neither end has. Time
/// passes only when nothing else happens.
pub(crate) fn finish(world: &mut World) {
    let begin = world.now;
    if Side::BOTH.into_iter().all(|side| !world.end(side).is_closing()) {
        world.left.closes[Client as usize] = 1;
        world.step(Action::Close(Client));
    }
    if let Some(left) = &mut world.left.keep_alive {
        *left = 10;
    }
    for _ in 0..100 {
        for side in Side::BOTH {
            if world.end(side).awaits_answer() && !world.end(side).ended {
                world.left.closes[side as usize] = 1;
                world.step(Action::Close(side));
            }
        }
        if Side::BOTH.into_iter().all(|side| world.end(side).ended) {
            ended(world, begin);
            return;
        }
        let all = |action: &Action| match action {
            Action::Write(_, amount) | Action::Read(_, amount) => *amount == Amount::All,
            Action::Transmit(_) | Action::EndOfStream(_) => true,
            Action::HalfClose(_) | Action::EndTcp(_) => true,
            _ => false,
        };
        let next = ACTIONS.into_iter().filter(all).find(|action| world.is_enabled(*action));
        let earliest = Side::BOTH
            .into_iter()
            .filter(|side| world.is_enabled(Action::Timeout(*side)))
            .min_by_key(|side| world.end(*side).deadline);
        match next.or(earliest.map(Action::Timeout)) {
            Some(action) => world.step(action),
            None => panic!("neither end can do anything"),
        }
    }
    panic!("100 steps do not suffice to end");
}

fn ended(world: &World, begin: Instant) {
    let [client, server] = &world.ends;
    for end in [client, server] {
        let since = end.closing_since.expect("it has closed");
        assert!(end.ended_at - since <= LIMIT, "closing took {:?}", end.ended_at - since);
    }
    let in_time = [client, server].into_iter().all(|end| end.timeouts.is_empty());
    if world.disturbed || !in_time {
        return;
    }
    // Nothing was lost and no deadline has passed.
    assert_eq!(world.now, begin, "closing took time");
    let server_ended = world.first_to_end == Some(Server) || server.half_closed;
    assert!(server_ended, "the client has ended TCP first");
    let facts = [client, server].map(|end| end.connection.closed().expect("closed"));
    for ((end, other), [here, there]) in
        [((client, server), facts), ((server, client), [facts[1], facts[0]])]
    {
        assert_eq!(end.read, other.produced.len(), "bytes were not read");
        match end.error {
            None => assert_eq!(here.received, there.sent, "the Close frame has arrived"),
            Some(error) => assert_eq!(error.kind(), ErrorKind::MessageTooBig),
        }
        assert!(here.sent.is_some(), "no Close frame was sent");
        let echoed = end.closed_with.is_none() && other.error.is_none();
        if here.initiator == Initiator::Peer && echoed {
            assert_eq!(here.code(), there.code(), "each end reports another code");
        }
    }
}

fn close(payload: &[u8]) -> Close<'static> {
    let Some((code, reason)) = payload.split_first_chunk() else { return Close::EMPTY };
    Close::new(CloseCode::new(u16::from_be_bytes(*code)), text(reason))
}

fn text(payload: &[u8]) -> String {
    String::from_utf8(payload.to_vec()).expect("UTF-8")
}
