//! Which rules for callers fit the one who asks.

use crate::{Caller, CallerRule, CallerSet, Ceilings, Rules};

/// The rules that fit a caller.
pub(super) struct Fitting<'a> {
    pub(super) rules: CallerSet,
    /// What the first of them is called; `None` if the policy is for every caller.
    pub(super) first: Option<&'a str>,
    /// Those of all of them together.
    pub(super) ceilings: Ceilings,
}

/// Whoever no rule fits has none; where there are no rules everyone has all.
pub(super) fn fitting<'a>(rules: &'a impl Rules, caller: &Caller) -> Fitting<'a> {
    let mut found = Fitting {
        rules: CallerSet::ALL,
        first: None,
        ceilings: Ceilings::default(),
    };
    for (place, rule) in rules.callers().enumerate() {
        if place == 0 {
            found.rules = CallerSet::NONE;
        }
        if fits(&rule, caller) {
            found.rules = found.rules.with(place);
            found.first = found.first.or(Some(rule.name));
            found.ceilings = found.ceilings.and(rule.ceilings);
        }
    }
    found
}

fn fits(rule: &CallerRule<'_>, caller: &Caller) -> bool {
    let is_named = || rule.keys.iter().any(|key| key == caller.id);
    (rule.keys.is_empty() || is_named()) && rule.labels.fit(&caller.labels)
}
