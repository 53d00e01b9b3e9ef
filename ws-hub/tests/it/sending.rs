//! What others publish is sent while a member waits for input.

use ws_futures::{Config, Limits};
use ws_hub::{Engine, Hub, HubConfig, Joined, Opened, To};

use crate::support::{
    Clients, Seen, Task, enter, enter_with, hub, insist, next, run, run_member, text,
};

#[test]
fn messages_are_sent_while_the_member_waits_for_input() {
    let hub = hub();
    let (mut member, mut socket, mut peer) = enter(&hub, 1);
    let mut reading = Task::new(member.read(&mut socket));
    reading.wait();
    for number in 0..3 {
        hub.publish(To::All, text(&number.to_string()));
        reading.wait();
        assert_eq!(peer.texts(), [number.to_string()]);
    }
    peer.send("hello");
    assert!(reading.finish().expect("open").is_some());
}

#[test]
fn what_was_sent_is_reported() {
    let hub = hub();
    let (mut member, mut socket, mut peer) = enter(&hub, 1);
    assert_eq!(run_member(&mut member, &mut socket), []);
    hub.publish(To::All, text("12"));
    hub.publish(To::All, text("345"));
    let sent = [Seen::Sent { messages: 2, bytes: 5 }];
    assert_eq!(run_member(&mut member, &mut socket), sent);
    assert_eq!(peer.texts(), ["12", "345"]);

    // What was sent while input arrived is not lost either.
    peer.send("hello");
    hub.publish(To::All, text("6"));
    let expected = [Seen::Received(vec!["hello".into()]), Seen::Sent { messages: 1, bytes: 1 }];
    assert_eq!(run_member(&mut member, &mut socket), expected);
    assert_eq!(peer.texts(), ["6"]);
}

#[test]
fn a_future_that_is_dropped_loses_nothing() {
    let hub = hub();
    let (mut member, mut socket, mut peer) = enter(&hub, 1);
    let (mut received, mut sent) = (Vec::new(), 0);
    {
        let mut task = Task::new(async {
            while received.len() < 20 {
                match insist(1, async || next(&mut member, &mut socket).await).await {
                    Seen::Received(texts) => received.extend(texts),
                    Seen::Sent { messages, .. } => sent += messages,
                    other => panic!("{other:?}"),
                }
            }
        });
        for number in 0..20 {
            task.wait();
            hub.publish(To::All, text(&number.to_string()));
            if number % 3 != 0 {
                task.wait();
            }
            peer.send(&number.to_string());
        }
        task.finish();
    }
    for event in run_member(&mut member, &mut socket) {
        let Seen::Sent { messages, .. } = event else { panic!("{event:?}") };
        sent += messages;
    }
    let numbers: Vec<_> = (0..20).map(|number| number.to_string()).collect();
    assert_eq!((received, sent), (numbers.clone(), 20));
    assert_eq!(peer.texts(), numbers);
}

/// Messages wait for the end of one that the application sends in fragments (RFC 6455 §5.4).
#[test]
fn messages_wait_for_the_last_fragment_of_another() {
    let hub = hub();
    let (mut member, mut socket, mut peer) = enter(&hub, 1);
    let fragment = |socket: &mut _, part: &str, fin| {
        peer.send("more");
        let mut batch = run(member.read(socket)).expect("open").expect("input");
        while batch.next().is_some() {}
        let (connection, output) = batch.connection();
        connection.send_fragment(part, fin, output).expect("in order");
        hub.publish(To::All, text("published"));
    };
    let mut fragment = fragment;
    fragment(&mut socket, "a", false);
    fragment(&mut socket, "b", true);
    let sent = [Seen::Sent { messages: 2, bytes: 18 }];
    assert_eq!(run_member(&mut member, &mut socket), sent);
    let frames = peer.frames();
    let frames: Vec<_> = frames.iter().map(|(first, payload)| (*first, &payload[..])).collect();
    let published = (0x81, &b"published"[..]);
    assert_eq!(frames, [(0x01, &b"a"[..]), (0x80, &b"b"[..]), published, published]);
}

#[test]
fn a_message_over_the_limit_of_the_connection_is_skipped() {
    let hub = hub();
    let outgoing = Limits { max_message_size: 3, ..Limits::UNLIMITED };
    let config = Config { outgoing, ..Config::default() };
    let (mut member, mut socket, mut peer) = enter_with(&hub, 1, config);
    for message in ["1234", "123", "12345", "12"] {
        hub.publish(To::All, text(message));
    }
    let sent = [Seen::Sent { messages: 2, bytes: 5 }];
    assert_eq!(run_member(&mut member, &mut socket), sent);
    assert_eq!(peer.texts(), ["123", "12"]);
}

/// An engine whose rooms become ready when the test decides.
struct Later;

impl Engine<u32, &'static str> for Later {
    fn open_room(&self, _room: &&'static str, _opening: u64) -> Opened {
        Opened::Pending
    }

    fn close_room(&self, _room: &&'static str) {}

    fn publish(
        &self,
        _from: Option<&u32>,
        _to: To<'_, u32, &'static str>,
        _message: &std::sync::Arc<ws_futures::Prepared>,
    ) {
    }

    fn members_elsewhere(&self, _room: &&'static str) -> usize {
        5
    }
}

#[test]
fn a_room_becomes_ready_in_its_place_among_the_messages() {
    let hub: Clients = Hub::with_engine(HubConfig::default(), Later);
    let (mut member, mut socket, mut peer) = enter(&hub, 1);
    assert_eq!(member.join("a"), Ok(Joined::Pending));
    let mut waiting = Task::new(next(&mut member, &mut socket));
    waiting.wait();
    hub.publish(To::Room(&"a"), text("before"));
    hub.room_ready(&"a", 0);
    hub.publish(To::Room(&"a"), text("after"));
    assert_eq!(waiting.finish(), Seen::RoomReady("a", 6));
    drop(waiting);
    run(socket.feed("ready")).expect("open");
    let sent = Seen::Sent { messages: 1, bytes: 6 };
    let expected = [sent, Seen::Sent { messages: 1, bytes: 5 }];
    assert_eq!(run_member(&mut member, &mut socket), expected);
    assert_eq!(peer.texts(), ["before", "ready", "after"]);
}

/// The task may move between threads.
#[test]
fn the_futures_can_be_sent() {
    fn assert_send(_: &impl Send) {}
    let hub = hub();
    let (mut member, mut socket, _peer) = enter(&hub, 1);
    assert_send(&hub);
    assert_send(&member);
    assert_send(&member.read(&mut socket));
    assert_send(&member.next_event(&mut socket));
    assert_send(&hub.drained());
}
