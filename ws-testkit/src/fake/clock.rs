//! A clock that is moved by hand.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use ws_futures::{Instant, Timer};

/// More polls than any test needs between two moves: only an endless loop reaches it.
const TOO_MANY: usize = 10_000_000;

/// The time of all timers that are made from it.
#[derive(Clone)]
pub struct Clock(Arc<Mutex<Face>>);

struct Face {
    now: Instant,
    alarms: Vec<Option<(Instant, Waker)>>,
    questions: usize,
}

/// The timer of one connection.
pub struct Alarm {
    clock: Clock,
    index: usize,
    /// How much too early the timer fires.
    early: Duration,
}

impl Default for Clock {
    /// Not at the epoch, so that the two are not confused.
    fn default() -> Self {
        let now = Instant::from_epoch(Duration::from_secs(1000));
        Self(Arc::new(Mutex::new(Face { now, alarms: Vec::new(), questions: 0 })))
    }
}

impl Clock {
    fn face(&self) -> MutexGuard<'_, Face> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A timer of this clock.
    pub fn alarm(&self) -> Alarm {
        self.alarm_early_by(Duration::ZERO)
    }

    /// A timer with coarse ticks.
    pub fn alarm_early_by(&self, early: Duration) -> Alarm {
        let mut face = self.face();
        face.alarms.push(None);
        Alarm { clock: self.clone(), index: face.alarms.len() - 1, early }
    }

    /// The current time.
    pub fn now(&self) -> Instant {
        self.face().now
    }

    /// The time until the earliest deadline that a task waits for.
    pub fn next(&self) -> Option<Duration> {
        let face = self.face();
        face.alarms.iter().flatten().map(|(at, _)| *at - face.now).min()
    }

    /// Advances the time, and wakes the tasks whose deadlines have passed.
    pub fn advance(&self, duration: Duration) {
        let mut face = self.face();
        face.now = face.now + duration;
        face.questions = 0;
        let now = face.now;
        let due: Vec<_> = face
            .alarms
            .iter_mut()
            .filter_map(|alarm| alarm.take_if(|(at, _)| *at <= now))
            .collect();
        drop(face);
        for (_, waker) in due {
            waker.wake();
        }
    }
}

impl Timer for Alarm {
    fn now(&self) -> Instant {
        self.clock.now()
    }

    fn poll_until(&mut self, deadline: Instant, cx: &mut Context<'_>) -> Poll<()> {
        let mut face = self.clock.face();
        face.questions += 1;
        assert!(face.questions < TOO_MANY, "polled {TOO_MANY} times without a move of the clock");
        let rings = Instant::from_epoch(deadline.since_epoch().saturating_sub(self.early));
        if rings <= face.now {
            face.alarms[self.index] = None;
            return Poll::Ready(());
        }
        face.alarms[self.index] = Some((rings, cx.waker().clone()));
        Poll::Pending
    }
}

impl Drop for Alarm {
    fn drop(&mut self) {
        self.clock.face().alarms[self.index] = None;
    }
}
