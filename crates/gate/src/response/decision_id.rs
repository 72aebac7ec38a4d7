//! Ids of decisions.

use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use bytes::Bytes;
use http::HeaderValue;

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

impl DecisionId {
    /// The 32 hex digits.
    #[must_use]
    pub fn digits(self) -> [u8; 32] {
        let mut digits = [0; 32];
        for (pair, byte) in digits.chunks_exact_mut(2).zip(self.0.to_be_bytes()) {
            if let [high, low] = pair {
                (*high, *low) = (digit(byte >> 4), digit(byte & 15));
            }
        }
        digits
    }

    /// The digits as the value of a header, whose clones share them.
    pub(crate) fn to_value(self) -> Option<HeaderValue> {
        HeaderValue::from_maybe_shared(Bytes::from_owner(self.digits())).ok()
    }

    /// The 128 bits.
    #[must_use]
    pub const fn bits(self) -> u128 {
        self.0
    }
}

const fn digit(four: u8) -> u8 {
    if four < 10 {
        b'0' + four
    } else {
        b'a' + four - 10
    }
}

impl fmt::Display for DecisionId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Hex digits are text.
        formatter.write_str(std::str::from_utf8(&self.digits()).unwrap_or_default())
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
            assert_eq!(id.to_string(), format!("{:032x}", id.bits()));
            assert_eq!(id.to_value().unwrap(), id.to_string());
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
