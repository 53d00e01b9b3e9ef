//! Counts of errors by reason.

use std::collections::BTreeMap;

use serde::Serialize;

/// The maximum number of different reasons, as a server may send any.
const MAX: usize = 20;

/// Reasons and their counts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub(crate) struct Reasons(BTreeMap<String, u64>);

impl Reasons {
    pub(crate) fn add(&mut self, reason: impl Into<String>) {
        self.add_many(reason.into(), 1);
    }

    pub(crate) fn merge(&mut self, other: Self) {
        for (reason, count) in other.0 {
            self.add_many(reason, count);
        }
    }

    fn add_many(&mut self, reason: String, count: u64) {
        let known = self.0.len() < MAX || self.0.contains_key(&reason);
        let reason = if known { reason } else { "other reasons".to_owned() };
        *self.0.entry(reason).or_default() += count;
    }

    pub(crate) fn count(&self) -> u64 {
        self.0.values().sum()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, u64)> {
        self.0.iter().map(|(reason, &count)| (reason.as_str(), count))
    }
}
