//! The byte stream ends, at any byte (RFC 6455 §7.1.5).

use ws_proto::{CloseCode, Config, Delivery, ErrorKind, Event, Initiator, Role, SendError, State};

use crate::pair::peer::Peer;
use crate::pair::run;
use crate::pair::wire::{self, BINARY, CLOSE, CONTINUATION, FIN, PING, PONG, ROLES, TEXT};

/// Some frames of every kind, with a Close frame at the end.
fn conversation(to: Role) -> Vec<u8> {
    let frames = [
        wire::frame(to, FIN | TEXT, "text €".as_bytes()),
        wire::frame(to, TEXT, b"frag"),
        wire::frame(to, PING, b"ping"),
        wire::frame(to, CONTINUATION, b"ment \xF0\x9F"),
        wire::frame(to, PONG, b""),
        wire::frame(to, FIN | CONTINUATION, b"\x98\x80"),
        wire::frame(to, FIN | BINARY, &[0xB1; 130]),
        wire::frame(to, CLOSE, &wire::close_payload(1000, "bye €".as_bytes())),
    ];
    frames.concat()
}

fn ended_after(to: Role, config: &Config, wire: &[u8], lengths: &[usize]) -> Peer {
    let mut peer = run::reader(to, config, wire, lengths);
    peer.end_of_stream();
    peer
}

#[test]
fn before_the_close_frame_is_complete_it_is_an_error() {
    for to in ROLES {
        for delivery in [Delivery::Whole, Delivery::Chunked] {
            let config = Config { delivery, ..Config::default() };
            let wire = conversation(to);
            for end in 0..wire.len() {
                let peer = ended_after(to, &config, &wire[..end], &[usize::MAX]);
                let kind = peer.error.map(|error| error.kind());
                assert_eq!(kind, Some(ErrorKind::UnexpectedEof), "{to:?}: after {end} bytes");
                assert_eq!(peer.connection.state(), State::Closed, "{to:?}: after {end} bytes");
            }
        }
    }
}

#[test]
fn all_that_was_complete_has_been_delivered() {
    for to in ROLES {
        let wire = conversation(to);
        let all = run::events(to, &Config::default(), &wire);
        for end in 0..wire.len() {
            let whole = ended_after(to, &Config::default(), &wire[..end], &[usize::MAX]).events;
            let single = ended_after(to, &Config::default(), &wire[..end], &[1]).events;
            assert_eq!(whole, single, "{to:?}: after {end} bytes");
            assert!(all.starts_with(&whole), "{to:?}: after {end} bytes: {whole:?}");
        }
    }
}

#[test]
fn without_a_close_frame_the_code_is_1006_and_the_peer_has_closed() {
    for to in ROLES {
        let peer = ended_after(to, &Config::default(), b"", &[1]);
        let closed = peer.connection.closed().expect("closed");
        assert_eq!(closed.code(), CloseCode::ABNORMAL, "{to:?}");
        assert_eq!(closed.initiator, Initiator::Peer, "{to:?}");
        assert_eq!(closed.sent, None, "{to:?}");
        assert!(!closed.is_clean(), "{to:?}");
        assert_eq!(peer.error.map(|error| error.close_code()), Some(CloseCode::ABNORMAL), "{to:?}");
    }
}

#[test]
fn nothing_is_sent_to_a_peer_that_has_gone() {
    for to in ROLES {
        let mut peer = ended_after(to, &Config::default(), b"", &[1]);
        assert_eq!(peer.connection.send("hello?", &mut peer.output), Err(SendError::Closed));
        assert!(!peer.connection.poll_transmit(&mut peer.output), "{to:?}");
        assert_eq!(peer.output, b"", "{to:?}");
    }
}

#[test]
fn after_the_close_frame_it_is_the_end_that_was_expected() {
    for to in ROLES {
        let peer = ended_after(to, &Config::default(), &conversation(to), &[usize::MAX]);
        assert_eq!(peer.error, None, "{to:?}");
        assert!(matches!(peer.events.last(), Some(Event::Close(_))), "{to:?}");
        assert!(peer.connection.closed().expect("closed").is_clean(), "{to:?}");
        assert_eq!(peer.connection.state(), State::Closed, "{to:?}");
    }
}

#[test]
fn instead_of_an_answer_to_our_close_frame_it_is_an_error() {
    for to in ROLES {
        let mut peer = Peer::new(run::connection(to, &Config::default()));
        peer.connection.close(CloseCode::NORMAL, &mut peer.output).expect("open");
        peer.end_of_stream();
        assert_eq!(peer.error.map(|error| error.kind()), Some(ErrorKind::UnexpectedEof), "{to:?}");
        let closed = peer.connection.closed().expect("closed");
        assert_eq!(closed.initiator, Initiator::Local, "{to:?}");
        assert_eq!(closed.code(), CloseCode::ABNORMAL, "{to:?}");
    }
}

#[test]
fn after_a_violation_the_violation_stands() {
    for to in ROLES {
        let peer = ended_after(to, &Config::default(), &[0xFF], &[1]);
        assert_eq!(peer.error.map(|error| error.kind()), Some(ErrorKind::ReservedBit), "{to:?}");
    }
}

#[test]
fn twice_is_the_same_as_once() {
    for to in ROLES {
        for wire in [Vec::new(), conversation(to), vec![0xFF]] {
            let mut peer = ended_after(to, &Config::default(), &wire, &[usize::MAX]);
            let (error, closed) = (peer.error, peer.connection.closed().cloned());
            peer.end_of_stream();
            assert_eq!(peer.error, error, "{to:?}");
            assert_eq!(peer.connection.closed(), closed.as_ref(), "{to:?}");
        }
    }
}

#[test]
fn bytes_behind_it_repeat_the_error() {
    for to in ROLES {
        let mut peer = ended_after(to, &Config::default(), b"", &[1]);
        peer.read(&conversation(to));
        assert_eq!(peer.events, [], "{to:?}");
        assert_eq!(peer.error.map(|error| error.kind()), Some(ErrorKind::UnexpectedEof), "{to:?}");
    }
}
