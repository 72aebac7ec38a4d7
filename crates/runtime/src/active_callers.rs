//! Which callers asked a generation, by a hash of their ids: enough to count them.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Callers that ask, as a bitmap of 2 KiB that requests write without a lock.
#[derive(Debug)]
pub(crate) struct CallerBits([AtomicU64; WORDS]);

/// Callers that asked. Ids with the same hash are one, so that their number is never too high; some
/// hundreds are told apart, and of 16,384 two thirds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ActiveCallers(Vec<u64>);

impl CallerBits {
    pub(crate) const fn new() -> Self {
        Self([const { AtomicU64::new(0) }; WORDS])
    }

    pub(crate) fn note(&self, id: &str) {
        let (word, bit) = place(id);
        // Most callers have asked before: a load leaves the line with every core.
        if let Some(word) = self.0.get(word)
            && word.load(Relaxed) & bit == 0
        {
            word.fetch_or(bit, Relaxed);
        }
    }

    pub(crate) fn active(&self) -> ActiveCallers {
        ActiveCallers(self.0.iter().map(|word| word.load(Relaxed)).collect())
    }

    /// Those so far; from now on it holds those that ask from now on.
    pub(crate) fn take(&self) -> ActiveCallers {
        ActiveCallers(self.0.iter().map(|word| word.swap(0, Relaxed)).collect())
    }
}

impl ActiveCallers {
    /// How many there are at least.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.0.iter().map(|word| u64::from(word.count_ones())).sum()
    }

    /// Adds others.
    pub fn add(&mut self, others: &Self) {
        self.0.resize(WORDS, 0);
        for (word, more) in self.0.iter_mut().zip(&others.0) {
            *word |= more;
        }
    }
}

impl<'a> FromIterator<&'a str> for ActiveCallers {
    fn from_iter<I: IntoIterator<Item = &'a str>>(ids: I) -> Self {
        let bits = CallerBits::new();
        ids.into_iter().for_each(|id| bits.note(id));
        bits.take()
    }
}

/// The word of an id, and the bit in it, by 64-bit FNV-1a. Nobody chooses ids to collide: they are
/// the operator's.
fn place(id: &str) -> (usize, u64) {
    let hash = id.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    let bit = (hash ^ (hash >> 32)) % (WORDS as u64 * 64);
    (
        usize::try_from(bit / 64).unwrap_or_default(),
        1 << (bit % 64),
    )
}

const WORDS: usize = 256;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_caller_counts_once_however_often_it_asks() {
        let bits = CallerBits::new();
        for id in ["one", "two", "one", "three", "one"] {
            bits.note(id);
        }
        assert_eq!(bits.active().count(), 3);
        assert_eq!(bits.take().count(), 3);
        assert_eq!(bits.active().count(), 0, "what was taken is gone");
    }

    #[test]
    fn callers_of_two_spans_are_counted_once() {
        let mut all = ActiveCallers::default();
        assert_eq!(all.count(), 0);
        all.add(&["one", "two"].into_iter().collect());
        all.add(&["two", "three"].into_iter().collect());
        all.add(&ActiveCallers::default());
        assert_eq!(all.count(), 3);
    }

    #[test]
    fn hundreds_are_told_apart_and_thousands_nearly() {
        let count = |callers: usize| {
            let ids: Vec<String> = (0..callers).map(|number| format!("key-{number}")).collect();
            ids.iter()
                .map(String::as_str)
                .collect::<ActiveCallers>()
                .count()
        };
        assert!((195..=200).contains(&count(200)), "{}", count(200));
        assert!(
            (9_000..=16_384).contains(&count(16_384)),
            "{}",
            count(16_384)
        );
    }
}
