//! A hub with an engine.

use super::*;

#[test]
fn the_engine_is_called_for_first_and_last_members_and_for_messages() {
    let (hub, engine) = recorded();
    let [mut alice, mut bob] = members(&hub);
    for member in [&mut alice, &mut bob] {
        assert_eq!(member.join("a"), Ok(Joined::Pending));
    }
    all(&bob, "1");
    bob.publish(To::Room(&"a"), text("2")).expect("a member");
    bob.publish(To::Member(&1), text("3")).expect("no room");
    bob.publish(To::Member(&7), text("4")).expect("no room");
    hub.publish(To::All, text("5"));
    hub.deliver(To::All, text("6"));
    assert_eq!(waiting(&alice), ["1", "2", "3", "5", "6"]);
    alice.depart();
    drop(bob);
    assert_eq!(
        engine.taken(),
        [
            "open a 0",
            "publish Some(2) All 1",
            "publish Some(2) Room(\"a\") 2",
            "publish Some(2) Member(7) 4",
            "publish None All 5",
            "close a",
        ]
    );
}

#[test]
fn members_are_notified_once_the_room_misses_nothing() {
    let (hub, engine) = recorded();
    let [mut alice, mut bob, mut carol] = members(&hub);
    for member in [&mut alice, &mut bob, &mut carol] {
        assert_eq!(member.join("a"), Ok(Joined::Pending));
    }
    assert_eq!(bob.join("a"), Ok(Joined::Pending));
    assert_eq!(carol.leave(&"a"), Ok(12));
    hub.room_ready(&"a", 7);
    assert_eq!(ready(&alice), None);
    hub.room_ready(&"a", 0);
    hub.room_ready(&"a", 0);
    for member in [&alice, &bob] {
        assert_eq!(ready(member), Some(("a", 12)));
        assert_eq!(ready(member), None);
    }
    assert_eq!(ready(&carol), None);
    assert_eq!(carol.join("a"), Ok(joined(13)));

    // Another life of the room waits anew.
    for member in [&mut alice, &mut bob, &mut carol] {
        member.leave(&"a").expect("a member");
    }
    assert_eq!(alice.join("a"), Ok(Joined::Pending));
    hub.room_ready(&"a", 0);
    assert_eq!(ready(&alice), None);
    assert_eq!(engine.taken(), ["open a 0", "close a", "open a 1"]);
}

/// It was left before its member came to know that it is ready.
#[test]
fn a_room_that_was_left_is_not_ready_for_its_next_life() {
    let (hub, _engine) = recorded();
    let [mut alice] = members(&hub);
    assert_eq!(alice.join("a"), Ok(Joined::Pending));
    hub.room_ready(&"a", 0);
    assert_eq!(alice.leave(&"a"), Ok(10));
    assert_eq!(alice.join("a"), Ok(Joined::Pending));
    assert_eq!(ready(&alice), None);
    hub.room_ready(&"a", 1);
    assert_eq!(ready(&alice), Some(("a", 11)));
}

#[test]
fn what_others_publish_is_delivered_to_all_here() {
    let (hub, engine) = recorded();
    let [mut alice, bob] = members(&hub);
    assert_eq!(alice.join("a"), Ok(Joined::Pending));
    assert_eq!(hub.deliver(To::All, text("1")), queued(2));
    assert_eq!(hub.deliver(To::Room(&"a"), text("2")), queued(1));
    assert_eq!(hub.deliver(To::Room(&"b"), text("3")), queued(0));
    assert_eq!(hub.deliver(To::Member(&2), text("4")), queued(1));
    assert_eq!(waiting(&alice), ["1", "2"]);
    assert_eq!(waiting(&bob), ["1", "4"]);
    assert_eq!(engine.taken(), ["open a 0"]);
}
