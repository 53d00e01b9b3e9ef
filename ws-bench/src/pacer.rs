//! Schedules messages on a thread of its own: the timers of a runtime have a resolution of a millisecond,
//! which is more than the latencies that are measured.

use std::thread;
use std::time::{Duration, Instant};

use tokio::sync::mpsc::UnboundedSender;

use crate::clock::Clock;
use crate::recorder::Window;

/// The due times of messages: the first at the start, then at a constant rate, by each sender in turn.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Schedule {
    start: u64,
    end: u64,
    per_second: f64,
    /// The number of senders on all threads.
    senders: u64,
}

impl Schedule {
    pub(crate) fn new(window: &Window, per_second: f64, senders: u32) -> Self {
        let Window { start, end, .. } = *window;
        Self { start, end, per_second, senders: senders.into() }
    }

    /// Returns the number of messages of all senders.
    pub(crate) fn len(&self) -> u64 {
        let about = ((self.end - self.start) as f64 * self.per_second / 1e9) as u64;
        // Rounding may be off by one.
        (about.saturating_sub(1)..).find(|&number| self.due(number) >= self.end).unwrap_or(about)
    }

    /// Returns the due time of a message, by its number.
    fn due(&self, number: u64) -> u64 {
        self.start + (number as f64 * 1e9 / self.per_second) as u64
    }
}

/// The number of a sender, and the channel of its due times.
pub(crate) type DueSender = (u64, UnboundedSender<u64>);

/// Starts the thread that sends each due time to its sender at that time.
pub(crate) fn start(clock: Clock, schedule: Schedule, senders: Vec<DueSender>) {
    if senders.is_empty() {
        return;
    }
    thread::spawn(move || {
        for round in 0.. {
            for (sender, due_times) in &senders {
                let due = schedule.due(round * schedule.senders + sender);
                if due >= schedule.end {
                    return;
                }
                wait_until(clock.instant(due));
                // It fails if the client has ended.
                let _ = due_times.send(due);
            }
            if senders.iter().all(|(_, due_times)| due_times.is_closed()) {
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
