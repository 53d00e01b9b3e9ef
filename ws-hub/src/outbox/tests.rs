use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Wake;

use ws_futures::CloseCode;

use super::*;

const CAPACITY: usize = 1024 * 1024;

fn bytes(len: usize) -> Arc<Prepared> {
    Arc::new(Prepared::new(vec![0; len].as_slice()))
}

fn text(text: &str) -> Arc<Prepared> {
    Arc::new(Prepared::new(text))
}

fn outbox() -> Outbox<&'static str> {
    Outbox::default()
}

fn push(outbox: &Outbox<&'static str>, message: &Arc<Prepared>) -> Pushed {
    outbox.push(message, &OutboxLimits::default())
}

fn ready(room: &'static str) -> Ready<&'static str> {
    Ready { room, members: 1, history: None }
}

#[derive(Debug, PartialEq, Eq)]
enum Taken {
    Text(String),
    Ready(&'static str),
    Close,
    TooSlow,
    Departed,
    Nothing,
}

fn take(outbox: &Outbox<&'static str>) -> Taken {
    match outbox.next(true) {
        Some(Next::Send(message)) => {
            Taken::Text(String::from_utf8_lossy(message.payload()).into_owned())
        }
        Some(Next::Ready(ready)) => Taken::Ready(ready.room),
        Some(Next::End(End::Close(close))) => {
            assert_eq!(close, away());
            Taken::Close
        }
        Some(Next::End(End::TooSlow)) => Taken::TooSlow,
        Some(Next::End(End::Departed)) => Taken::Departed,
        None => Taken::Nothing,
    }
}

fn away() -> Close<'static> {
    CloseCode::GOING_AWAY.into()
}

#[test]
fn messages_leave_in_order() {
    let outbox = outbox();
    assert_eq!(take(&outbox), Taken::Nothing);
    push(&outbox, &text("a"));
    push(&outbox, &text("b"));
    let Some(Next::Send(first)) = outbox.next(true) else { panic!() };
    outbox.put_back(first);
    assert_eq!(take(&outbox), Taken::Text("a".to_owned()));
    assert_eq!(take(&outbox), Taken::Text("b".to_owned()));
    assert_eq!(take(&outbox), Taken::Nothing);
    assert_eq!(outbox.bytes(), 0);
}

#[test]
fn the_end_comes_behind_what_waits_and_stays() {
    let outbox = outbox();
    push(&outbox, &text("a"));
    outbox.close(&away());
    assert_eq!(push(&outbox, &text("too late")), Pushed::Ended);
    outbox.close(&CloseCode::NORMAL.into());
    assert!(outbox.next(false).is_none());
    assert_eq!(take(&outbox), Taken::Text("a".to_owned()));
    assert!(matches!(outbox.next(false), Some(Next::End(End::Close(_)))));
    assert_eq!(take(&outbox), Taken::Close);
    assert_eq!(take(&outbox), Taken::Close);
}

#[test]
fn exactly_the_capacity_may_wait() {
    let outbox = outbox();
    push(&outbox, &bytes(CAPACITY / 2 - OVERHEAD));
    push(&outbox, &bytes(CAPACITY / 2 - OVERHEAD));
    assert!(matches!(outbox.next(true), Some(Next::Send(_))));
    assert_eq!(push(&outbox, &bytes(CAPACITY / 2 - OVERHEAD + 1)), Pushed::GivenUp);
    assert_eq!(take(&outbox), Taken::TooSlow);
}

#[test]
fn tiny_messages_count_too() {
    let outbox = outbox();
    for _ in 0..=CAPACITY / OVERHEAD {
        push(&outbox, &bytes(0));
    }
    assert_eq!(take(&outbox), Taken::TooSlow);
    assert_eq!(outbox.lock().queue.capacity(), 0);
}

#[test]
fn a_message_on_its_own_may_have_any_size() {
    let outbox = outbox();
    push(&outbox, &bytes(3 * CAPACITY));
    assert!(matches!(outbox.next(true), Some(Next::Send(_))));
    push(&outbox, &bytes(3 * CAPACITY));
    push(&outbox, &bytes(0));
    assert_eq!(take(&outbox), Taken::TooSlow);
}

#[test]
fn what_is_put_back_too_late_is_dropped() {
    let outbox = outbox();
    push(&outbox, &bytes(1));
    let Some(Next::Send(message)) = outbox.next(true) else { panic!() };
    push(&outbox, &bytes(CAPACITY));
    push(&outbox, &bytes(1));
    outbox.put_back(message);
    assert_eq!(take(&outbox), Taken::TooSlow);
}

#[test]
fn a_member_that_may_miss_messages_stays() {
    let outbox = outbox();
    let bounds = OutboxLimits { capacity: 200, slow: SlowPolicy::Drop, ..OutboxLimits::default() };
    assert_eq!(outbox.push(&text("a"), &bounds), Pushed::Queued);
    assert_eq!(outbox.push(&bytes(100), &bounds), Pushed::Dropped);
    assert_eq!(outbox.push(&text("b"), &bounds), Pushed::Queued);
    assert_eq!(outbox.bytes(), 2 * (OVERHEAD + 1));
    assert_eq!(take(&outbox), Taken::Text("a".to_owned()));
    assert!(outbox.push_ready(ready("room")).is_none());
    assert_eq!(outbox.stall(SlowPolicy::Drop), 1);
    assert_eq!(take(&outbox), Taken::Ready("room"));
    assert_eq!(take(&outbox), Taken::Nothing);
    assert_eq!(outbox.push(&text("c"), &bounds), Pushed::Queued);
}

#[test]
fn a_member_that_takes_nothing_for_too_long_is_closed() {
    let outbox = outbox();
    push(&outbox, &text("a"));
    assert_eq!(outbox.stall(SlowPolicy::Close), 1);
    assert_eq!(take(&outbox), Taken::TooSlow);
    assert_eq!(push(&outbox, &text("b")), Pushed::Ended);
}

/// A snapshot taken before may still lead to it.
#[test]
fn nothing_waits_for_a_member_that_has_left() {
    let outbox = outbox();
    push(&outbox, &text("a"));
    outbox.depart();
    assert_eq!(push(&outbox, &text("b")), Pushed::Ended);
    assert!(outbox.push_ready(ready("room")).is_none());
    assert_eq!(outbox.stall(SlowPolicy::Close), 0);
    outbox.close(&away());
    assert_eq!(take(&outbox), Taken::Departed);
    assert_eq!(outbox.bytes(), 0);
}

#[test]
fn a_room_is_ready_in_its_turn_unless_it_was_left() {
    let outbox = outbox();
    push(&outbox, &text("before"));
    for room in ["a", "b"] {
        assert!(outbox.push_ready(ready(room)).is_none());
    }
    push(&outbox, &text("after"));
    outbox.forget_ready(&"a");
    assert_eq!(take(&outbox), Taken::Text("before".to_owned()));
    assert_eq!(take(&outbox), Taken::Ready("b"));
    assert_eq!(take(&outbox), Taken::Text("after".to_owned()));
}

#[test]
fn the_task_that_waits_is_woken() {
    #[derive(Default)]
    struct Count(AtomicUsize);
    impl Wake for Count {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }
    let count = Arc::new(Count::default());
    let waker = Arc::clone(&count).into();
    let cx = Context::from_waker(&waker);

    let woken = || count.0.swap(0, Ordering::Relaxed);

    let outbox = outbox();
    assert!(outbox.poll_waiting(&cx).is_pending());
    push(&outbox, &text("a"));
    push(&outbox, &text("b"));
    assert_eq!(woken(), 1);
    assert!(outbox.poll_waiting(&cx).is_ready());
    // It is not empty, and more of them would not help.
    push(&outbox, &text("c"));
    assert_eq!(woken(), 0);
    while outbox.next(true).is_some() {}
    assert!(outbox.poll_waiting(&cx).is_pending());
    assert!(outbox.push_ready(ready("room")).is_some_and(|it| it.will_wake(&waker)));
    assert_eq!(take(&outbox), Taken::Ready("room"));
    assert!(outbox.poll_waiting(&cx).is_pending());
    outbox.close(&away());
    assert_eq!(woken(), 1);
    assert!(outbox.poll_waiting(&cx).is_ready());

    let outbox = self::outbox();
    push(&outbox, &bytes(CAPACITY));
    assert!(outbox.poll_waiting(&cx).is_ready());
    assert!(outbox.next(false).is_none());
    push(&outbox, &text("too much"));
    assert_eq!(woken(), 1);
    assert!(matches!(outbox.next(false), Some(Next::End(End::TooSlow))));
}
