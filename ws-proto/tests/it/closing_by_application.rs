//! Close frames that the application answers (`Config::automatic_close` is off; RFC 6455 §5.5.1).

use core::time::Duration;

use ws_proto::{
    Close, CloseCode, Config, ErrorKind, Event, Initiator, Instant, Prepared, Role, SendError,
    State,
};

use crate::pair::peer::Peer;
use crate::pair::run::{self, LENGTHS};
use crate::pair::wire::{self, CLOSE, FIN, PING, PONG, ROLES, TEXT};
use crate::pair::{Pair, SEED};

const CLOSING: Duration = Duration::from_secs(5);
const MOMENT: Duration = Duration::from_nanos(1);

fn by_application() -> Config {
    Config { automatic_close: false, close_timeout: CLOSING, ..Config::default() }
}

/// An end in this role whose application answers; the other one waits for it without a limit.
fn pair(role: Role, lengths: &[usize]) -> Pair {
    let patient = Config { close_timeout: Duration::from_secs(1000), ..Config::default() };
    let (client, server) = match role {
        Role::Client => (by_application(), patient),
        Role::Server => (patient, by_application()),
    };
    let client = ws_proto::Connection::client(client, SEED);
    Pair::of(client, ws_proto::Connection::server(server), lengths)
}

/// The end in this role, and the other one.
fn ends(pair: &mut Pair, role: Role) -> (&mut Peer, &mut Peer) {
    match role {
        Role::Client => (&mut pair.client, &mut pair.server),
        Role::Server => (&mut pair.server, &mut pair.client),
    }
}

/// Lets the other end close, and carries its Close frame.
fn closed_by_peer(role: Role) -> Pair {
    let mut pair = pair(role, &[usize::MAX]);
    close(ends(&mut pair, role).1, goodbye());
    pair.exchange();
    pair
}

fn close(peer: &mut Peer, close: Close<'_>) {
    peer.connection.close(close, &mut peer.output).expect("open");
}

fn goodbye() -> Close<'static> {
    Close::new(CloseCode::GOING_AWAY, "goodbye")
}

fn answer() -> Close<'static> {
    Close::new(CloseCode::new(4000), "one of our own")
}

#[test]
fn a_close_frame_is_delivered_and_nothing_is_pending() {
    for role in ROLES {
        for length in LENGTHS {
            let mut pair = pair(role, &[length]);
            close(ends(&mut pair, role).1, goodbye());
            pair.exchange();
            let (ours, theirs) = ends(&mut pair, role);
            assert_eq!(ours.events, [Event::Close(goodbye())], "{role:?}");
            assert_eq!(theirs.events, [], "{role:?}: answered");
            let connection = &mut ours.connection;
            assert!(!connection.wants_transmit(), "{role:?}");
            assert!(connection.can_send(), "{role:?}");
            assert_eq!(connection.state(), State::Closing, "{role:?}");
            assert!(!connection.wants_close(), "{role:?}");
            assert!(!connection.poll_half_close(), "{role:?}");
            let closed = connection.closed().expect("closing");
            assert_eq!(closed.initiator, Initiator::Peer, "{role:?}");
            assert_eq!((&closed.sent, &closed.received), (&None, &Some(goodbye())), "{role:?}");
        }
    }
}

#[test]
fn the_application_answers_with_any_code() {
    for role in ROLES {
        let mut pair = closed_by_peer(role);
        close(ends(&mut pair, role).0, answer());
        pair.exchange();
        let (ours, theirs) = ends(&mut pair, role);
        assert_eq!(theirs.events, [Event::Close(answer())], "{role:?}");
        for peer in [&ours, &theirs] {
            assert!(peer.connection.closed().expect("closing").is_clean(), "{role:?}");
            assert_eq!(peer.connection.state(), State::Closed, "{role:?}");
            assert!(!peer.connection.can_send(), "{role:?}");
        }
        assert_eq!(ours.connection.closed().expect("closing").initiator, Initiator::Peer);
        assert_eq!(ours.connection.wants_close(), role == Role::Server, "{role:?}");
        assert_eq!(ours.connection.send("late", &mut ours.output), Err(SendError::Closed));
        let again = ours.connection.close(answer(), &mut ours.output);
        assert_eq!(again, Err(SendError::Closed), "{role:?}");
    }
}

#[test]
fn it_may_finish_what_it_is_sending() {
    for role in ROLES {
        let mut pair = pair(role, &[usize::MAX]);
        let (ours, theirs) = ends(&mut pair, role);
        ours.connection.send_fragment("begun ", false, &mut ours.output).expect("open");
        close(theirs, goodbye());
        pair.exchange();

        let Peer { connection, output, .. } = ends(&mut pair, role).0;
        connection.ping(b"between", output).expect("open");
        connection.send_fragment("and finished", true, output).expect("open");
        connection.send("more", output).expect("open");
        let frame = connection.encode("encoded").expect("open");
        output.extend_from_slice(frame.header());
        output.extend_from_slice(frame.payload());
        connection.send_prepared(&Prepared::new("prepared"), output).expect("open");
        connection.close(answer(), output).expect("open");
        pair.exchange();

        let expected = [
            Event::Ping(b"between".into()),
            Event::Text("begun and finished".into()),
            Event::Text("more".into()),
            Event::Text("encoded".into()),
            Event::Text("prepared".into()),
            Event::Close(answer()),
        ];
        assert_eq!(ends(&mut pair, role).1.events, expected, "{role:?}");
    }
}

#[test]
fn what_cannot_be_sent_answers_nothing() {
    for role in ROLES {
        let mut pair = closed_by_peer(role);
        let Peer { connection, output, .. } = ends(&mut pair, role).0;
        let result = connection.close(CloseCode::ABNORMAL, output);
        assert_eq!(result, Err(SendError::InvalidCloseCode), "{role:?}");
        assert_eq!(output, b"", "{role:?}");
        assert!(connection.can_send(), "{role:?}");
    }
}

#[test]
fn a_late_answer_is_in_time_until_close_timeout() {
    for role in ROLES {
        let mut pair = closed_by_peer(role);
        pair.pass(CLOSING - MOMENT);
        let now = pair.now();
        let (ours, _) = ends(&mut pair, role);
        assert!(!ours.connection.wants_close(), "{role:?}");
        close(ours, answer());
        // The answer starts another wait, as every step of closing does.
        assert_eq!(ours.connection.poll_timeout(now), Some(now + CLOSING), "{role:?}");
        pair.exchange();
        assert_eq!(ends(&mut pair, role).1.events, [Event::Close(answer())], "{role:?}");
    }
}

#[test]
fn messages_do_not_put_off_the_answer() {
    for role in ROLES {
        let mut pair = closed_by_peer(role);
        pair.pass(CLOSING - MOMENT);
        let (ours, _) = ends(&mut pair, role);
        ours.connection.send("still here", &mut ours.output).expect("open");
        pair.pass(MOMENT);
        assert!(ends(&mut pair, role).0.connection.wants_close(), "{role:?}");
    }
}

#[test]
fn an_answer_that_never_is_given_ends_with_close_timeout() {
    for role in ROLES {
        let mut pair = closed_by_peer(role);
        let now = pair.now();
        let (ours, _) = ends(&mut pair, role);
        assert_eq!(ours.connection.poll_timeout(now), Some(now + CLOSING), "{role:?}");
        pair.pass(CLOSING);
        let now = pair.now();
        let Peer { connection, output, error, .. } = ends(&mut pair, role).0;
        assert!(connection.wants_close(), "{role:?}");
        assert_eq!(connection.poll_timeout(now), None, "{role:?}");
        assert!(!connection.can_send(), "{role:?}");
        assert_eq!(connection.send("late", output), Err(SendError::Closed), "{role:?}");
        assert_eq!(connection.close(answer(), output), Err(SendError::Closed), "{role:?}");
        assert!(!connection.poll_transmit(output) && output.is_empty(), "{role:?}");
        assert_eq!(*error, None, "{role:?}");
        let closed = connection.closed().expect("closing");
        assert!(!closed.is_clean(), "{role:?}");
        assert_eq!(closed.code(), CloseCode::GOING_AWAY, "{role:?}");
    }
}

#[test]
fn a_close_frame_that_crosses_ours_needs_no_answer() {
    for role in ROLES {
        let mut pair = pair(role, &[usize::MAX]);
        let (ours, theirs) = ends(&mut pair, role);
        close(ours, answer());
        close(theirs, goodbye());
        pair.exchange();
        let (ours, theirs) = ends(&mut pair, role);
        assert_eq!(ours.events, [Event::Close(goodbye())], "{role:?}");
        assert_eq!(theirs.events, [Event::Close(answer())], "{role:?}");
        let closed = ours.connection.closed().expect("closing");
        assert!(closed.is_clean(), "{role:?}");
        assert_eq!(closed.initiator, Initiator::Local, "{role:?}");
        assert!(!ours.connection.can_send(), "{role:?}");
        assert_eq!(ours.connection.stats().sent.frames, 1, "{role:?}: answered twice");
    }
}

/// The peer may have ended its direction only, and still read.
#[test]
fn a_peer_that_ends_the_stream_behind_its_close_frame_can_be_answered() {
    for role in ROLES {
        let mut pair = closed_by_peer(role);
        let (ours, _) = ends(&mut pair, role);
        ours.end_of_stream();
        assert_eq!(ours.error, None, "{role:?}");
        assert_eq!(ours.connection.state(), State::Closing, "{role:?}");
        assert!(!ours.connection.wants_close(), "{role:?}");
        ours.connection.send("last words", &mut ours.output).expect("open");
        close(ours, answer());
        assert!(ours.connection.wants_close(), "{role:?}");
        assert_eq!(ours.connection.state(), State::Closed, "{role:?}");
        pair.exchange();
        let expected = [Event::Text("last words".into()), Event::Close(answer())];
        assert_eq!(ends(&mut pair, role).1.events, expected, "{role:?}");
    }
}

#[test]
fn a_peer_that_has_ended_the_stream_is_waited_for_no_longer() {
    for role in ROLES {
        let mut pair = closed_by_peer(role);
        pair.pass(CLOSING - MOMENT);
        ends(&mut pair, role).0.end_of_stream();
        pair.pass(MOMENT);
        assert!(ends(&mut pair, role).0.connection.wants_close(), "{role:?}");
    }
}

#[test]
fn after_an_error_the_library_closes() {
    for role in ROLES {
        let mut peer = Peer::new(run::connection(role, &by_application()));
        peer.read(&[0xFF]);
        let sent = wire::contents(&peer.output);
        let [(CLOSE, payload)] = &*sent else { panic!("{role:?}: {sent:?}") };
        assert!(payload.starts_with(&1002_u16.to_be_bytes()), "{role:?}");
        assert_eq!(peer.error.map(|error| error.kind()), Some(ErrorKind::ReservedBit), "{role:?}");
        assert!(!peer.connection.can_send(), "{role:?}");
    }
}

#[test]
fn an_unclean_end_leaves_nothing_to_answer() {
    for role in ROLES {
        let mut peer = Peer::new(run::connection(role, &by_application()));
        peer.end_of_stream();
        assert!(peer.connection.wants_close(), "{role:?}");
        assert!(!peer.connection.can_send(), "{role:?}");
    }
}

#[test]
fn a_pong_that_is_pending_goes_out_before_the_answer() {
    for role in ROLES {
        let mut peer = Peer::new(run::connection(role, &by_application()));
        let mut wire = [wire::frame(role, PING, b"ping"), wire::frame(role, CLOSE, b"")].concat();
        let mut input = wire.as_mut_slice();
        while peer.connection.receive(&mut input).expect("valid").is_some() {}
        assert!(peer.connection.wants_transmit(), "{role:?}");
        peer.connection.poll_transmit(&mut peer.output);
        assert_eq!(wire::contents(&peer.output), [(PONG, b"ping".to_vec())], "{role:?}");
        close(&mut peer, Close::EMPTY);
        let sent = wire::contents(&peer.output);
        assert_eq!(sent, [(PONG, b"ping".to_vec()), (CLOSE, vec![])], "{role:?}");
    }
}

/// The peer sends no pongs any more.
#[test]
fn no_ping_is_sent_while_the_answer_is_awaited() {
    for role in ROLES {
        let config = Config { ping_interval: Some(Duration::from_secs(1)), ..by_application() };
        let mut peer = Peer::new(run::connection(role, &config));
        peer.connection.poll_timeout(Instant::EPOCH);
        peer.read(&wire::frame(role, CLOSE, b""));
        for seconds in 1..5 {
            let now = Instant::from_epoch(Duration::from_secs(seconds));
            peer.connection.poll_timeout(now);
            peer.handle_timeout(now);
        }
        assert_eq!(peer.output, b"", "{role:?}");
        assert_eq!(peer.error, None, "{role:?}");
    }
}

#[test]
fn what_follows_the_close_frame_is_ignored() {
    for role in ROLES {
        let wire = [wire::frame(role, CLOSE, b""), wire::frame(role, FIN | TEXT, b"late")].concat();
        let outcome = run::at_every_chunking(role, &by_application(), &wire);
        assert_eq!(outcome.events, [Event::Close(Close::EMPTY)], "{role:?}");
        assert_eq!(outcome.output, b"", "{role:?}");
    }
}

/// The windows of both ends are kept as long as messages are sent.
#[cfg(feature = "deflate")]
#[test]
fn messages_stay_compressed_until_the_answer() {
    use ws_proto::{Compression, Deflate};

    use crate::compressed;

    for role in ROLES {
        let config = Config {
            deflate: Some(Deflate { threshold: 0, ..Deflate::default() }),
            ..by_application()
        };
        let mut pair = compressed::Agreed::new(12, true).pair(&config, &[usize::MAX]);
        let text = "the same words again and again";
        let (ours, theirs) = ends(&mut pair, role);
        ours.connection.send_with(text, Compression::Always, &mut ours.output).expect("open");
        let first = ours.output.len();
        close(theirs, goodbye());
        pair.exchange();
        let (ours, _) = ends(&mut pair, role);
        ours.connection.send_with(text, Compression::Always, &mut ours.output).expect("open");
        assert!(ours.output.len() < first, "{role:?}: the window is lost");
        close(ours, answer());
        pair.exchange();
        let text = || Event::Text(text.into());
        let expected = [text(), text(), Event::Close(answer())];
        assert_eq!(ends(&mut pair, role).1.events, expected, "{role:?}");
    }
}
