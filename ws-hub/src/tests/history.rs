//! Rooms with history.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::*;

const MINUTE: Duration = Duration::from_secs(60);

fn with_limits(limits: HistoryLimits) -> Clients {
    Hub::new(HubConfig { history: Some(limits), ..HubConfig::default() })
}

fn with_history() -> Clients {
    with_limits(HistoryLimits::default())
}

/// Publishes the number of the message.
fn publish(hub: &Clients, room: &'static str) -> Position {
    publish_len(hub, room, 0)
}

/// Publishes the number of the message and as many bytes.
fn publish_len(hub: &Clients, room: &'static str, len: usize) -> Position {
    let encode = |position: Option<Position>| message(position.expect("a history"), len);
    hub.publish_to_room(&room, None, encode).position.expect("a history")
}

fn message(position: Position, len: usize) -> Prepared {
    text(&format!("{}{}", position.offset, ".".repeat(len)))
}

fn join(member: &mut Client, room: &'static str, since: Option<Position>) -> RoomHistory {
    let options = JoinOptions { since, watch: false };
    match member.join_with(room, options).expect("few rooms") {
        Joined::Ready { history: Some(history), .. } => history,
        other => panic!("{other:?}"),
    }
}

fn offsets(hub: &Clients, room: &'static str) -> Vec<u64> {
    let page = hub.history(&room, 0, 1000);
    page.map_or(Vec::new(), |page| page.messages.iter().map(|(offset, _)| *offset).collect())
}

#[test]
fn a_member_that_joins_again_receives_what_it_has_missed() {
    let hub = with_history();
    let [mut alice, mut bob] = members(&hub);
    let start = join(&mut alice, "a", None);
    assert_eq!((start.position.offset, start.recovered), (0, None));
    join(&mut bob, "a", None);
    let last = publish(&hub, "a");
    alice.leave(&"a").expect("a member");
    (0..3).for_each(|_| _ = publish(&hub, "a"));
    let again = join(&mut alice, "a", Some(last));
    let position = Position { offset: 4, ..last };
    assert_eq!(again, RoomHistory { position, recovered: Some(true) });
    publish(&hub, "a");
    assert_eq!(waiting(&alice), ["1", "2", "3", "4", "5"]);
    assert_eq!(waiting(&bob), ["1", "2", "3", "4", "5"]);
    // It is a member: it has missed nothing.
    assert_eq!(join(&mut alice, "a", Some(last)).recovered, None);
    assert_eq!(waiting(&alice), [""; 0]);
}

#[test]
fn a_sender_is_told_the_position_and_receives_nothing() {
    let hub = with_history();
    let [mut alice, mut bob] = members(&hub);
    let epoch = join(&mut alice, "a", None).position.epoch;
    join(&mut bob, "a", None);
    let published = alice.publish_to_room(&"a", |position| message(position.expect("one"), 0));
    let position = Some(Position { epoch, offset: 1 });
    assert_eq!(published, Ok(Published { position, ..queued(1) }));
    assert_eq!(bob.publish(To::Room(&"a"), text("2")).map(|it| it.queued), Ok(1));
    assert_eq!(alice.publish_to_room(&"b", |_| text("3")), Err(NotInRoom));
    assert_eq!(hub.publish_to_room(&"a", Some(&2), |_| text("4")).queued, 1);
    assert_eq!(waiting(&alice), ["2", "4"]);
    assert_eq!(waiting(&bob), ["1"]);
    let plain = super::hub();
    assert_eq!(
        plain.publish_to_room(&"a", None, |position| text(&format!("{position:?}"))),
        queued(0)
    );
    assert!(plain.history(&"a", 0, 1).is_none());
}

#[test]
fn positions_that_the_history_does_not_have_are_not_recovered() {
    let hub = with_limits(HistoryLimits { messages: 2, ..HistoryLimits::default() });
    (0..3).for_each(|_| _ = publish(&hub, "a"));
    let last = publish(&hub, "a");
    for (position, recovered) in [
        (Position { offset: 1, ..last }, false),
        (Position { offset: 2, ..last }, true),
        (Position { offset: 4, ..last }, true),
        (Position { offset: 5, ..last }, false),
        (Position { epoch: last.epoch ^ 1, ..last }, false),
    ] {
        let mut member = hub.enter(1, ()).expect("free");
        assert_eq!(join(&mut member, "a", Some(position)).recovered, Some(recovered));
        let missed = if recovered { 4 - position.offset } else { 0 };
        assert_eq!(waiting(&member).len() as u64, missed);
    }
}

#[test]
fn a_recovery_that_does_not_fit_the_outbox_is_none() {
    let bounds = OutboxLimits { capacity: 1000, ..OutboxLimits::default() };
    let history = Some(HistoryLimits::default());
    let hub: Clients = Hub::new(HubConfig { bounds, history, ..HubConfig::default() });
    let first = publish(&hub, "a");
    (0..2).for_each(|_| _ = publish_len(&hub, "a", 800));
    let [mut alice, mut bob] = members(&hub);
    assert_eq!(join(&mut alice, "a", Some(first)).recovered, Some(false));
    assert_eq!(waiting(&alice), [""; 0]);
    let second = Position { offset: 2, ..first };
    all(&alice, "x");
    assert_eq!(join(&mut bob, "a", Some(second)).recovered, Some(true));
    assert_eq!(waiting(&bob).len(), 2);
}

#[test]
fn a_page_of_the_history() {
    let hub = with_limits(HistoryLimits { messages: 3, ..HistoryLimits::default() });
    assert!(hub.history(&"a", 0, 10).is_none());
    (0..5).for_each(|_| _ = publish(&hub, "a"));
    let page = |after, limit| {
        let page = hub.history(&"a", after, limit).expect("a history");
        assert_eq!(page.position.offset, 5);
        let messages = page.messages.iter();
        let texts = messages.map(|(offset, message)| {
            assert_eq!(message.payload(), offset.to_string().as_bytes());
            *offset
        });
        (texts.collect::<Vec<_>>(), page.complete)
    };
    assert_eq!(page(0, 2), (vec![3, 4], false));
    assert_eq!(page(2, 2), (vec![3, 4], true));
    assert_eq!(page(4, 2), (vec![5], true));
    assert_eq!(page(9, 2), (vec![], true));
    assert_eq!(page(2, 0), (vec![], true));
}

#[test]
fn a_room_without_members_keeps_its_history_until_it_is_too_old() {
    let hub = with_limits(HistoryLimits { age: 5 * MINUTE, ..HistoryLimits::default() });
    let [mut alice, mut bob] = members(&hub);
    let first = join(&mut alice, "a", None).position;
    alice.leave(&"a").expect("a member");
    publish(&hub, "a");
    assert_eq!((hub.room_count(), rooms(&hub)), (0, vec![]));
    let now = Instant::now();
    hub.expire_history(now + 4 * MINUTE);
    assert_eq!(join(&mut alice, "a", Some(first)).recovered, Some(true));
    assert_eq!(rooms(&hub), [("a", 1)]);
    // It has a member: it stays, without the messages.
    hub.expire_history(now + 10 * MINUTE);
    assert_eq!((offsets(&hub, "a"), hub.history_bytes()), (vec![], 0));
    assert_eq!(join(&mut bob, "a", Some(first)).recovered, Some(false));
    let last = publish(&hub, "a");
    assert_eq!(last, Position { offset: 2, ..first });
    drop((alice, bob));
    hub.expire_history(Instant::now() + 5 * MINUTE);
    assert!(hub.history(&"a", 0, 1).is_none());
    assert_eq!(hub.history_bytes(), 0);
    let [mut alice] = members(&hub);
    let history = join(&mut alice, "a", Some(last));
    assert_eq!((history.recovered, history.position.offset), (Some(false), 0));
    assert_ne!(history.position.epoch, last.epoch);
}

#[test]
fn rooms_without_members_are_limited_and_those_without_messages_go_first() {
    let hub = with_limits(HistoryLimits { idle_rooms: 2, ..HistoryLimits::default() });
    let [mut alice] = members(&hub);
    publish(&hub, "a");
    for room in ["b", "c", "d"] {
        alice.join(room).expect("few rooms");
        alice.leave(&room).expect("a member");
    }
    let is_kept = |room| hub.history(&room, 0, 1).is_some();
    assert_eq!(["a", "b", "c", "d"].map(is_kept), [true, false, false, true]);
    publish(&hub, "e");
    publish(&hub, "f");
    assert_eq!(["a", "d", "e", "f"].map(is_kept), [false, false, true, true]);
    // The one that was used last stays.
    publish(&hub, "e");
    publish(&hub, "g");
    assert_eq!(["e", "f", "g"].map(is_kept), [true, false, true]);

    let hub = with_limits(HistoryLimits { idle_rooms: 0, ..HistoryLimits::default() });
    publish(&hub, "a");
    assert!(hub.history(&"a", 0, 1).is_none());
    assert_eq!(hub.history_bytes(), 0);
}

#[test]
fn bytes_are_limited_for_a_room_and_in_total() {
    let limits = HistoryLimits { room_bytes: 2000, total_bytes: 5000, ..HistoryLimits::default() };
    let hub = with_limits(limits);
    let [mut alice] = members(&hub);
    let publish = |room, len| {
        publish_len(&hub, room, len);
        assert!(hub.history_bytes() <= 5000, "{}", hub.history_bytes());
    };
    for room in ["a", "b", "c"] {
        (0..5).for_each(|_| publish(room, 500));
    }
    // 629 bytes each: three in a room; the oldest room was removed.
    assert_eq!((offsets(&hub, "a"), offsets(&hub, "b")), (vec![], vec![3, 4, 5]));
    assert_eq!(offsets(&hub, "c"), [3, 4, 5]);
    for room in ["b", "c"] {
        alice.join(room).expect("few rooms");
    }
    // Nothing can be removed but the room's own messages.
    alice.join("d").expect("few rooms");
    (0..4).for_each(|_| publish("d", 500));
    assert_eq!((offsets(&hub, "b"), offsets(&hub, "d")), (vec![3, 4, 5], vec![4]));
    // A message over the limit is delivered, and the history begins behind it.
    publish("b", 2000);
    assert_eq!(offsets(&hub, "b"), []);
    publish("b", 1);
    assert_eq!(offsets(&hub, "b"), [7]);
    assert_eq!(waiting(&alice).len(), 6);
}

#[test]
fn a_room_that_becomes_ready_brings_what_was_missed_behind_the_notice() {
    let engine = Arc::new(Recorder::default());
    let history = Some(HistoryLimits::default());
    let config = HubConfig { history, ..HubConfig::default() };
    let hub: Clients = Hub::with_engine(config, Arc::clone(&engine));
    let since = publish(&hub, "b");
    publish(&hub, "b");
    let [mut alice, mut bob] = members(&hub);
    let options = JoinOptions { since: Some(since), watch: false };
    assert_eq!(alice.join_with("b", options), Ok(Joined::Pending));
    assert_eq!(bob.join("b"), Ok(Joined::Pending));
    assert_eq!(alice.leave(&"b"), Ok(1));
    assert_eq!(alice.join_with("b", options), Ok(Joined::Pending));
    hub.room_ready(&"b", 0);
    publish(&hub, "b");
    let taken = |member: &Client, recovered| {
        let Some(Next::Ready(ready)) = member.seat.outbox.next(true) else { panic!("not ready") };
        let position = Position { offset: 2, ..since };
        assert_eq!((ready.room, ready.members), ("b", 2));
        assert_eq!(ready.history, Some(RoomHistory { position, recovered }));
        waiting(member)
    };
    assert_eq!(taken(&alice, Some(true)), ["2", "3"]);
    assert_eq!(taken(&bob, None), ["3"]);
    assert_eq!(engine.taken().len(), 4);
}

#[test]
fn what_is_published_before_a_room_is_ready_follows_what_was_missed() {
    let history = Some(HistoryLimits { messages: 3, ..HistoryLimits::default() });
    let config = HubConfig { history, ..HubConfig::default() };
    let hub: Clients = Hub::with_engine(config, Recorder::default());
    let since = publish(&hub, "b");
    publish(&hub, "b");
    let [mut alice, mut bob, mut carol] = members(&hub);
    let options = JoinOptions { since: Some(since), watch: false };
    assert_eq!(alice.join_with("b", options), Ok(Joined::Pending));
    assert_eq!(bob.join("b"), Ok(Joined::Pending));
    let lost = JoinOptions { since: Some(Position { epoch: !since.epoch, ..since }), watch: false };
    assert_eq!(carol.join_with("b", lost), Ok(Joined::Pending));
    publish(&hub, "b");
    assert_eq!(waiting(&alice), [""; 0]);
    assert_eq!(waiting(&bob), ["3"]);
    publish(&hub, "b");
    assert_eq!(waiting(&bob), ["4"]);
    hub.room_ready(&"b", 0);
    publish(&hub, "b");
    for (member, recovered, messages) in
        [(&alice, true, &["2", "3", "4", "5"][..]), (&carol, false, &["5"])]
    {
        let Some(Next::Ready(ready)) = member.seat.outbox.next(true) else { panic!("not ready") };
        let position = Position { offset: 4, ..since };
        assert_eq!(ready.history, Some(RoomHistory { position, recovered: Some(recovered) }));
        assert_eq!(waiting(member), messages);
    }
}

#[test]
fn a_full_outbox_is_no_loss_if_nothing_was_missed() {
    let bounds = OutboxLimits { capacity: 100, ..OutboxLimits::default() };
    let history = Some(HistoryLimits::default());
    let hub: Clients = Hub::new(HubConfig { bounds, history, ..HubConfig::default() });
    let last = publish(&hub, "a");
    let [mut alice] = members(&hub);
    // A single message may be of any size.
    hub.publish(To::All, text(&"x".repeat(200)));
    assert_eq!(join(&mut alice, "a", Some(last)).recovered, Some(true));
}

/// All members see one order, and one that joins again and again misses nothing and sees nothing twice.
#[test]
fn members_of_a_room_see_one_order_with_many_threads() {
    const COUNT: usize = 300;
    const PUBLISHERS: usize = 4;
    let bounds = OutboxLimits { capacity: usize::MAX, ..OutboxLimits::default() };
    let history = Some(HistoryLimits { messages: 10_000, ..HistoryLimits::default() });
    let hub: Clients = Hub::new(HubConfig { bounds, history, ..HubConfig::default() });
    let [mut stays, mut returns] = members(&hub);
    let mut position = join(&mut stays, "a", None).position;
    join(&mut returns, "a", None);
    let mut received = Vec::new();
    std::thread::scope(|scope| {
        let publishers: Vec<_> = (0..PUBLISHERS)
            .map(|_| scope.spawn(|| (0..COUNT).for_each(|_| _ = publish(&hub, "a"))))
            .collect();
        loop {
            let is_last = publishers.iter().all(|thread| thread.is_finished());
            returns.leave(&"a").expect("a member");
            received.extend(waiting(&returns));
            position.offset = received.len() as u64;
            assert_eq!(join(&mut returns, "a", Some(position)).recovered, Some(true));
            if is_last {
                break;
            }
        }
    });
    received.extend(waiting(&returns));
    let all: Vec<_> = (1..=COUNT * PUBLISHERS).map(|number| number.to_string()).collect();
    assert_eq!(received, all);
    assert_eq!(waiting(&stays), all);
}

#[derive(Clone, Debug)]
enum Step {
    Publish {
        room: usize,
        from: Option<usize>,
        len: usize,
    },
    /// Joins since a position that is some messages older than the latest one received.
    Join {
        member: usize,
        room: usize,
        older: u64,
    },
    Leave {
        member: usize,
        room: usize,
    },
    Expire,
}

const NAMES: [&str; 3] = ["a", "b", "c"];

fn step() -> impl Strategy<Value = Step> {
    let (room, member) = (0..NAMES.len(), 0..3_usize);
    prop_oneof![
        4 => (room.clone(), prop::option::of(member.clone()), 0..400_usize)
            .prop_map(|(room, from, len)| Step::Publish { room, from, len }),
        3 => (member.clone(), room.clone(), 0..4_u64)
            .prop_map(|(member, room, older)| Step::Join { member, room, older }),
        2 => (member, room).prop_map(|(member, room)| Step::Leave { member, room }),
        1 => Just(Step::Expire),
    ]
}

/// What has been published, and the position up to which each member knows a room.
#[derive(Default)]
struct Model {
    published: HashMap<Position, String>,
    known: HashMap<(usize, usize), Position>,
}

/// Takes a hub through the steps: members receive exactly what they must.
fn check(hub: &Clients, steps: &[Step], may_be_lost: bool) {
    let mut members: [Client; 3] = members(hub);
    let mut model = Model::default();
    for step in steps {
        let mut expected: [Vec<String>; 3] = Default::default();
        match *step {
            Step::Publish { room, from, len } => {
                let mut sent = String::new();
                let encode = |position: Option<Position>| {
                    sent = format!("{} {}", position.expect("a history"), ".".repeat(len));
                    text(&sent)
                };
                let sender = from.filter(|member| members[*member].is_in(&NAMES[room]));
                let published = match sender {
                    Some(from) => members[from].publish_to_room(&NAMES[room], encode),
                    None => Ok(hub.publish_to_room(&NAMES[room], None, encode)),
                };
                let position = published.expect("a member").position.expect("a history");
                assert_eq!(model.published.insert(position, sent.clone()), None);
                for (index, member) in members.iter().enumerate() {
                    if member.is_in(&NAMES[room]) {
                        model.known.insert((index, room), position);
                        if sender != Some(index) {
                            expected[index].push(sent.clone());
                        }
                    }
                }
            }
            Step::Join { member, room, older } => {
                let was_in = members[member].is_in(&NAMES[room]);
                let since = model
                    .known
                    .get(&(member, room))
                    .map(|known| Position { offset: known.offset.saturating_sub(older), ..*known });
                let page = since.and_then(|since| hub.history(&NAMES[room], since.offset, 1000));
                let RoomHistory { position, recovered } =
                    join(&mut members[member], NAMES[room], since);
                assert_eq!(recovered.is_some(), since.is_some() && !was_in);
                if let (Some(since), Some(recovered)) = (since, recovered) {
                    let has_all = page
                        .is_some_and(|page| page.complete && page.position.epoch == since.epoch);
                    let missed: Vec<_> = (since.offset + 1..=position.offset)
                        .filter_map(|offset| model.published.get(&Position { offset, ..since }))
                        .cloned()
                        .collect();
                    let bounds = hub.config().bounds.capacity;
                    let size: usize = missed.iter().map(|text| text.len() + 64).sum();
                    assert_eq!(recovered, has_all && (size <= bounds || missed.len() == 1));
                    assert!(recovered || may_be_lost);
                    if recovered {
                        assert_eq!(missed.len() as u64, position.offset - since.offset);
                        expected[member] = missed;
                    }
                }
                model.known.insert((member, room), position);
            }
            Step::Leave { member, room } => _ = members[member].leave(&NAMES[room]),
            Step::Expire if may_be_lost => hub.expire_history(Instant::now() + MINUTE),
            Step::Expire => hub.expire_history(Instant::now()),
        }
        assert_eq!(members.each_ref().map(waiting), expected, "{step:?}");
    }
    let limits = hub.config().history.expect("a history");
    assert!(hub.history_bytes() <= limits.total_bytes);
    drop(members);
    hub.expire_history(Instant::now() + limits.age);
    assert_eq!(hub.history_bytes(), 0);
}

proptest! {
    #[test]
    fn whatever_was_missed_is_received_in_order_and_once(
        steps in prop::collection::vec(step(), 0..80),
    ) {
        check(&with_history(), &steps, false);
    }

    #[test]
    fn within_tight_limits_it_is_received_or_reported_as_lost(
        steps in prop::collection::vec(step(), 0..80),
        messages in 0..6_usize,
        idle_rooms in 0..3_usize,
        total_bytes in 0..4000_usize,
    ) {
        let bounds = OutboxLimits { capacity: 1200, ..OutboxLimits::default() };
        let limits = HistoryLimits { messages, age: MINUTE, room_bytes: 1500, total_bytes, idle_rooms };
        let config = HubConfig { bounds, history: Some(limits), ..HubConfig::default() };
        check(&Hub::new(config), &steps, true);
    }
}
