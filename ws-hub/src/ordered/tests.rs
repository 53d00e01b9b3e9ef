//! Threads that meet between finding a room and locking it, in every order.

use std::cell::RefCell;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::{self, Scope};

use super::*;
use crate::engine::Opened;
use crate::outbox::Next;

type Rooms = Ordered<u32, &'static str, ()>;

thread_local! {
    /// What a thread does between finding a room and locking it.
    static PAUSE: RefCell<Option<Box<dyn Fn()>>> = const { RefCell::new(None) };
}

pub(super) fn pause() {
    PAUSE.with_borrow(|pause| pause.iter().for_each(|pause| pause()));
}

/// A thread that runs one step at a time: up to its next pause, or to its end.
struct Stepper {
    go: Sender<()>,
    /// Whether it has ended.
    stopped: Receiver<bool>,
}

impl Stepper {
    fn new<'scope>(scope: &'scope Scope<'scope, '_>, run: impl FnOnce() + Send + 'scope) -> Self {
        let (go, wait) = channel();
        let (stop, stopped) = channel();
        scope.spawn(move || {
            let at_pause = stop.clone();
            wait.recv().expect("the scheduler");
            PAUSE.set(Some(Box::new(move || {
                at_pause.send(false).expect("the scheduler");
                wait.recv().expect("the scheduler");
            })));
            run();
            stop.send(true).expect("the scheduler");
        });
        Self { go, stopped }
    }

    /// Runs it for a step; returns whether it has ended.
    fn step(&self) -> bool {
        self.go.send(()).expect("it waits");
        self.stopped.recv().expect("it runs")
    }
}

/// Chooses each next thread; visits all schedules one after the other.
#[derive(Default)]
struct Schedule {
    /// The choices of this run, each with the number of threads to choose from.
    choices: Vec<(usize, usize)>,
    at: usize,
}

impl Schedule {
    fn choose(&mut self, count: usize) -> usize {
        if self.at == self.choices.len() {
            self.choices.push((0, count));
        }
        let (choice, _) = self.choices[self.at];
        self.at += 1;
        choice
    }

    /// Prepares the next schedule, if there is one.
    fn advance(&mut self) -> bool {
        self.at = 0;
        while let Some((choice, count)) = self.choices.pop() {
            if choice + 1 < count {
                self.choices.push((choice + 1, count));
                return true;
            }
        }
        false
    }

    fn run(&mut self, mut threads: Vec<Stepper>) {
        while !threads.is_empty() {
            let chosen = self.choose(threads.len());
            if threads[chosen].step() {
                threads.remove(chosen);
            }
        }
    }
}

fn seat(key: u32) -> Arc<Seat<u32, &'static str, ()>> {
    Arc::new(Seat::new(key, (), true))
}

fn open() -> Room<u32, &'static str, ()> {
    Room::new(0, Opened::Ready)
}

fn publish(rooms: &Rooms, name: &'static str, now: Instant) -> Position {
    let encode = |position: Position| Arc::new(Prepared::new(position.to_string()));
    let (published, _) = rooms.publish(None, &name, encode, &OutboxLimits::default(), now);
    published.position.expect("a history")
}

fn received(seat: &Seat<u32, &'static str, ()>) -> Vec<String> {
    let mut texts = Vec::new();
    while let Some(Next::Send(message)) = seat.outbox.next(true) {
        texts.push(String::from_utf8_lossy(message.payload()).into_owned());
    }
    texts
}

/// Publishers, a member that joins again, and a thread that removes the room if it is without members at
/// that moment. Returns the numbers of schedules in which the member recovers, and in which it does not.
fn run_schedules(publishers: usize, evictors: usize) -> (usize, usize) {
    let mut schedule = Schedule::default();
    let (mut recoveries, mut losses) = (0, 0);
    loop {
        let limits = HistoryLimits { idle_rooms: 1, ..HistoryLimits::default() };
        let (rooms, now) = (&Rooms::new(limits), Instant::now());
        let first = publish(rooms, "a", now);
        publish(rooms, "a", now);
        let (member, bounds) = (&seat(1), OutboxLimits::default());
        let mut history = None;
        thread::scope(|scope| {
            let publisher = |name| Stepper::new(scope, move || _ = publish(rooms, name, now));
            let joiner = || {
                let options = JoinOptions { since: Some(first), watch: false };
                history = rooms.join(&"a", member, options, open, &bounds, now).history;
            };
            let mut threads = vec![Stepper::new(scope, joiner)];
            threads.extend((0..publishers).map(|_| publisher("a")));
            // Only one room without members is kept.
            threads.extend((0..evictors).map(|_| publisher("b")));
            schedule.run(threads);
        });
        let history = history.expect("a history");
        let (position, recovered) = (history.position, history.recovered.expect("it has asked"));
        let start = if recovered { first } else { position };
        assert_eq!(start.epoch, position.epoch);
        let page = rooms.page(&"a", 0, 100, now).expect("it has a member");
        assert_eq!(page.position.epoch, position.epoch);
        let expected = (start.offset + 1..=page.position.offset)
            .map(|offset| Position { offset, ..position }.to_string());
        assert_eq!(received(member), expected.collect::<Vec<_>>(), "{:?}", schedule.choices);
        match recovered {
            true => recoveries += 1,
            false => losses += 1,
        }
        if !schedule.advance() {
            return (recoveries, losses);
        }
    }
}

#[test]
fn a_member_that_joins_again_receives_what_follows_its_position_in_every_schedule() {
    // Three threads of two steps each.
    assert_eq!(run_schedules(2, 0), (90, 0));
}

#[test]
fn a_member_that_joins_a_room_that_is_removed_knows_it_in_every_schedule() {
    let (recoveries, losses) = run_schedules(1, 1);
    // The threads that find the room removed have a third step.
    assert!(recoveries + losses > 90, "{recoveries}, {losses}");
    assert!(recoveries > 0 && losses > 0, "{recoveries}, {losses}");
}

/// The last member leaves while another one joins.
#[test]
fn a_room_is_opened_and_closed_in_turn_in_every_schedule() {
    let mut schedule = Schedule::default();
    loop {
        let limits = HistoryLimits { idle_rooms: 0, ..HistoryLimits::default() };
        let (rooms, now, bounds) = (&Rooms::new(limits), Instant::now(), OutboxLimits::default());
        let (one, other) = (&seat(1), &seat(2));
        let calls = &Mutex::new(Vec::new());
        let opened = || {
            lock(calls).push("open");
            open()
        };
        let join = |seat| rooms.join(&"a", seat, JoinOptions::default(), opened, &bounds, now);
        join(one);
        thread::scope(|scope| {
            let leaver = Stepper::new(scope, || {
                rooms.leave(&"a", one, || lock(calls).push("close"), now);
            });
            let joiner = Stepper::new(scope, || _ = join(other));
            schedule.run(vec![leaver, joiner]);
        });
        assert_eq!(rooms.members(&"a"), Some(1));
        publish(rooms, "a", now);
        assert_eq!((received(one).len(), received(other).len()), (0, 1));
        let calls = lock(calls).clone();
        assert!(calls == ["open"] || calls == ["open", "close", "open"], "{calls:?}");
        if !schedule.advance() {
            break;
        }
    }
}
