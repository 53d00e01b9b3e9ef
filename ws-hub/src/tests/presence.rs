//! Notices of members that enter and exit.

use super::*;

fn watched(history: Option<HistoryLimits>) -> Clients {
    let hub: Clients = Hub::new(HubConfig { history, ..HubConfig::default() });
    hub.announce_presence(|change, room, key, ()| text(&format!("{change:?} {room} {key}")));
    hub.announce_presence(|_, _, _, ()| text("too late"));
    hub
}

fn watch(member: &mut Client, room: &'static str) {
    let options = JoinOptions { watch: true, since: None };
    member.join_with(room, options).expect("few rooms");
}

#[test]
fn a_watcher_is_notified_of_others_that_enter_and_exit() {
    for history in [None, Some(HistoryLimits::default())] {
        let hub = watched(history);
        let [mut alice, mut bob, mut carol] = members(&hub);
        watch(&mut alice, "a");
        bob.join("a").expect("few rooms");
        bob.join("a").expect("few rooms");
        bob.join("b").expect("few rooms");
        watch(&mut carol, "a");
        assert_eq!(hub.notify_watchers(&"a", || text("elsewhere")), queued(2));
        assert_eq!(hub.notify_watchers(&"b", || panic!("no watcher")), queued(0));
        bob.leave(&"a").expect("a member");
        assert_eq!(waiting(&carol), ["elsewhere", "Exited a 2"]);
        carol.depart();
        assert_eq!(
            waiting(&alice),
            ["Entered a 2", "Entered a 3", "elsewhere", "Exited a 2", "Exited a 3"]
        );
        assert_eq!(waiting(&bob), [""; 0]);
        assert_eq!(waiting(&carol), [""; 0]);
        alice.leave(&"a").expect("a member");
        watch(&mut bob, "a");
        assert_eq!(waiting(&alice), [""; 0]);
        assert_eq!(waiting(&bob), [""; 0]);
    }
}

#[test]
fn joining_again_changes_whether_a_member_watches() {
    let hub = watched(None);
    let [mut alice, mut bob, mut carol] = members(&hub);
    watch(&mut alice, "a");
    alice.join("a").expect("few rooms");
    bob.join("a").expect("few rooms");
    watch(&mut alice, "a");
    carol.join("a").expect("few rooms");
    drop(bob);
    assert_eq!(waiting(&alice), ["Entered a 3", "Exited a 2"]);
}

#[test]
fn without_an_encoding_there_are_no_notices() {
    let hub = hub();
    let [mut alice, mut bob] = members(&hub);
    watch(&mut alice, "a");
    bob.join("a").expect("few rooms");
    assert_eq!(waiting(&alice), [""; 0]);
}
