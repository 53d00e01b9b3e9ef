//! The closing handshake between two ends (RFC 6455 §7.1).

use ws_proto::{Close, CloseCode, Closed, Config, Event, Initiator, State};

use crate::pair::Pair;
use crate::pair::peer::Peer;
use crate::pair::run::LENGTHS;
use crate::pair::wire::{self, CLOSE, FIN, PING, PONG, TEXT};

fn close(peer: &mut Peer, code: CloseCode, reason: &str) {
    peer.connection.close(Close::new(code, reason), &mut peer.output).expect("open");
}

fn send(peer: &mut Peer, text: &str) {
    peer.connection.send(text, &mut peer.output).expect("open");
}

fn closed(peer: &Peer) -> &Closed {
    peer.connection.closed().expect("closing")
}

#[test]
fn begun_by_the_client() {
    for length in LENGTHS {
        let mut pair = Pair::cut(&Config::default(), &[length]);
        close(&mut pair.client, CloseCode::NORMAL, "done");
        pair.exchange();

        let frame = Close::new(CloseCode::NORMAL, "done");
        assert_eq!(pair.server.events, [Event::Close(frame.clone())], "{length}");
        assert_eq!(closed(&pair.server).initiator, Initiator::Peer, "{length}");
        assert_eq!(closed(&pair.server).received, Some(frame.clone()), "{length}");
        assert_eq!(closed(&pair.server).sent, Some(CloseCode::NORMAL.into()), "{length}");

        assert_eq!(pair.client.events, [Event::Close(CloseCode::NORMAL.into())], "{length}");
        assert_eq!(closed(&pair.client).initiator, Initiator::Local, "{length}");
        assert_eq!(closed(&pair.client).received, Some(CloseCode::NORMAL.into()), "{length}");
        assert_eq!(closed(&pair.client).sent, Some(frame), "{length}");
    }
}

#[test]
fn begun_by_the_server() {
    for length in LENGTHS {
        let mut pair = Pair::cut(&Config::default(), &[length]);
        close(&mut pair.server, CloseCode::GOING_AWAY, "");
        pair.exchange();
        assert_eq!(pair.client.events, [Event::Close(CloseCode::GOING_AWAY.into())], "{length}");
        assert_eq!(pair.server.events, [Event::Close(CloseCode::GOING_AWAY.into())], "{length}");
        assert_eq!(closed(&pair.server).initiator, Initiator::Local, "{length}");
        assert_eq!(closed(&pair.client).initiator, Initiator::Peer, "{length}");
    }
}

#[test]
fn begun_by_both_at_once() {
    for length in LENGTHS {
        let mut pair = Pair::cut(&Config::default(), &[length]);
        close(&mut pair.client, CloseCode::NORMAL, "client");
        close(&mut pair.server, CloseCode::GOING_AWAY, "server");
        pair.exchange();

        let [from_client, from_server] =
            [Close::new(CloseCode::NORMAL, "client"), Close::new(CloseCode::GOING_AWAY, "server")];
        assert_eq!(pair.server.events, [Event::Close(from_client)], "{length}");
        assert_eq!(pair.client.events, [Event::Close(from_server)], "{length}");
        for peer in [&pair.client, &pair.server] {
            assert_eq!(closed(peer).initiator, Initiator::Local, "{length}");
            assert_eq!(peer.connection.stats().sent.frames, 1, "{length}: answered twice");
        }
    }
}

#[test]
fn clean_at_both_ends() {
    let mut pair = Pair::new(&Config::default());
    close(&mut pair.client, CloseCode::NORMAL, "");
    pair.exchange();
    for peer in [&pair.client, &pair.server] {
        assert!(closed(peer).is_clean());
        assert_eq!(peer.connection.state(), State::Closed);
        assert_eq!(peer.connection.error(), None);
    }
}

#[test]
fn closing_until_the_answer_has_come_and_gone() {
    let mut pair = Pair::new(&Config::default());
    assert_eq!(pair.client.connection.state(), State::Open);
    close(&mut pair.client, CloseCode::NORMAL, "");
    assert_eq!(pair.client.connection.state(), State::Closing);

    let mut wire = core::mem::take(&mut pair.client.output);
    let event = pair.server.connection.receive(&mut wire.as_mut_slice());
    assert!(matches!(event, Ok(Some(Event::Close(_)))));
    assert_eq!(pair.server.connection.state(), State::Closing);
    pair.exchange();
    assert_eq!(pair.server.connection.state(), State::Closed);
    assert_eq!(pair.client.connection.state(), State::Closed);
}

#[test]
fn messages_come_until_the_peers_close_frame_does() {
    let mut pair = Pair::new(&Config::default());
    close(&mut pair.client, CloseCode::NORMAL, "");
    send(&mut pair.server, "still here");
    pair.exchange();
    let expected = [Event::Text("still here".into()), Event::Close(CloseCode::NORMAL.into())];
    assert_eq!(pair.client.events, expected);
}

#[test]
fn a_ping_after_our_close_frame_gets_no_pong() {
    let mut pair = Pair::new(&Config::default());
    close(&mut pair.client, CloseCode::NORMAL, "");
    pair.client.output.clear();
    pair.server.connection.ping(b"ping", &mut pair.server.output).expect("open");
    pair.deliver_to_client();
    assert_eq!(pair.client.events, [Event::Ping(b"ping".into())]);
    assert_eq!(pair.client.output, b"");
}

#[test]
fn a_pending_pong_precedes_our_close_frame() {
    let mut pair = Pair::new(&Config::default());
    let server = &mut pair.server.connection;
    let mut wire = wire::frame(server.role(), PING, b"ping");
    server.receive(&mut wire.as_mut_slice()).expect("valid");
    close(&mut pair.server, CloseCode::NORMAL, "");
    let close = (CLOSE, wire::close_payload(1000, b""));
    assert_eq!(wire::contents(&pair.server.output), [(PONG, b"ping".to_vec()), close]);
}

#[test]
fn a_pending_pong_precedes_the_answer() {
    let mut pair = Pair::new(&Config::default());
    let server = &mut pair.server.connection;
    let role = server.role();
    let mut wire = [wire::frame(role, PING, b"ping"), wire::frame(role, CLOSE, b"")].concat();
    let mut input = wire.as_mut_slice();
    while server.receive(&mut input).expect("valid").is_some() {}
    server.poll_transmit(&mut pair.server.output);
    let sent = wire::contents(&pair.server.output);
    assert_eq!(sent, [(PONG, b"ping".to_vec()), (CLOSE, vec![])]);
}

#[test]
fn may_begin_inside_a_fragmented_message_of_ours() {
    let mut pair = Pair::new(&Config::default());
    let server = &mut pair.server;
    server.connection.send_fragment("never ", false, &mut server.output).expect("open");
    close(server, CloseCode::GOING_AWAY, "");
    let close = (CLOSE, wire::close_payload(1001, b""));
    assert_eq!(wire::contents(&server.output), [(TEXT, b"never ".to_vec()), close]);
    pair.exchange();
    assert_eq!(pair.client.events, [Event::Close(CloseCode::GOING_AWAY.into())]);
}

#[test]
fn an_empty_close_frame_carries_no_code() {
    let mut pair = Pair::new(&Config::default());
    pair.server.connection.close(Close::EMPTY, &mut pair.server.output).expect("open");
    assert_eq!(wire::contents(&pair.server.output), [(CLOSE, vec![])]);
    pair.exchange();
    assert_eq!(pair.client.events, [Event::Close(Close::EMPTY)]);
}

#[test]
fn the_longest_reason_fits() {
    let mut pair = Pair::new(&Config::default());
    let reason = "r".repeat(ws_proto::MAX_REASON);
    close(&mut pair.client, CloseCode::NORMAL, &reason);
    pair.exchange();
    assert_eq!(pair.server.events, [Event::Close(Close::new(CloseCode::NORMAL, reason))]);
}

#[test]
fn a_close_frame_is_sent_after_messages_already_written() {
    let mut pair = Pair::new(&Config::default());
    send(&mut pair.server, "last words");
    close(&mut pair.server, CloseCode::NORMAL, "");
    let firsts = wire::contents(&pair.server.output).into_iter().map(|(first, _)| first);
    assert_eq!(firsts.collect::<Vec<_>>(), [FIN | TEXT, CLOSE]);
}
