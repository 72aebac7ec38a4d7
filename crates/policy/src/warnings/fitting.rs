//! Rules for callers, compared with each other by the keys that they fit.

use std::collections::BTreeSet;

use crate::{CallerRule, CallerSet, Labels, Policy, Rules as _, Words};

/// A rule for callers.
pub(super) struct Caller<'p> {
    pub(super) rule: CallerRule<'p>,
    keys: BTreeSet<&'p str>,
    /// The rules that some key fits at once with this one.
    at_once: CallerSet,
}

impl<'p> Caller<'p> {
    /// Those of a policy, in the order of their places.
    pub(super) fn all(policy: &'p Policy) -> Vec<Self> {
        let callers = policy.callers().map(|rule| Self {
            rule,
            keys: rule.keys.iter().collect(),
            at_once: CallerSet::NONE,
        });
        let mut callers: Vec<Self> = callers.collect();
        let sets: Vec<CallerSet> = callers.iter().map(|it| it.met(&callers)).collect();
        for (caller, set) in callers.iter_mut().zip(sets) {
            caller.at_once = set;
        }
        callers
    }

    fn met(&self, callers: &[Self]) -> CallerSet {
        let places = callers.iter().enumerate();
        let met = places.filter(|(_, other)| self.can_be_one(other));
        met.fold(CallerSet::NONE, |set, (place, _)| set.with(place))
    }

    fn can_be_one(&self, other: &Self) -> bool {
        let share_a_key =
            self.keys.is_empty() || other.keys.is_empty() || !self.keys.is_disjoint(&other.keys);
        share_a_key && agree(self.rule.labels, other.rule.labels)
    }

    /// Whether some key fits this rule and one of the set.
    pub(super) const fn fits_with(&self, set: CallerSet) -> bool {
        self.at_once.meets(set)
    }

    /// Whether every key that `narrow` fits, this one fits too.
    pub(super) fn fits_whenever(&self, narrow: &Self) -> bool {
        let has_keys =
            self.keys.is_empty() || (!narrow.keys.is_empty() && narrow.keys.is_subset(&self.keys));
        has_keys && covers(self.rule.labels, narrow.rule.labels)
    }
}

pub(super) fn has(set: CallerSet, place: usize) -> bool {
    set.meets(CallerSet::NONE.with(place))
}

/// Whether a key can have both labels. It has one value of each name.
pub(super) fn agree(one: Labels<'_>, other: Labels<'_>) -> bool {
    one.iter().all(|(name, values)| {
        let mut same = other.iter().filter(|(other, _)| *other == name);
        same.all(|(_, others)| values.iter().any(|value| is_in(value, others)))
    })
}

/// Whether every key that has the labels `narrow` has `wide` too.
pub(super) fn covers(wide: Labels<'_>, narrow: Labels<'_>) -> bool {
    wide.iter().all(|(name, values)| {
        let mut same = narrow.iter().filter(|(other, _)| *other == name);
        same.any(|(_, others)| others.iter().all(|value| is_in(value, values)))
    })
}

fn is_in(word: &str, words: Words<'_>) -> bool {
    words.iter().any(|it| it == word)
}
