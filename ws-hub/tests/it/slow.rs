//! Members that do not keep up: over the limit in bytes, and over the limit in time.

use std::time::Duration;

use ws_futures::{CloseCode, Config, Error, proto::ErrorKind};
use ws_hub::{CloseCause, Hub, HubConfig, OutboxLimits, SlowPolicy, To};

use crate::support::{
    CLOSE, Clients, PING, Peer, Seen, TEXT, Task, enter, enter_with, hub, next, run_member, text,
};

const TIMEOUT: Duration = Duration::from_secs(10);
const MOMENT: Duration = Duration::from_millis(1);
/// How many bytes a socket holds before it has no room.
const HIGH_WATER: usize = 64 * 1024;

/// Pings would count as output too.
fn quiet() -> Config {
    Config { ping_interval: None, ..Config::default() }
}

fn lenient(capacity: usize) -> Clients {
    let bounds = OutboxLimits { capacity, slow: SlowPolicy::Drop, ..OutboxLimits::default() };
    Hub::new(HubConfig { bounds, ..HubConfig::default() })
}

/// The frames in front of the Close frame, and the Close frame.
fn until_close(peer: &mut Peer) -> (usize, Vec<u8>) {
    let mut frames = peer.frames();
    let (first, close) = frames.pop().expect("a Close frame");
    assert_eq!(first, CLOSE);
    assert!(frames.iter().all(|(first, _)| *first == TEXT));
    (frames.len(), close)
}

#[test]
fn no_more_waits_for_a_member_than_the_capacity_and_what_the_socket_holds() {
    let hub = hub();
    let (mut member, mut socket, mut peer) = enter(&hub, 1);
    peer.set_capacity(0);
    let message = "x".repeat(1000);
    let mut queued = 0;
    let published = loop {
        let published = hub.publish(To::All, text(&message));
        if published.queued == 0 {
            break published;
        }
        queued += 1;
        for event in run_member(&mut member, &mut socket) {
            assert!(matches!(event, Seen::Sent { messages: 1, .. }), "{event:?}");
        }
    };
    assert_eq!((published.given_up, published.dropped), (1, 0));
    let held = HIGH_WATER.div_ceil(1004);
    assert_eq!(queued, held + 1024 * 1024 / 1064);
    assert_eq!(hub.queued_bytes(), 0);

    // What the socket holds arrives whole, then the Close frame.
    assert_eq!(run_member(&mut member, &mut socket), [Seen::Closing(CloseCause::TooSlow)]);
    peer.set_capacity(usize::MAX);
    assert_eq!(run_member(&mut member, &mut socket), []);
    let (texts, close) = until_close(&mut peer);
    assert_eq!(texts, held);
    assert_eq!(close[..2], 1013_u16.to_be_bytes());
    peer.send_close(1013);
    peer.end();
    assert_eq!(run_member(&mut member, &mut socket), [Seen::Ended]);
}

/// Two members that publish the largest messages, and one that takes as much as they send, two messages
/// behind: it is cut off unless its outbox holds several of them.
#[test]
fn a_reader_as_fast_as_its_senders_needs_room_for_several_of_the_largest_messages() {
    const LARGEST: usize = 256 * 1024;
    const STEP: usize = 32 * 1024;
    let delivered = |messages: usize| {
        let bounds = OutboxLimits { capacity: messages * (LARGEST + 64), ..Default::default() };
        let hub: Clients = Hub::new(HubConfig { bounds, ..HubConfig::default() });
        let senders = [1, 2].map(|key| hub.enter(key, ()).expect("a free key"));
        let (mut reader, mut socket, mut peer) = enter_with(&hub, 3, quiet());
        let largest = "x".repeat(LARGEST);
        let (mut closed, mut frames) = (false, 0);
        for round in 0..20 {
            peer.set_capacity(0);
            for sender in &senders {
                sender.publish(To::All, text(&largest)).expect("a member");
                let seen = run_member(&mut reader, &mut socket);
                closed |= seen.contains(&Seen::Closing(CloseCause::TooSlow));
            }
            peer.set_capacity(STEP);
            for _ in 0..if round > 0 { 2 * LARGEST / STEP } else { 0 } {
                frames += peer.frames().len();
                let seen = run_member(&mut reader, &mut socket);
                closed |= seen.contains(&Seen::Closing(CloseCause::TooSlow));
            }
        }
        (!closed).then_some(frames)
    };
    assert_eq!(delivered(1), None);
    assert!(delivered(4).is_some_and(|frames| (36..=40).contains(&frames)), "{:?}", delivered(4));
}

#[test]
fn a_connection_that_takes_nothing_is_closed_in_time() {
    let hub = hub();
    let (mut member, mut socket, peer) = enter_with(&hub, 1, quiet());
    peer.set_capacity(0);
    hub.publish(To::All, text("1"));
    assert_eq!(run_member(&mut member, &mut socket), [Seen::Sent { messages: 1, bytes: 1 }]);
    let mut waiting = Task::new(next(&mut member, &mut socket));
    waiting.wait();
    peer.clock.advance(TIMEOUT - MOMENT);
    waiting.wait();
    peer.clock.advance(MOMENT);
    assert_eq!(waiting.finish(), Seen::Closing(CloseCause::TooSlow));
    drop(waiting);
    assert_eq!(socket.closed().and_then(|it| it.sent.clone()).expect("sent").code.get(), 1013);
}

/// The peer need not be fast, and its input does not count: a peer that takes nothing is slow
/// whatever it sends.
#[test]
fn each_byte_that_is_taken_gives_time() {
    let hub = hub();
    let (mut member, mut socket, mut peer) = enter_with(&hub, 1, quiet());
    peer.set_capacity(1);
    hub.publish(To::All, text(&"x".repeat(100)));
    assert_eq!(run_member(&mut member, &mut socket).len(), 1);
    for _ in 0..5 {
        peer.clock.advance(TIMEOUT - MOMENT);
        assert_eq!(run_member(&mut member, &mut socket), []);
        peer.frames();
        assert_eq!(run_member(&mut member, &mut socket), []);
    }
    for _ in 0..2 {
        peer.clock.advance(TIMEOUT / 2 - MOMENT);
        peer.send("hello");
        let received = [Seen::Received(vec!["hello".into()])];
        assert_eq!(run_member(&mut member, &mut socket), received);
    }
    peer.clock.advance(MOMENT + MOMENT);
    assert_eq!(run_member(&mut member, &mut socket), [Seen::Closing(CloseCause::TooSlow)]);
}

/// Once all output was taken, the time starts again with the next output.
#[test]
fn a_member_without_output_is_not_slow() {
    let hub = hub();
    let (mut member, mut socket, mut peer) = enter_with(&hub, 1, quiet());
    for _ in 0..3 {
        peer.set_capacity(0);
        hub.publish(To::All, text("1"));
        assert_eq!(run_member(&mut member, &mut socket).len(), 1);
        peer.clock.advance(TIMEOUT - MOMENT);
        peer.set_capacity(usize::MAX);
        assert_eq!(run_member(&mut member, &mut socket), []);
        assert_eq!(peer.texts(), ["1"]);
        peer.clock.advance(2 * TIMEOUT);
        assert_eq!(run_member(&mut member, &mut socket), []);
    }
}

#[test]
fn a_member_that_may_miss_messages_misses_what_waits_and_stays() {
    let hub = lenient(1024 * 1024);
    let (mut member, mut socket, mut peer) = enter_with(&hub, 1, quiet());
    peer.set_capacity(0);
    hub.publish(To::All, text(&"x".repeat(HIGH_WATER)));
    assert_eq!(run_member(&mut member, &mut socket).len(), 1);
    for number in 0..3 {
        hub.publish(To::All, text(&number.to_string()));
    }
    assert_eq!(run_member(&mut member, &mut socket), []);
    for missed in [3, 0] {
        peer.clock.advance(TIMEOUT - MOMENT);
        assert_eq!(run_member(&mut member, &mut socket), []);
        peer.clock.advance(MOMENT);
        assert_eq!(run_member(&mut member, &mut socket), [Seen::Missed(missed)]);
    }
    hub.publish(To::All, text("3"));
    peer.set_capacity(usize::MAX);
    assert_eq!(run_member(&mut member, &mut socket), [Seen::Sent { messages: 1, bytes: 1 }]);
    assert_eq!(peer.texts(), ["x".repeat(HIGH_WATER), "3".to_owned()]);
}

#[test]
fn a_member_that_may_miss_messages_is_not_closed_for_the_bytes() {
    let hub = lenient(100);
    let (mut member, mut socket, mut peer) = enter_with(&hub, 1, quiet());
    let dropped = (0..3).map(|_| hub.publish(To::All, text("1")).dropped).sum::<usize>();
    assert_eq!(dropped, 2);
    assert_eq!(run_member(&mut member, &mut socket).len(), 1);
    hub.publish(To::All, text("2"));
    assert_eq!(run_member(&mut member, &mut socket).len(), 1);
    assert_eq!(peer.texts(), ["1", "2"]);
}

/// The one timer of the socket serves the ping, too.
#[test]
fn keep_alive_goes_on_while_the_time_of_a_slow_member_runs() {
    let bounds = OutboxLimits { timeout: Duration::from_secs(3600), ..OutboxLimits::default() };
    let hub = Hub::new(HubConfig { bounds, ..HubConfig::default() });
    let (mut member, mut socket, mut peer) = enter(&hub, 1);
    let mut waiting = Task::new(next(&mut member, &mut socket));
    waiting.wait();
    peer.clock.advance(Duration::from_secs(30));
    waiting.wait();
    assert_eq!(peer.frames()[0].0, PING);
    drop(waiting);

    peer.set_capacity(0);
    hub.publish(To::All, text("1"));
    let mut waiting = Task::new(async {
        loop {
            if let Err(error) = member.next_event(&mut socket).await {
                return error;
            }
        }
    });
    waiting.wait();
    peer.clock.advance(Duration::from_secs(20));
    // The remaining output gets its last chance.
    waiting.wait();
    peer.clock.advance(Duration::from_secs(5));
    let error = waiting.finish();
    assert!(matches!(error, Error::Protocol(error) if error.kind() == ErrorKind::PingTimeout));
}

/// The hub is being closed, but the connection never takes the messages in front of the Close frame.
#[test]
fn a_member_that_is_asked_to_leave_can_still_be_slow() {
    let hub = hub();
    let (mut member, mut socket, peer) = enter_with(&hub, 1, quiet());
    peer.set_capacity(0);
    for _ in 0..2 {
        hub.publish(To::All, text(&"x".repeat(HIGH_WATER)));
    }
    hub.close(CloseCode::GOING_AWAY).expect("a valid code");
    assert_eq!(run_member(&mut member, &mut socket).len(), 1);
    peer.clock.advance(TIMEOUT);
    assert_eq!(run_member(&mut member, &mut socket), [Seen::Closing(CloseCause::TooSlow)]);
}
