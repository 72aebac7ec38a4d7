//! Where something is looked for that is kept.

use std::hash::{BuildHasher, Hash};
use std::sync::LazyLock;

use foldhash::fast::RandomState;

/// A hash that only finds a place: what is kept there is compared in every part. It is the process's
/// own, so that nobody can choose whose place theirs is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PlaceHash(u64);

impl PlaceHash {
    pub(crate) fn of(what: &impl Hash) -> Self {
        static STATE: LazyLock<RandomState> = LazyLock::new(RandomState::default);
        Self(STATE.hash_one(what))
    }

    pub(crate) const fn bits(self) -> u64 {
        self.0
    }

    /// One of so many places.
    pub(crate) fn place(self, places: usize) -> usize {
        usize::try_from(self.0).unwrap_or_default() % places.max(1)
    }
}
