//! Input and output of a member take turns.

use ws_hub::To;

use crate::support::{Seen, enter, hub, run_member, text};

/// However much output is queued, the peer's input is read after 256 messages.
#[test]
fn input_is_looked_at_between_many_messages() {
    let hub = hub();
    let (mut member, mut socket, mut peer) = enter(&hub, 1);
    for _ in 0..600 {
        hub.publish(To::All, text(""));
    }
    peer.send("hello");
    let expected = [
        Seen::Received(vec!["hello".into()]),
        Seen::Sent { messages: 256, bytes: 0 },
        Seen::Sent { messages: 256, bytes: 0 },
        Seen::Sent { messages: 88, bytes: 0 },
    ];
    assert_eq!(run_member(&mut member, &mut socket), expected);
    assert_eq!(peer.texts().len(), 600);
}

/// A peer that only sends is not read from until it takes the output queued for it.
#[test]
fn a_peer_that_takes_nothing_is_not_read_from() {
    let hub = hub();
    let (mut member, mut socket, mut peer) = enter(&hub, 1);
    peer.set_capacity(0);
    hub.publish(To::All, text(&"x".repeat(100_000)));
    assert_eq!(run_member(&mut member, &mut socket), [Seen::Sent { messages: 1, bytes: 100_000 }]);
    peer.send("hello");
    assert_eq!(run_member(&mut member, &mut socket), []);
    assert!(peer.unread_by_socket() > 0);
    peer.set_capacity(usize::MAX);
    let received = [Seen::Received(vec!["hello".into()])];
    assert_eq!(run_member(&mut member, &mut socket), received);
    assert_eq!(peer.texts(), ["x".repeat(100_000)]);
}

#[test]
fn a_member_that_has_left_receives_alone() {
    let hub = hub();
    let (mut member, mut socket, mut peer) = enter(&hub, 1);
    hub.publish(To::All, text("before"));
    member.depart();
    hub.publish(To::All, text("after"));
    peer.send("hello");
    let received = [Seen::Received(vec!["hello".into()])];
    assert_eq!(run_member(&mut member, &mut socket), received);
    assert_eq!(peer.frames(), []);
}
