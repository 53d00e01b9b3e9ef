//! The history of a room: the latest messages, within limits.

use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use ws_futures::Prepared;

/// The cost in bytes of a stored message besides its payload.
const OVERHEAD: usize = 128;

/// The limits of the histories of rooms.
///
/// The memory of all histories together is at most [`total_bytes`](Self::total_bytes), the compressed forms
/// of messages that have one, and about 1 KiB besides the name for each room that has members or is one of
/// [`idle_rooms`](Self::idle_rooms).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HistoryLimits {
    /// The maximum number of messages of a room. 100 by default.
    pub messages: usize,
    /// The maximum age of a message, and the time for which a room without members is kept. 5 minutes by
    /// default.
    pub age: Duration,
    /// The maximum of bytes of a room: uncompressed payloads, and 128 bytes for each message. A message over
    /// it is delivered but not stored, as if the history began behind it. 1 MiB by default.
    pub room_bytes: usize,
    /// The maximum of bytes of all rooms together. Rooms without members are removed to stay within it:
    /// those that had no messages when they were last used come first, then those that were used least
    /// recently; then the oldest messages of the room that is published to. 256 MiB by default.
    pub total_bytes: usize,
    /// The maximum number of rooms without members that are kept. 10 000 by default.
    pub idle_rooms: usize,
}

impl Default for HistoryLimits {
    fn default() -> Self {
        Self {
            messages: 100,
            age: Duration::from_secs(5 * 60),
            room_bytes: 1024 * 1024,
            total_bytes: 256 * 1024 * 1024,
            idle_rooms: 10_000,
        }
    }
}

/// The position of a message in the history of a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Position {
    /// Identifies the history. A room whose history was removed has another one afterwards: offsets of
    /// different epochs cannot be compared.
    pub epoch: u64,
    /// Increases with each message of the room; 0: before the first one.
    pub offset: u64,
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}:{}", self.epoch, self.offset)
    }
}

/// The history of a room as a member that joins finds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RoomHistory {
    /// The position of the latest message.
    pub position: Position,
    /// Whether all messages after [`JoinOptions::since`](crate::JoinOptions::since) are queued, before any
    /// newer ones; `Some(false)` if the history lacks one of them, or they do not fit the member's outbox.
    /// `None` if the member did not ask for them, or was in the room already, and so misses nothing.
    pub recovered: Option<bool>,
}

/// A part of a room's history.
#[derive(Clone, Debug)]
pub struct HistoryPage {
    /// The position of the latest message of the room.
    pub position: Position,
    /// Whether it has all messages behind the offset that was asked for, up to the last one in this page.
    pub complete: bool,
    /// Offsets and messages, the oldest first.
    pub messages: Vec<(u64, Arc<Prepared>)>,
}

/// The messages of a room.
pub(crate) struct Log {
    epoch: u64,
    /// The offset of the latest message.
    last: u64,
    /// All messages behind this offset are in `entries`.
    floor: u64,
    entries: VecDeque<Entry>,
    /// The cost of the entries.
    bytes: usize,
}

struct Entry {
    offset: u64,
    stored: Instant,
    message: Arc<Prepared>,
}

impl Log {
    pub(crate) fn new(epoch: u64) -> Self {
        Self { epoch, last: 0, floor: 0, entries: VecDeque::new(), bytes: 0 }
    }

    /// The position of the latest message.
    pub(crate) fn position(&self) -> Position {
        Position { epoch: self.epoch, offset: self.last }
    }

    /// The position of the next message.
    pub(crate) fn next_position(&self) -> Position {
        Position { epoch: self.epoch, offset: self.last + 1 }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The messages behind a position, if none of them is missing.
    pub(crate) fn since(
        &self,
        since: Position,
    ) -> Option<impl Iterator<Item = &Arc<Prepared>> + Clone> {
        let known = since.epoch == self.epoch && (self.floor..=self.last).contains(&since.offset);
        known.then(|| self.behind(since.offset).map(|entry| &entry.message))
    }

    /// Up to `limit` messages behind an offset.
    pub(crate) fn page(&self, after: u64, limit: usize) -> HistoryPage {
        let page = self.behind(after).take(limit);
        HistoryPage {
            position: self.position(),
            complete: after >= self.floor,
            messages: page.map(|entry| (entry.offset, Arc::clone(&entry.message))).collect(),
        }
    }

    fn behind(&self, offset: u64) -> impl Iterator<Item = &Entry> + Clone {
        let first = self.entries.partition_point(|entry| entry.offset <= offset);
        self.entries.range(first..)
    }

    /// Appends a message, and removes those that exceed the limits of the room and of the budget.
    /// `make_room` is called while the budget lacks bytes, until it returns `false`.
    pub(crate) fn append(
        &mut self,
        message: &Arc<Prepared>,
        now: Instant,
        limits: &HistoryLimits,
        budget: &Budget,
        mut make_room: impl FnMut() -> bool,
    ) {
        self.expire(now, limits.age, budget);
        self.last += 1;
        let cost = cost(message);
        if limits.messages == 0 || cost > limits.room_bytes {
            self.clear(budget);
            return;
        }
        while self.entries.len() >= limits.messages || self.bytes + cost > limits.room_bytes {
            self.drop_oldest(budget);
        }
        while !budget.reserve(cost) {
            if !make_room() && !self.drop_oldest(budget) {
                self.clear(budget);
                return;
            }
        }
        self.bytes += cost;
        let message = Arc::clone(message);
        self.entries.push_back(Entry { offset: self.last, stored: now, message });
    }

    /// Removes messages that are too old.
    pub(crate) fn expire(&mut self, now: Instant, age: Duration, budget: &Budget) {
        while self.entries.front().is_some_and(|entry| is_over(entry.stored, now, age)) {
            self.drop_oldest(budget);
        }
        if self.entries.is_empty() {
            // Memory of a burst is returned.
            self.entries = VecDeque::new();
        }
    }

    /// Removes all messages.
    pub(crate) fn clear(&mut self, budget: &Budget) {
        budget.release(self.bytes);
        self.bytes = 0;
        self.entries = VecDeque::new();
        self.floor = self.last;
    }

    /// Removes the oldest message; returns whether there was one.
    fn drop_oldest(&mut self, budget: &Budget) -> bool {
        let Some(Entry { offset, message, .. }) = self.entries.pop_front() else { return false };
        let cost = cost(&message);
        self.floor = offset;
        self.bytes -= cost;
        budget.release(cost);
        true
    }
}

/// Whether something of this time is too old.
pub(crate) fn is_over(time: Instant, now: Instant, age: Duration) -> bool {
    now.saturating_duration_since(time) >= age
}

fn cost(message: &Prepared) -> usize {
    message.payload().len() + OVERHEAD
}

/// The bytes of all histories together.
pub(crate) struct Budget {
    used: AtomicUsize,
    max: usize,
}

impl Budget {
    pub(crate) fn new(max: usize) -> Self {
        Self { used: AtomicUsize::new(0), max }
    }

    pub(crate) fn used(&self) -> usize {
        self.used.load(Ordering::Relaxed)
    }

    fn reserve(&self, bytes: usize) -> bool {
        let add = |used: usize| used.checked_add(bytes).filter(|used| *used <= self.max);
        self.used.fetch_update(Ordering::Relaxed, Ordering::Relaxed, add).is_ok()
    }

    fn release(&self, bytes: usize) {
        self.used.fetch_sub(bytes, Ordering::Relaxed);
    }
}
