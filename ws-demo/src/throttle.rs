//! Limits how often lines are logged that a loop could repeat.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::hash::Hash;
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

/// The time for which repetitions are counted instead of logged.
pub(crate) const WINDOW: Duration = Duration::from_secs(10);

/// Admits the first event of each kind; those that follow within [`WINDOW`] are counted, and the count
/// begins another window.
///
/// It keeps a window for each value of `K`, so `K` must have few.
pub(crate) struct Throttle<K> {
    windows: Mutex<HashMap<K, Window>>,
    /// A window has begun while there was none.
    begun: Notify,
}

struct Window {
    ends: Instant,
    repetitions: u64,
    address: Option<IpAddr>,
}

/// Events that were counted instead of logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Repetitions<K> {
    pub(crate) kind: K,
    /// At least one.
    pub(crate) count: u64,
    /// The address of the latest one, if it has one.
    pub(crate) address: Option<IpAddr>,
}

impl<K> Default for Throttle<K> {
    fn default() -> Self {
        Self { windows: Mutex::default(), begun: Notify::new() }
    }
}

impl<K: Copy + Eq + Hash> Throttle<K> {
    /// Whether an event should be logged; if not, it is counted.
    pub(crate) fn admit(&self, kind: K, address: Option<IpAddr>, now: Instant) -> bool {
        let first = Window { ends: now + WINDOW, repetitions: 0, address: None };
        let mut windows = self.windows();
        let was_empty = windows.is_empty();
        match windows.entry(kind) {
            Entry::Vacant(entry) => drop(entry.insert(first)),
            Entry::Occupied(mut entry) => {
                let window = entry.get_mut();
                // If there are some, their report is late.
                if window.ends > now || window.repetitions > 0 {
                    window.repetitions += 1;
                    window.address = address;
                    return false;
                }
                *window = first;
            }
        }
        drop(windows);
        if was_empty {
            self.begun.notify_one();
        }
        true
    }

    /// Waits for the end of a window, and returns the repetitions of all windows that have ended.
    ///
    /// Cancel safe.
    pub(crate) async fn ended(&self) -> Vec<Repetitions<K>> {
        loop {
            let Some(end) = self.next_end() else {
                self.begun.notified().await;
                continue;
            };
            tokio::time::sleep_until(end).await;
            let repetitions = self.end(Instant::now());
            if !repetitions.is_empty() {
                return repetitions;
            }
        }
    }

    /// Ends all windows, and returns their repetitions.
    pub(crate) fn end_all(&self) -> Vec<Repetitions<K>> {
        let windows = std::mem::take(&mut *self.windows());
        windows.iter().filter_map(|(kind, window)| window.repetitions(*kind)).collect()
    }

    fn next_end(&self) -> Option<Instant> {
        self.windows().values().map(|window| window.ends).min()
    }

    /// Ends the windows whose time is over. One with repetitions is followed by another.
    fn end(&self, now: Instant) -> Vec<Repetitions<K>> {
        let mut ended = Vec::new();
        self.windows().retain(|kind, window| {
            if window.ends > now {
                return true;
            }
            let repetitions = window.repetitions(*kind);
            *window = Window { ends: now + WINDOW, repetitions: 0, address: None };
            ended.extend(repetitions);
            repetitions.is_some()
        });
        ended
    }

    /// A panic elsewhere leaves the windows valid.
    fn windows(&self) -> MutexGuard<'_, HashMap<K, Window>> {
        self.windows.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Window {
    fn repetitions<K>(&self, kind: K) -> Option<Repetitions<K>> {
        let Self { repetitions: count, address, .. } = *self;
        (count > 0).then_some(Repetitions { kind, count, address })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn address(last: u8) -> Option<IpAddr> {
        Some(IpAddr::from([192, 0, 2, last]))
    }

    #[test]
    fn the_first_is_admitted_then_a_count() {
        let (throttle, begin) = (Throttle::default(), Instant::now());
        let admit = |seconds, last| throttle.admit('a', address(last), begin + seconds * SECOND);
        assert!(admit(0, 1));
        assert!(!admit(0, 2));
        assert!(!admit(9, 3));
        assert_eq!(throttle.end(begin + 9 * SECOND), []);
        let repetitions = Repetitions { kind: 'a', count: 2, address: address(3) };
        assert_eq!(throttle.end(begin + 10 * SECOND), [repetitions]);
        // The report has begun another window.
        assert!(!admit(19, 4));
        let repetitions = Repetitions { kind: 'a', count: 1, address: address(4) };
        assert_eq!(throttle.end(begin + 20 * SECOND), [repetitions]);
        // In which nothing happens.
        assert_eq!(throttle.end(begin + 30 * SECOND), []);
        assert_eq!(throttle.next_end(), None);
        assert!(admit(30, 5));
    }

    #[test]
    fn each_kind_has_a_window() {
        let (throttle, begin) = (Throttle::default(), Instant::now());
        assert!(throttle.admit('a', None, begin));
        assert!(throttle.admit('b', None, begin + SECOND));
        assert!(!throttle.admit('b', None, begin + SECOND));
        assert!(!throttle.admit('a', None, begin + SECOND));
        assert_eq!(throttle.next_end(), Some(begin + 10 * SECOND));
        let repetitions = |kind| Repetitions { kind, count: 1, address: None };
        assert_eq!(throttle.end(begin + 10 * SECOND), [repetitions('a')]);
        assert_eq!(throttle.end_all(), [repetitions('b')]);
        assert_eq!(throttle.next_end(), None);
    }

    #[test]
    fn repetitions_are_not_lost_if_their_report_is_late() {
        let (throttle, begin) = (Throttle::default(), Instant::now());
        assert!(throttle.admit('a', None, begin));
        // Nothing was counted, so the next is admitted without a report.
        assert!(throttle.admit('a', None, begin + 11 * SECOND));
        assert!(!throttle.admit('a', None, begin + 12 * SECOND));
        assert!(!throttle.admit('a', None, begin + 30 * SECOND));
        let repetitions = Repetitions { kind: 'a', count: 2, address: None };
        assert_eq!(throttle.end(begin + 31 * SECOND), [repetitions]);
    }

    #[tokio::test(start_paused = true)]
    async fn windows_end_by_themselves() {
        let (throttle, begin) = (Throttle::default(), Instant::now());
        let events = async {
            tokio::time::sleep(SECOND).await;
            assert!(throttle.admit('a', None, Instant::now()));
            assert!(!throttle.admit('a', None, Instant::now()));
        };
        let (ended, ()) = tokio::join!(throttle.ended(), events);
        assert_eq!(ended, [Repetitions { kind: 'a', count: 1, address: None }]);
        assert_eq!(begin.elapsed(), 11 * SECOND);
    }
}
