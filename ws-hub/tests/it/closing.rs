//! The hub closes connections, and waits for their ends.

use std::time::Duration;

use ws_futures::{Close, CloseCode, Shutdown};
use ws_hub::{CloseCause, To};

use crate::support::{CLOSE, Seen, TEXT, Task, enter, hub, next, run, run_member, text};

fn away() -> Close<'static> {
    Close::new(CloseCode::GOING_AWAY, "bye")
}

#[test]
fn the_close_frame_comes_behind_what_waits() {
    let hub = hub();
    let (mut member, mut socket, mut peer) = enter(&hub, 1);
    hub.publish(To::All, text("last"));
    hub.close(away()).expect("a valid code");
    hub.publish(To::All, text("too late"));
    let expected = [Seen::Closing(CloseCause::HubClosed), Seen::Sent { messages: 1, bytes: 4 }];
    assert_eq!(run_member(&mut member, &mut socket), expected);
    let close = [&1001_u16.to_be_bytes()[..], b"bye"].concat();
    assert_eq!(peer.frames(), [(TEXT, b"last".to_vec()), (CLOSE, close)]);

    // Messages of the peer still in transit are dropped.
    peer.send("hello");
    assert_eq!(run_member(&mut member, &mut socket), []);
    peer.send_close(1001);
    peer.end();
    assert_eq!(run_member(&mut member, &mut socket), [Seen::Ended]);
    assert!(socket.closed().is_some_and(|closed| closed.is_clean()));
}

#[test]
fn read_finishes_the_closing_handshake() {
    let hub = hub();
    let (mut member, mut socket, mut peer) = enter(&hub, 1);
    let mut reading = Task::new(member.read(&mut socket));
    reading.wait();
    hub.close(away()).expect("a valid code");
    reading.wait();
    assert_eq!(peer.frames().len(), 1);
    peer.send("hello");
    reading.wait();
    peer.send_close(1001);
    peer.end();
    assert!(reading.finish().expect("a clean end").is_none());
}

#[test]
fn a_peer_that_does_not_answer_is_waited_for_no_longer_than_the_close_timeout() {
    let hub = hub();
    let (mut member, mut socket, peer) = enter(&hub, 1);
    hub.close(away()).expect("a valid code");
    let mut reading = Task::new(member.read(&mut socket));
    reading.wait();
    peer.clock.advance(Duration::from_secs(5));
    assert!(reading.finish().is_ok_and(|batch| batch.is_none()));
}

/// The peer closed first: nothing is sent any more.
#[test]
fn a_peer_that_closes_is_answered_once() {
    let hub = hub();
    let (mut member, mut socket, mut peer) = enter(&hub, 1);
    peer.send_close(1000);
    let received = run(next(&mut member, &mut socket));
    assert!(matches!(received, Seen::Received(events) if events[0].starts_with("Close")));
    hub.publish(To::All, text("too late"));
    hub.close(away()).expect("a valid code");
    assert_eq!(run_member(&mut member, &mut socket), [Seen::Ended]);
    assert_eq!(peer.frames(), [(CLOSE, 1000_u16.to_be_bytes().to_vec())]);
}

#[test]
fn the_hub_is_drained_when_the_connections_have_ended() {
    let hub = hub();
    let (mut member, mut socket, peer) = enter(&hub, 1);
    hub.close(away()).expect("a valid code");
    let mut drained = Task::new(hub.drained());
    drained.wait();
    assert_eq!(run_member(&mut member, &mut socket).len(), 1);
    peer.send_close(1001);
    peer.end();
    assert_eq!(run_member(&mut member, &mut socket), [Seen::Ended]);
    drained.wait();
    drop(member);
    drained.finish();
}

/// A server that shuts down closes the sockets itself; queued messages go out before the Close frame.
#[test]
fn a_member_takes_part_in_the_shutdown_of_its_server() {
    let hub = hub();
    let (mut member, mut socket, mut peer) = enter(&hub, 1);
    let shutdown = Shutdown::new();
    socket.close_on(&shutdown);
    let mut reading = Task::new(member.read(&mut socket));
    reading.wait();
    hub.publish(To::All, text("last"));
    shutdown.begin();
    reading.wait();
    let frames = peer.frames();
    assert_eq!(frames, [(TEXT, b"last".to_vec()), (CLOSE, 1001_u16.to_be_bytes().to_vec())]);
    peer.send_close(1001);
    peer.end();
    assert!(reading.finish().expect("a clean end").is_none());
}
