//! Says when messages are due, on a thread of its own: a runtime's timers know milliseconds only,
//! and would be late by what is to be measured.

use std::thread;
use std::time::{Duration, Instant};

use tokio::sync::mpsc::UnboundedSender;

use crate::clock::Clock;
use crate::recorder::Window;

/// When messages are due: the first at the start, and then so many a second, by each sender in turn.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Schedule {
    start: u64,
    end: u64,
    per_second: f64,
    /// How many senders there are, here and on other threads.
    senders: u64,
}

impl Schedule {
    pub(crate) fn new(window: &Window, per_second: f64, senders: u32) -> Self {
        let Window { start, end, .. } = *window;
        Self { start, end, per_second, senders: senders.into() }
    }

    /// How many messages there are in all.
    pub(crate) fn len(&self) -> u64 {
        let about = ((self.end - self.start) as f64 * self.per_second / 1e9) as u64;
        // Rounding may be off by one.
        (about.saturating_sub(1)..).find(|&number| self.due(number) >= self.end).unwrap_or(about)
    }

    /// When a message is due, by its number.
    fn due(&self, number: u64) -> u64 {
        self.start + (number as f64 * 1e9 / self.per_second) as u64
    }
}

/// A sender and what tells it.
pub(crate) type Told = (u64, UnboundedSender<u64>);

/// Tells these senders when a message is due, at that time.
pub(crate) fn start(clock: Clock, schedule: Schedule, told: Vec<Told>) {
    if told.is_empty() {
        return;
    }
    thread::spawn(move || {
        for round in 0.. {
            for (sender, tell) in &told {
                let due = schedule.due(round * schedule.senders + sender);
                if due >= schedule.end {
                    return;
                }
                wait_until(clock.instant(due));
                // A client that is gone is told no more.
                let _ = tell.send(due);
            }
            if told.iter().all(|(_, tell)| tell.is_closed()) {
                return;
            }
        }
    });
}

fn wait_until(due: Instant) {
    let left = due.saturating_duration_since(Instant::now());
    if left > Duration::ZERO {
        thread::sleep(left);
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::mpsc::unbounded_channel;

    use super::*;

    #[test]
    fn senders_take_turns_and_end_in_time() {
        let clock = Clock::start();
        let (first, mut first_due) = unbounded_channel();
        let (third, mut third_due) = unbounded_channel();
        let schedule = Schedule { start: 1_000, end: 6_000_000, per_second: 1000.0, senders: 3 };
        start(clock, schedule, vec![(0, first), (2, third)]);
        let due = |due: &mut tokio::sync::mpsc::UnboundedReceiver<u64>| {
            std::iter::from_fn(|| due.blocking_recv()).collect::<Vec<_>>()
        };
        assert_eq!(due(&mut first_due), [1_000, 3_001_000]);
        assert_eq!(due(&mut third_due), [2_001_000, 5_001_000]);
        assert!(clock.now() >= 5_001_000);
        assert_eq!(schedule.len(), 6);
    }
}
