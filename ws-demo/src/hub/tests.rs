use std::collections::HashSet;
use std::sync::Mutex as StdMutex;

use ws_tokio::CloseCode;

use super::*;
use crate::engine::{Memory, Opening, Status};

const CAPACITY: usize = 1024 * 1024;

fn join(hub: &Arc<Hub>) -> Member {
    let mut member = hub.enter();
    member.join();
    member
}

fn waiting(client: &Member) -> Vec<String> {
    let mut texts = Vec::new();
    while let Some(Next::Send(message)) = client.outbox().next() {
        texts.push(String::from_utf8_lossy(message.payload()).into_owned());
    }
    texts
}

fn messages(client: &Member) -> Vec<String> {
    let message = |text: &String| {
        let value: serde_json::Value = serde_json::from_str(text).expect("JSON");
        value["message"].to_string()
    };
    waiting(client).iter().map(message).collect()
}

fn room(name: &str) -> RoomName {
    RoomName::new(name).expect("a name")
}

fn is_closed(client: &Member, close: &Close<'static>) -> bool {
    matches!(client.outbox().next(), Some(Next::End(End::Close(end))) if end == *close)
}

fn is_too_slow(client: &Member) -> bool {
    matches!(client.outbox().next(), Some(Next::End(End::TooSlow)))
}

#[test]
fn everybody_has_a_name_of_his_own_and_is_counted() {
    let hub = Hub::for_tests(1);
    let mut members: Vec<_> = (0..100).map(|_| hub.enter()).collect();
    assert_eq!(hub.len(), 0);
    for (index, member) in members.iter_mut().enumerate() {
        assert_eq!(member.join(), index + 1);
    }
    let names: HashSet<_> = members.iter().map(Member::id).collect();
    assert_eq!(names.len(), 100);
    assert_eq!(members.pop().map(|mut member| member.depart()), Some(99));
    drop(members);
    assert_eq!(hub.len(), 0);
}

#[test]
fn a_broadcast_reaches_everybody_but_its_sender() {
    let hub = Hub::for_tests(2);
    let (alice, bob, mut carol) = (join(&hub), join(&hub), join(&hub));
    let lobby = hub.enter();
    alice.broadcast("1");
    bob.broadcast("2");
    carol.depart();
    alice.broadcast("3");
    assert_eq!(messages(&alice), ["2"]);
    assert_eq!(messages(&bob), ["1", "3"]);
    assert_eq!(messages(&carol), ["1", "2"]);
    assert_eq!(messages(&lobby), [""; 0]);
}

#[test]
fn a_broadcast_is_kept_once() {
    let hub = Hub::for_tests(3);
    let (alice, bob, carol) = (join(&hub), join(&hub), join(&hub));
    alice.broadcast(&format!("{:?}", "x".repeat(100)));
    let address = |client: &Member| match client.outbox().next() {
        Some(Next::Send(message)) => message.payload().as_ptr(),
        other => panic!("{other:?}"),
    };
    assert_eq!(address(&bob), address(&carol));
}

#[test]
fn only_the_slow_one_is_given_up() {
    let hub = Hub::for_tests(4);
    let (alice, slow, quick) = (join(&hub), join(&hub), join(&hub));
    let message = "1".repeat(CAPACITY / 4);
    for _ in 0..4 {
        alice.broadcast(&message);
        assert_eq!(waiting(&quick).len(), 1);
    }
    assert!(is_too_slow(&slow));
    slow.broadcast(&message);
    assert_eq!(waiting(&quick).len(), 1);
    assert_eq!(waiting(&alice).len(), 1);
    assert_eq!(hub.queued_bytes(), 0);
}

#[test]
fn who_may_miss_messages_goes_on_later() {
    let bounds = Bounds { capacity: 1000, slow: Slow::Drop };
    let settings = Settings { bounds, ..Settings::default() };
    let hub = Hub::with_engine(5, settings, Box::new(Memory));
    let (alice, slow) = (join(&hub), join(&hub));
    for number in 0..100 {
        alice.broadcast(&number.to_string());
    }
    let received = messages(&slow);
    assert!((1..20).contains(&received.len()), "{received:?}");
    alice.broadcast("100");
    assert_eq!(messages(&slow), ["100"]);
}

#[test]
fn everybody_is_asked_to_leave_even_who_comes_late() {
    let hub = Hub::for_tests(6);
    let (alice, lobby) = (join(&hub), hub.enter());
    let away = Close::new(CloseCode::GOING_AWAY, "bye");
    let clients = hub.close(away.clone());
    assert_eq!(clients.len(), 2);
    for client in &clients {
        client.close(&away);
    }
    for client in [alice, lobby, hub.enter(), join(&hub)] {
        assert!(is_closed(&client, &away));
    }
}

#[test]
fn a_room_reaches_its_other_members() {
    let hub = Hub::for_tests(7);
    let (mut alice, mut bob, mut carol) = (join(&hub), join(&hub), join(&hub));
    assert_eq!(alice.join_room(room("a"), None), Joining::Joined(1));
    assert_eq!(bob.join_room(room("a"), None), Joining::Joined(2));
    assert_eq!(bob.join_room(room("a"), None), Joining::Joined(2));
    assert_eq!(carol.join_room(room("b"), None), Joining::Joined(1));
    alice.broadcast_to(&room("a"), "1").expect("a member");
    carol.broadcast_to(&room("a"), "2").expect_err("no member");
    carol.broadcast_to(&room("c"), "3").expect_err("no room");
    bob.broadcast("4");
    assert_eq!(messages(&alice), ["4"]);
    assert_eq!(messages(&bob), ["1"]);
    assert_eq!(messages(&carol), ["4"]);
}

#[test]
fn rooms_vanish_when_they_are_empty() {
    let hub = Hub::for_tests(8);
    let (mut alice, mut bob) = (join(&hub), join(&hub));
    for name in ["a", "b"] {
        let _ = alice.join_room(room(name), None);
    }
    let _ = bob.join_room(room("a"), None);
    let mut rooms = hub.rooms();
    rooms.sort();
    assert_eq!(rooms, [(room("a"), 2), (room("b"), 1)]);
    assert_eq!(alice.leave_room(&room("a")), Ok(1));
    assert!(alice.leave_room(&room("a")).is_err());
    bob.depart();
    assert_eq!(hub.rooms(), [(room("b"), 1)]);
    drop(alice);
    assert_eq!((hub.rooms(), hub.rooms_here()), (Vec::new(), 0));
}

#[test]
fn rooms_of_a_client_are_limited() {
    let settings = Settings { max_rooms: 2, ..Settings::default() };
    let hub = Hub::with_engine(9, settings, Box::new(Memory));
    let mut alice = join(&hub);
    assert_eq!(alice.join_room(room("a"), None), Joining::Joined(1));
    assert_eq!(alice.join_room(room("b"), None), Joining::Joined(1));
    assert_eq!(alice.join_room(room("c"), None), Joining::TooManyRooms);
    assert_eq!(alice.join_room(room("b"), None), Joining::Joined(1));
    assert_eq!(alice.leave_room(&room("a")), Ok(0));
    assert_eq!(alice.join_room(room("c"), None), Joining::Joined(1));
}

/// Many threads at once: nobody misses anything that was sent while it was there, and each sender's
/// messages stay in order.
#[test]
fn broadcasts_of_many_threads_arrive_in_the_order_of_each_sender() {
    const SENDERS: usize = 4;
    const COUNT: usize = 500;
    let hub = Hub::for_tests(10);
    let receiver = join(&hub);
    let senders: Vec<_> = (0..SENDERS).map(|_| join(&hub)).collect();
    std::thread::scope(|scope| {
        for sender in &senders {
            scope.spawn(|| (0..COUNT).for_each(|number| sender.broadcast(&number.to_string())));
        }
        scope.spawn(|| (0..COUNT).for_each(|_| drop(join(&hub))));
    });
    let received: Vec<serde_json::Value> =
        waiting(&receiver).iter().map(|text| serde_json::from_str(text).expect("JSON")).collect();
    for sender in &senders {
        let from = serde_json::Value::from(sender.id().to_string());
        let numbers = received.iter().filter(|message| message["from"] == from);
        let numbers: Vec<_> = numbers.map(|message| message["message"].as_u64()).collect();
        assert_eq!(numbers, (0..COUNT as u64).map(Some).collect::<Vec<_>>());
    }
}

/// An engine that knows of others, lets rooms wait, and keeps what it is told.
#[derive(Clone, Default)]
struct Recorder(Arc<StdMutex<Vec<String>>>);

impl Recorder {
    fn record(&self, event: String) {
        lock(&self.0).push(event);
    }

    fn taken(&self) -> Vec<String> {
        std::mem::take(&mut lock(&self.0))
    }
}

impl Engine for Recorder {
    fn open_room(&self, room: &RoomName, opening: u64) -> Opening {
        self.record(format!("open {room} {opening}"));
        Opening::Pending
    }

    fn close_room(&self, room: &RoomName) {
        self.record(format!("close {room}"));
    }

    fn publish(&self, publication: Publication<'_>) {
        let Publication { room, message, .. } = publication;
        self.record(format!("publish {} {message}", room.map_or("all", RoomName::as_str)));
    }

    fn max_message(&self) -> usize {
        3
    }

    fn changed(&self) {}

    fn clients_elsewhere(&self) -> usize {
        100
    }

    fn members_elsewhere(&self, room: &RoomName) -> usize {
        if room.as_str() == "a" { 10 } else { 0 }
    }

    fn rooms_elsewhere(&self, visit: &mut dyn FnMut(&RoomName, usize)) {
        visit(&room("a"), 10);
        visit(&room("z"), 1);
    }

    fn status(&self) -> Status {
        Status::default()
    }
}

fn recorded(seed: u8) -> (Arc<Hub>, Recorder) {
    let engine = Recorder::default();
    (Hub::with_engine(seed, Settings::default(), Box::new(engine.clone())), engine)
}

#[test]
fn the_engine_hears_of_first_and_last_members_and_of_broadcasts() {
    let (hub, engine) = recorded(11);
    let (mut alice, mut bob) = (join(&hub), join(&hub));
    for member in [&mut alice, &mut bob] {
        assert_eq!(member.join_room(room("a"), None), Joining::Later);
    }
    bob.broadcast("1");
    bob.broadcast_to(&room("a"), "2").expect("a member");
    assert_eq!(messages(&alice), ["1", "2"]);
    alice.depart();
    drop(bob);
    assert_eq!(engine.taken(), ["open a 0", "publish all 1", "publish a 2", "close a"]);
}

#[test]
fn members_are_told_once_the_room_misses_nothing() {
    let (hub, engine) = recorded(12);
    let (mut alice, mut bob, mut carol) = (join(&hub), join(&hub), join(&hub));
    let _ = alice.join_room(room("a"), Some("1"));
    let _ = bob.join_room(room("a"), None);
    let _ = bob.join_room(room("a"), Some("2"));
    let _ = carol.join_room(room("a"), None);
    assert_eq!(carol.leave_room(&room("a")), Ok(12));
    hub.room_ready(&room("a"), 7);
    assert_eq!(waiting(&alice), [""; 0]);
    hub.room_ready(&room("a"), 0);
    assert_eq!(waiting(&alice), [r#"{"type":"joined","room":"a","clients":12,"ref":1}"#]);
    assert_eq!(waiting(&bob), [r#"{"type":"joined","room":"a","clients":12,"ref":2}"#]);
    assert_eq!(waiting(&carol), [""; 0]);
    assert_eq!(carol.join_room(room("a"), None), Joining::Joined(13));

    // Another life of the room waits anew.
    for member in [&mut alice, &mut bob, &mut carol] {
        let _ = member.leave_room(&room("a"));
    }
    assert_eq!(alice.join_room(room("a"), None), Joining::Later);
    hub.room_ready(&room("a"), 0);
    assert_eq!(waiting(&alice), [""; 0]);
    assert_eq!(engine.taken(), ["open a 0", "close a", "open a 1"]);
}

#[test]
fn others_are_counted_and_what_they_say_is_delivered_to_all() {
    let (hub, _) = recorded(13);
    let (mut alice, bob) = (join(&hub), join(&hub));
    let _ = alice.join_room(room("a"), None);
    let mut rooms = hub.rooms();
    rooms.sort();
    assert_eq!(rooms, [(room("a"), 11), (room("z"), 1)]);
    assert_eq!(hub.clients_everywhere(), 102);
    // Somebody elsewhere may have the same name.
    hub.deliver(Publication { from: alice.id(), room: None, message: "1" });
    hub.deliver(Publication { from: bob.id(), room: Some(&room("a")), message: "2" });
    hub.deliver(Publication { from: bob.id(), room: Some(&room("b")), message: "3" });
    assert_eq!(messages(&alice), ["1", "2"]);
    assert_eq!(messages(&bob), ["1"]);
}

#[test]
fn what_the_engine_cannot_hand_on_is_not_taken() {
    let (hub, _) = recorded(14);
    assert!(hub.takes("123"));
    assert!(!hub.takes("1234"));
    assert!(Hub::for_tests(15).takes(&"1".repeat(CAPACITY)));
}
