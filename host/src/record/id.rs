//! Ids of decisions.

use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// The id of one decision: 128 bits, as 32 hex digits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct DecisionId(u128);

/// Gives ids: a counter under two keyed hashes. Whoever sees some of them can tell neither how many
/// there were nor what the next is, and making one costs no call into the system.
#[derive(Debug, Default)]
pub struct DecisionIds {
    counter: AtomicU64,
    high: RandomState,
    low: RandomState,
}

impl DecisionIds {
    /// The next id.
    pub fn next(&self) -> DecisionId {
        let count = self.counter.fetch_add(1, Relaxed);
        let (high, low) = (self.high.hash_one(count), self.low.hash_one(count));
        DecisionId((u128::from(high) << 64) | u128::from(low))
    }
}

impl DecisionId {
    /// Reads 32 hex digits.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let is_plain = text.len() == 32 && text.bytes().all(|b| b.is_ascii_hexdigit());
        is_plain
            .then(|| u128::from_str_radix(text, 16).ok().map(Self))
            .flatten()
    }
}

impl fmt::Display for DecisionId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:032x}", self.0)
    }
}

impl serde::Serialize for DecisionId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn ids_differ_and_are_read_back() {
        let ids = DecisionIds::default();
        let made: HashSet<_> = (0..10_000).map(|_| ids.next()).collect();
        assert_eq!(made.len(), 10_000);
        for id in made {
            assert_eq!(DecisionId::parse(&id.to_string()), Some(id));
        }
    }

    #[test]
    fn another_process_gives_other_ids() {
        assert_ne!(DecisionIds::default().next(), DecisionIds::default().next());
    }

    #[test]
    fn what_is_no_id_is_not_read() {
        let (short, long) = ("0".repeat(31), "0".repeat(33));
        let (sign, word) = (format!("+{short}"), "g".repeat(32));
        for text in ["", &short, &long, &sign, &word] {
            assert_eq!(DecisionId::parse(text), None, "{text}");
        }
    }
}
