//! Pages of the list of rooms.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::identity::Pattern;
use crate::room::RoomName;

/// The number of rooms on a page, unless it is requested.
pub(crate) const DEFAULT_LIMIT: usize = 100;

/// The maximum number of rooms on a page.
pub(crate) const MAX_LIMIT: usize = 1000;

/// The rooms that a page has: in the order of the bytes of their names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PageRequest {
    /// Only rooms with names that start with this.
    pub(crate) prefix: String,
    /// Only rooms behind this name, which need not be that of a room.
    pub(crate) after: Option<String>,
    /// At most [`MAX_LIMIT`].
    limit: usize,
}

impl PageRequest {
    /// The limit is cut to [`MAX_LIMIT`].
    pub(crate) fn new(prefix: String, after: Option<String>, limit: usize) -> Self {
        Self { prefix, after, limit: limit.min(MAX_LIMIT) }
    }

    /// Makes the page of the rooms of this node and of others. Each source is called with the start of
    /// the range and the number of rooms that it should return at most, in order.
    pub(crate) fn answer(
        &self,
        here: impl FnOnce(Bound<&str>, usize) -> Vec<(RoomName, usize)>,
        elsewhere: impl FnOnce(Bound<&str>, usize) -> Vec<(RoomName, usize)>,
    ) -> Page {
        let start = match self.after.as_deref() {
            Some(after) if after >= &*self.prefix => Bound::Excluded(after),
            _ => Bound::Included(&*self.prefix),
        };
        // One more shows whether there is another page.
        let count = self.limit + 1;
        let mut rooms = merge(here(start, count), elsewhere(start, count));
        // Names with the prefix are next to each other.
        let matching =
            rooms.iter().take_while(|(name, _)| name.as_str().starts_with(&self.prefix)).count();
        rooms.truncate(matching.min(self.limit));
        Page { rooms, has_more: matching > self.limit }
    }

    /// Makes the page of the rooms that match a pattern, by pages without it.
    pub(crate) fn answer_within<'p>(
        &self,
        patterns: impl Iterator<Item = Pattern<'p>>,
        answer: impl Fn(&Self) -> Page,
    ) -> Page {
        let (mut rooms, mut has_more) = (BTreeMap::new(), false);
        for pattern in patterns {
            let Some(narrower) = self.narrow(pattern) else { continue };
            let page = answer(&narrower);
            has_more |= page.has_more && matches!(pattern, Pattern::Prefix(_));
            rooms.extend(page.rooms.into_iter().filter(|(name, _)| pattern.matches(name.as_str())));
        }
        has_more |= rooms.len() > self.limit;
        Page { rooms: rooms.into_iter().take(self.limit).collect(), has_more }
    }

    /// The page that has the first rooms which match a pattern; `None`: there are none.
    fn narrow(&self, pattern: Pattern<'_>) -> Option<Self> {
        let (prefix, limit) = match pattern {
            Pattern::Name(name) if name.starts_with(&self.prefix) => (name, self.limit.min(1)),
            Pattern::Prefix(prefix) if prefix.starts_with(&self.prefix) => (prefix, self.limit),
            Pattern::Prefix(prefix) if self.prefix.starts_with(prefix) => {
                (&*self.prefix, self.limit)
            }
            Pattern::Name(_) | Pattern::Prefix(_) => return None,
        };
        Some(Self { prefix: prefix.to_owned(), after: self.after.clone(), limit })
    }
}

impl Default for PageRequest {
    fn default() -> Self {
        Self::new(String::new(), None, DEFAULT_LIMIT)
    }
}

/// A page of the list of rooms.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Page {
    /// The rooms and the number of clients in each.
    pub(crate) rooms: Vec<(RoomName, usize)>,
    /// Whether rooms follow that are not on this page.
    pub(crate) has_more: bool,
}

impl Page {
    /// The name behind which the next page starts, if there is one.
    pub(crate) fn next(&self) -> Option<&RoomName> {
        self.rooms.last().filter(|_| self.has_more).map(|(name, _)| name)
    }
}

/// Merges two sorted lists; the members of a room in both add up.
fn merge(one: Vec<(RoomName, usize)>, other: Vec<(RoomName, usize)>) -> Vec<(RoomName, usize)> {
    if other.is_empty() {
        return one;
    }
    let mut merged = Vec::with_capacity(one.len() + other.len());
    let (mut one, mut other) = (one.into_iter().peekable(), other.into_iter().peekable());
    while let (Some((a, members)), Some((b, others))) = (one.peek(), other.peek()) {
        match a.cmp(b) {
            Ordering::Less => merged.extend(one.next()),
            Ordering::Greater => merged.extend(other.next()),
            Ordering::Equal => {
                merged.push((a.clone(), members + others));
                one.next();
                other.next();
            }
        }
    }
    merged.extend(one);
    merged.extend(other);
    merged
}

/// The number of rooms that this node has in common with others. It takes a look at each room, so it is
/// counted from time to time only.
#[derive(Debug, Default)]
pub(crate) struct Common(Mutex<Option<(Instant, usize)>>);

impl Common {
    const MAX_AGE: Duration = Duration::from_secs(1);

    /// The number of all rooms.
    pub(crate) fn union(
        &self,
        here: usize,
        elsewhere: usize,
        now: Instant,
        count: impl FnOnce() -> usize,
    ) -> usize {
        if here == 0 || elsewhere == 0 {
            return here + elsewhere;
        }
        // A panic leaves the number valid.
        let mut counted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let fresh = counted.filter(|(at, _)| now - *at < Self::MAX_AGE);
        let (_, common) = *counted.insert(fresh.unwrap_or_else(|| (now, count())));
        here + elsewhere - common.min(here).min(elsewhere)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Rooms = BTreeMap<RoomName, usize>;

    fn rooms(names: &[(&str, usize)]) -> Rooms {
        let named =
            |(name, members): &(&str, usize)| (RoomName::new(name).expect("a name"), *members);
        names.iter().map(named).collect()
    }

    fn first(rooms: &Rooms) -> impl FnOnce(Bound<&str>, usize) -> Vec<(RoomName, usize)> {
        |start, count| {
            let range = rooms.range::<str, _>((start, Bound::Unbounded)).take(count);
            range.map(|(name, members)| (name.clone(), *members)).collect()
        }
    }

    fn page(request: &PageRequest, here: &Rooms, elsewhere: &Rooms) -> (String, Option<String>) {
        let page = request.answer(first(here), first(elsewhere));
        let listed: Vec<_> =
            page.rooms.iter().map(|(name, members)| format!("{name}:{members}")).collect();
        (listed.join(" "), page.next().map(ToString::to_string))
    }

    #[test]
    fn rooms_with_a_prefix_behind_a_name_up_to_a_limit() {
        let here = rooms(&[("a", 1), ("b/1", 2), ("b/2", 3), ("b/3", 4), ("c", 5)]);
        let none = Rooms::new();
        for (prefix, after, limit, listed, next) in [
            ("", None, 9, "a:1 b/1:2 b/2:3 b/3:4 c:5", None),
            ("", None, 5, "a:1 b/1:2 b/2:3 b/3:4 c:5", None),
            ("", None, 2, "a:1 b/1:2", Some("b/1")),
            ("", Some("b/1"), 2, "b/2:3 b/3:4", Some("b/3")),
            ("", Some("b/10"), 9, "b/2:3 b/3:4 c:5", None),
            ("", Some("c"), 9, "", None),
            ("b/", None, 2, "b/1:2 b/2:3", Some("b/2")),
            ("b/", None, 3, "b/1:2 b/2:3 b/3:4", None),
            ("b/", Some("a"), 1, "b/1:2", Some("b/1")),
            ("b/", Some("b/2"), 9, "b/3:4", None),
            ("b/", Some("c"), 9, "", None),
            ("x", None, 9, "", None),
            ("", None, 0, "", None),
        ] {
            let request = PageRequest::new(prefix.into(), after.map(Into::into), limit);
            assert_eq!(
                page(&request, &here, &none),
                (listed.to_owned(), next.map(str::to_owned)),
                "{request:?}"
            );
        }
    }

    #[test]
    fn pages_over_several_nodes_have_each_room_once_with_all_its_members() {
        let here = rooms(&[("a", 1), ("c", 1), ("d", 1)]);
        let elsewhere = rooms(&[("b", 10), ("c", 10), ("e", 10)]);
        let mut request = PageRequest::new(String::new(), None, 2);
        let mut pages = Vec::new();
        loop {
            let (listed, next) = page(&request, &here, &elsewhere);
            pages.push(listed);
            match next {
                Some(next) => request.after = Some(next),
                None => break,
            }
        }
        assert_eq!(pages, ["a:1 b:10", "c:11 d:1", "e:10"]);
    }

    /// Patterns and pages over all short names: each page continues where the one before ended.
    #[test]
    fn pages_within_patterns_have_the_rooms_that_match_and_no_others() {
        let names = ["a", "aa", "ab", "aba", "b", "ba", "bb", "c"];
        let here = rooms(&names.map(|name| (name, 1)));
        let none = Rooms::new();
        let answer = |request: &PageRequest| request.answer(first(&here), first(&none));
        for patterns in [
            vec![],
            vec![Pattern::Name("ab")],
            vec![Pattern::Name("b"), Pattern::Name("a"), Pattern::Name("x")],
            vec![Pattern::Prefix("a")],
            vec![Pattern::Prefix("ab"), Pattern::Prefix("a"), Pattern::Name("c")],
            vec![Pattern::Prefix("b"), Pattern::Name("aa"), Pattern::Name("bb")],
            vec![Pattern::Prefix("")],
        ] {
            for prefix in ["", "a", "ab", "b", "x"] {
                let is_expected = |name: &&str| {
                    name.starts_with(prefix) && patterns.iter().any(|one| one.matches(name))
                };
                let expected: Vec<_> = names.into_iter().filter(is_expected).collect();
                for limit in 1..=4 {
                    let mut request = PageRequest::new(prefix.to_owned(), None, limit);
                    let mut listed = Vec::new();
                    loop {
                        let page = request.answer_within(patterns.iter().copied(), answer);
                        assert!(page.rooms.len() <= limit);
                        listed.extend(page.rooms.iter().map(|(name, _)| name.to_string()));
                        match page.next() {
                            Some(next) => request.after = Some(next.to_string()),
                            None => break,
                        }
                    }
                    assert_eq!(listed, expected, "{patterns:?} {prefix} {limit}");
                }
            }
        }
    }

    #[test]
    fn a_page_has_a_maximum() {
        let here = (0..5000).map(|number| (RoomName::new(&number.to_string()).expect("a name"), 1));
        let (here, none) = (here.collect(), Rooms::new());
        for (request, len) in [
            (PageRequest::default(), DEFAULT_LIMIT),
            (PageRequest::new(String::new(), None, usize::MAX), MAX_LIMIT),
        ] {
            let page = request.answer(first(&here), first(&none));
            assert_eq!((page.rooms.len(), page.has_more), (len, true));
        }
    }

    #[test]
    fn common_rooms_are_counted_once_a_second() {
        let (common, start) = (Common::default(), Instant::now());
        assert_eq!(common.union(3, 0, start, || unreachable!("none in common")), 3);
        assert_eq!(common.union(3, 2, start, || 1), 4);
        assert_eq!(common.union(4, 2, start, || unreachable!("counted already")), 5);
        let later = start + Common::MAX_AGE;
        assert_eq!(common.union(4, 2, later, || 2), 4);
        assert_eq!(common.union(1, 1, later, || unreachable!("counted already")), 1);
    }
}
