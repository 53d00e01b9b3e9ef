//! The hub without sockets: what tests see are the outboxes.

mod engine;
mod history;
mod presence;

use std::collections::HashSet;
use std::future::Future as _;
use std::ops::Bound;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Wake, Waker};

use ws_futures::proto::SendError;
use ws_futures::{Close, CloseCode, Prepared};

use super::*;
use crate::outbox::{End, Next};
use crate::shards::lock;

const CAPACITY: usize = 1024 * 1024;

type Clients = Hub<u32, &'static str>;
type Client = Member<u32, &'static str>;

fn hub() -> Clients {
    Hub::new(HubConfig::default())
}

/// Members with the keys 1, 2 and so on.
fn members<const N: usize>(hub: &Clients) -> [Client; N] {
    std::array::from_fn(|index| hub.enter(index as u32 + 1, ()).expect("a free key"))
}

fn text(text: &str) -> Prepared {
    Prepared::new(text)
}

/// Takes what waits, which are messages.
fn waiting(member: &Client) -> Vec<String> {
    let mut texts = Vec::new();
    while let Some(Next::Send(message)) = member.seat.outbox.next(true) {
        texts.push(String::from_utf8_lossy(message.payload()).into_owned());
    }
    texts
}

/// Takes the next item, which is a room that is ready.
fn ready(member: &Client) -> Option<(&'static str, usize)> {
    match member.seat.outbox.next(true)? {
        Next::Ready(ready) => Some((ready.room, ready.members)),
        other => panic!("{other:?}"),
    }
}

fn all(from: &Client, message: &str) -> Published {
    from.publish(To::All, text(message)).expect("no room")
}

fn is_closed(member: &Client, close: &Close<'static>) -> bool {
    matches!(member.seat.outbox.next(true), Some(Next::End(End::Close(end))) if end == *close)
}

fn is_too_slow(member: &Client) -> bool {
    matches!(member.seat.outbox.next(true), Some(Next::End(End::TooSlow)))
}

fn joined(members: usize) -> Joined {
    Joined::Ready { members, history: None }
}

fn queued(queued: usize) -> Published {
    Published { queued, ..Published::default() }
}

/// An engine that knows of others, lets rooms wait, and keeps what it is called with.
#[derive(Default)]
struct Recorder(Mutex<Vec<String>>);

impl Recorder {
    fn record(&self, call: String) {
        lock(&self.0).push(call);
    }

    fn taken(&self) -> Vec<String> {
        std::mem::take(&mut lock(&self.0))
    }
}

impl Engine<u32, &'static str> for Recorder {
    fn open_room(&self, room: &&'static str, opening: u64) -> Opened {
        self.record(format!("open {room} {opening}"));
        Opened::Pending
    }

    fn close_room(&self, room: &&'static str) {
        self.record(format!("close {room}"));
    }

    fn publish(&self, from: Option<&u32>, to: To<'_, u32, &'static str>, message: &Arc<Prepared>) {
        let message = String::from_utf8_lossy(message.payload());
        self.record(format!("publish {from:?} {to:?} {message}"));
    }

    fn members_elsewhere(&self, room: &&'static str) -> usize {
        if *room == "a" { 10 } else { 0 }
    }
}

fn recorded() -> (Clients, Arc<Recorder>) {
    let engine = Arc::new(Recorder::default());
    (Hub::with_engine(HubConfig::default(), Arc::clone(&engine)), engine)
}

#[test]
fn members_are_counted_and_have_keys_of_their_own() {
    let hub = hub();
    let mut members: Vec<_> = (0..100).map(|key| hub.enter(key, ()).expect("free")).collect();
    assert_eq!(hub.len(), 100);
    assert_eq!(hub.enter(7, ()).map(drop), Err(KeyTaken));
    assert_eq!(hub.len(), 100);
    assert_eq!(members[7].depart(), 99);
    assert_eq!(members[7].depart(), 99);
    let again = hub.enter(7, ()).expect("free again");
    assert_eq!(hub.len(), 100);
    drop(members);
    assert_eq!((hub.len(), *again.key()), (1, 7));
}

#[test]
fn a_message_to_all_reaches_all_but_its_sender() {
    let hub = hub();
    let [alice, bob, mut carol] = members(&hub);
    let hidden = hub.enter_hidden(4, ()).expect("free");
    assert_eq!(all(&alice, "1"), queued(2));
    assert_eq!(all(&bob, "2"), queued(2));
    assert_eq!(waiting(&carol), ["1", "2"]);
    carol.depart();
    assert_eq!(all(&alice, "3"), queued(1));
    assert_eq!(hub.publish(To::All, text("4")), queued(2));
    assert_eq!(waiting(&alice), ["2", "4"]);
    assert_eq!(waiting(&bob), ["1", "3", "4"]);
    assert_eq!(waiting(&carol), [""; 0]);
    assert_eq!(waiting(&hidden), [""; 0]);
}

#[test]
fn a_message_to_one_member_reaches_it_alone() {
    let hub = hub();
    let [alice, bob, carol] = members(&hub);
    let hidden = hub.enter_hidden(4, ()).expect("free");
    assert_eq!(alice.publish(To::Member(&2), text("1")), Ok(queued(1)));
    assert_eq!(alice.publish(To::Member(&1), text("2")), Ok(queued(1)));
    assert_eq!(hub.publish(To::Member(&2), text("3")), queued(1));
    assert_eq!(hub.publish(To::Member(&4), text("4")), queued(0));
    assert_eq!(hub.publish(To::Member(&5), text("5")), queued(0));
    assert_eq!(waiting(&alice), ["2"]);
    assert_eq!(waiting(&bob), ["1", "3"]);
    assert_eq!(waiting(&carol), [""; 0]);
    assert_eq!(waiting(&hidden), [""; 0]);
}

#[test]
fn a_hidden_member_is_one_of_them_once_it_is_shown() {
    let hub = hub();
    let [alice] = members(&hub);
    let mut hidden = hub.enter_hidden(2, ()).expect("free");
    assert_eq!(hub.enter(2, ()).map(drop), Err(KeyTaken));
    assert_eq!((hub.len(), hidden.is_shown()), (1, false));
    assert_eq!(hidden.join("a"), Err(JoinError::Hidden));
    assert_eq!(hidden.show(), 2);
    assert_eq!(hidden.show(), 2);
    assert_eq!((hub.len(), hidden.is_shown()), (2, true));
    assert_eq!(all(&alice, "1"), queued(1));
    assert_eq!(waiting(&hidden), ["1"]);
    assert_eq!(hidden.depart(), 1);
    assert_eq!((hidden.show(), hidden.is_shown()), (1, false));
    assert_eq!(hidden.join("a"), Err(JoinError::Hidden));
    drop(hub.enter_hidden(3, ()));
    assert_eq!(hub.len(), 1);
}

#[test]
fn a_member_can_be_left_out() {
    let hub = hub();
    let [mut alice, mut bob, carol] = members(&hub);
    alice.join("a").expect("few rooms");
    bob.join("a").expect("few rooms");
    assert_eq!(hub.deliver_except(&1, To::Room(&"a"), text("1")), queued(1));
    assert_eq!(hub.deliver_except(&1, To::All, text("2")), queued(2));
    // No member has the key.
    assert_eq!(hub.deliver_except(&9, To::All, text("3")), queued(3));
    assert_eq!(waiting(&alice), ["3"]);
    assert_eq!(waiting(&bob), ["1", "2", "3"]);
    assert_eq!(waiting(&carol), ["2", "3"]);
}

#[test]
fn members_are_disconnected_after_their_messages() {
    let hub = hub();
    let [alice, bob, carol] = members(&hub);
    let hidden = hub.enter_hidden(4, ()).expect("free");
    let close = Close::new(CloseCode::new(4000), "go");
    assert_eq!(hub.disconnect(&1, CloseCode::ABNORMAL), Err(SendError::InvalidCloseCode));
    hub.publish(To::All, text("1"));
    assert_eq!(hub.disconnect(&1, close.clone()), Ok(true));
    assert_eq!(hub.disconnect(&1, CloseCode::NORMAL), Ok(false));
    assert_eq!(hub.disconnect(&9, close.clone()), Ok(false));
    assert_eq!(waiting(&alice), ["1"]);
    assert!(is_closed(&alice, &close));

    let not_bob = |key: &u32, _: &()| *key != 2;
    assert_eq!(
        hub.disconnect_where(not_bob, CloseCode::ABNORMAL),
        Err(SendError::InvalidCloseCode)
    );
    assert_eq!(hub.disconnect_where(not_bob, close.clone()), Ok(2));
    assert!(is_closed(&hidden, &close));
    assert_eq!(waiting(&carol), ["1"]);
    assert!(is_closed(&carol, &close));
    assert_eq!(hub.publish(To::All, text("2")), queued(1));
    assert_eq!(waiting(&bob), ["1", "2"]);
}

#[test]
fn a_message_is_kept_once() {
    let hub = hub();
    let [alice, bob, carol] = members(&hub);
    all(&alice, &"x".repeat(100));
    let address = |member: &Client| match member.seat.outbox.next(true) {
        Some(Next::Send(message)) => message.payload().as_ptr(),
        other => panic!("{other:?}"),
    };
    assert_eq!(address(&bob), address(&carol));
}

#[test]
fn only_the_slow_member_is_given_up() {
    let hub = hub();
    let [alice, slow, quick] = members(&hub);
    let message = "1".repeat(CAPACITY / 4);
    for number in 1..=4 {
        let given_up = usize::from(number == 4);
        let published = Published { given_up, ..queued(2 - given_up) };
        assert_eq!(all(&alice, &message), published);
        assert_eq!(waiting(&quick).len(), 1);
    }
    assert!(is_too_slow(&slow));
    assert_eq!(all(&slow, &message), queued(2));
    assert_eq!(waiting(&quick).len(), 1);
    assert_eq!(waiting(&alice).len(), 1);
    assert_eq!(hub.queued_bytes(), 0);
}

#[test]
fn a_member_that_may_miss_messages_gets_later_ones() {
    let bounds = OutboxLimits { capacity: 1000, slow: SlowPolicy::Drop, ..OutboxLimits::default() };
    let hub = Hub::new(HubConfig { bounds, ..HubConfig::default() });
    let [alice, slow] = members(&hub);
    let published: Vec<_> = (0..100).map(|number| all(&alice, &number.to_string())).collect();
    let received = waiting(&slow);
    assert!((1..20).contains(&received.len()), "{received:?}");
    let sum = |count: fn(&Published) -> usize| published.iter().map(count).sum::<usize>();
    assert_eq!(sum(|it| it.queued), received.len());
    assert_eq!(sum(|it| it.dropped), 100 - received.len());
    all(&alice, "100");
    assert_eq!(waiting(&slow), ["100"]);
}

#[test]
fn all_are_asked_to_leave_and_so_is_a_member_that_enters_late() {
    let hub = hub();
    let [alice] = members(&hub);
    let hidden = hub.enter_hidden(2, ()).expect("free");
    let away = Close::new(CloseCode::GOING_AWAY, "bye");
    assert_eq!(hub.close(CloseCode::ABNORMAL), Err(SendError::InvalidCloseCode));
    assert_eq!(hub.close(away.clone()), Ok(()));
    assert_eq!(hub.close(Close::new(CloseCode::NORMAL, "another")), Ok(()));
    let late = [hub.enter_hidden(3, ()).expect("free"), hub.enter(4, ()).expect("free")];
    for member in [alice, hidden].iter().chain(&late) {
        assert!(is_closed(member, &away));
    }
}

#[test]
fn members_can_be_asked_to_leave_in_turn() {
    let hub = hub();
    let members: [_; 5] = members(&hub);
    let away: Close<'_> = CloseCode::GOING_AWAY.into();
    let asked = || members.iter().filter(|member| is_closed(member, &away)).count();
    let mut drain = hub.drain(away.clone()).expect("a valid code");
    assert_eq!((drain.len(), asked()), (5, 0));
    drain.close(2);
    assert_eq!((drain.len(), asked()), (3, 2));
    drain.close(0);
    assert_eq!((drain.len(), asked()), (3, 2));
    drop(drain);
    assert_eq!(asked(), 5);
}

struct Flag(AtomicBool);

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

#[test]
fn the_hub_is_drained_when_its_last_member_has_left() {
    let hub = hub();
    let flag = Arc::new(Flag(AtomicBool::new(false)));
    let waker = Waker::from(Arc::clone(&flag));
    let mut cx = Context::from_waker(&waker);
    assert!(pin!(hub.drained()).poll(&mut cx).is_ready());

    let [alice, bob] = members(&hub);
    let hidden = hub.enter_hidden(3, ()).expect("free");
    {
        let mut drained = pin!(hub.drained());
        assert!(drained.as_mut().poll(&mut cx).is_pending());
        assert!(drained.as_mut().poll(&mut cx).is_pending());
        drop((alice, bob));
        assert!(!flag.0.load(Ordering::Relaxed));
        assert!(drained.as_mut().poll(&mut cx).is_pending());
        drop(hidden);
        assert!(flag.0.load(Ordering::Relaxed));
        assert!(drained.as_mut().poll(&mut cx).is_ready());
    }
}

#[test]
fn a_room_reaches_its_other_members() {
    let hub = hub();
    let [mut alice, mut bob, mut carol] = members(&hub);
    assert_eq!(alice.join("a"), Ok(joined(1)));
    assert_eq!(bob.join("a"), Ok(joined(2)));
    assert_eq!(bob.join("a"), Ok(joined(2)));
    assert_eq!(carol.join("b"), Ok(joined(1)));
    assert_eq!(alice.publish(To::Room(&"a"), text("1")), Ok(queued(1)));
    assert_eq!(carol.publish(To::Room(&"a"), text("2")), Err(NotInRoom));
    assert_eq!(carol.publish(To::Room(&"c"), text("3")), Err(NotInRoom));
    assert_eq!(hub.publish(To::Room(&"a"), text("4")), queued(2));
    assert_eq!(hub.publish(To::Room(&"c"), text("5")), queued(0));
    all(&bob, "6");
    assert_eq!(waiting(&alice), ["4", "6"]);
    assert_eq!(waiting(&bob), ["1", "4"]);
    assert_eq!(waiting(&carol), ["6"]);
}

#[test]
fn the_members_of_a_room_can_be_listed() {
    let hub = Hub::<u32, Arc<str>, &str>::new(HubConfig::default());
    let room: Arc<str> = "a".into();
    let mut members: Vec<_> =
        [(1, "Alice"), (2, "Bob")].map(|(key, name)| hub.enter(key, name).expect("free")).into();
    for member in &mut members {
        member.join(Arc::clone(&room)).expect("few rooms");
    }
    let list = hub.members(&room);
    drop(members.pop());
    let listed: HashSet<_> = list.iter().map(|(key, name)| (*key, *name)).collect();
    assert_eq!(listed, HashSet::from([(1, "Alice"), (2, "Bob")]));
    assert_eq!((list.len(), hub.members(&room).len()), (2, 1));
    assert!(hub.members(&"b".into()).is_empty());
    assert_eq!(members[0].rooms().collect::<Vec<_>>(), [&room]);
    assert_eq!(members[0].data(), &"Alice");
}

fn rooms(hub: &Clients) -> Vec<(&'static str, usize)> {
    let mut rooms = Vec::new();
    hub.visit_rooms(|room, members| rooms.push((*room, members)));
    rooms.sort_unstable();
    rooms
}

#[test]
fn rooms_vanish_when_they_are_empty() {
    let hub = hub();
    let [mut alice, mut bob] = members(&hub);
    for name in ["a", "b"] {
        alice.join(name).expect("few rooms");
    }
    bob.join("a").expect("few rooms");
    assert_eq!((rooms(&hub), hub.room_count()), (vec![("a", 2), ("b", 1)], 2));
    assert_eq!(alice.leave(&"a"), Ok(1));
    assert_eq!(alice.leave(&"a"), Err(NotInRoom));
    bob.depart();
    assert_eq!(rooms(&hub), [("b", 1)]);
    drop(alice);
    assert_eq!((rooms(&hub), hub.room_count()), (vec![], 0));
}

#[test]
fn rooms_are_listed_in_order_and_in_pages() {
    let hub = hub();
    let [mut alice, mut bob] = members(&hub);
    for name in ["c", "a", "e", "b", "d"] {
        alice.join(name).expect("few rooms");
    }
    bob.join("b").expect("few rooms");
    assert_eq!(hub.list_rooms::<str>(.., 2), [("a", 1), ("b", 2)]);
    let behind = |name| (Bound::Excluded(name), Bound::Unbounded);
    assert_eq!(hub.list_rooms::<str>(behind("b"), 2), [("c", 1), ("d", 1)]);
    assert_eq!(hub.list_rooms::<str>(behind("d"), 2), [("e", 1)]);
    assert_eq!(hub.list_rooms::<str>(behind("e"), 2), []);
    assert_eq!(hub.list_rooms::<str>(.., 0), []);
    alice.leave(&"c").expect("its room");
    assert_eq!(hub.list_rooms::<&str>("b".."d", 9), [("b", 2)]);
}

#[test]
fn rooms_of_a_member_are_limited() {
    let hub = Hub::new(HubConfig { max_rooms: 2, ..HubConfig::default() });
    let [mut alice] = members(&hub);
    for (name, joined) in [
        ("a", Ok(joined(1))),
        ("b", Ok(joined(1))),
        ("c", Err(JoinError::TooManyRooms)),
        ("b", Ok(joined(1))),
    ] {
        assert_eq!(alice.join(name), joined, "{name}");
    }
    assert_eq!(alice.leave(&"a"), Ok(0));
    assert_eq!(alice.join("c"), Ok(joined(1)));
}

/// Many threads at once: no member misses anything that was sent while it was there, and each
/// sender's messages stay in order.
#[test]
fn messages_of_many_threads_arrive_in_the_order_of_each_sender() {
    const COUNT: usize = 500;
    let hub = hub();
    let [receiver, senders @ ..] = members::<5>(&hub);
    std::thread::scope(|scope| {
        for sender in &senders {
            let publish = |number| all(sender, &format!("{} {number}", sender.key()));
            scope.spawn(move || (0..COUNT).for_each(|number| _ = publish(number)));
        }
        scope.spawn(|| (100..).take(COUNT).for_each(|key| drop(hub.enter(key, ()))));
    });
    let received = waiting(&receiver);
    for sender in &senders {
        let prefix = format!("{} ", sender.key());
        let numbers = received.iter().filter_map(|text| text.strip_prefix(&prefix));
        let numbers: Vec<usize> = numbers.map(|number| number.parse().expect("one")).collect();
        assert_eq!(numbers, (0..COUNT).collect::<Vec<_>>());
    }
}
