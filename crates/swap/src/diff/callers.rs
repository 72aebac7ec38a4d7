//! The rules for callers of two policies.

use std::{collections::BTreeSet, ops::ControlFlow};

use signalbox_policy::{CallerRule, CallerSet, Labels, Rules as _, tables::Tables};

use super::{Aspect, Change, Effect, Found, Subject, ceilings::ceilings};

/// The rules of both, to tell what a set of them means.
#[derive(Default)]
pub(super) struct CallerRules<'a> {
    old: Vec<CallerRule<'a>>,
    new: Vec<CallerRule<'a>>,
    /// Whether each stands for the same callers in both, at the same place.
    are_same: bool,
}

/// A set that changes.
pub(super) struct ChangedSet {
    pub(super) effect: Effect,
    pub(super) before: String,
    pub(super) now: String,
}

impl<'a> CallerRules<'a> {
    pub(super) fn of(old: &'a Tables<'_>, new: &'a Tables<'_>) -> Self {
        let [old, new] = [old, new].map(|it| it.callers().collect::<Vec<_>>());
        let are_same = old.len() == new.len() && old.iter().zip(&new).all(|(a, b)| is_same(a, b));
        Self { old, new, are_same }
    }

    /// Of two policies that have none, or do not say.
    pub(super) const fn none() -> Self {
        Self {
            old: Vec::new(),
            new: Vec::new(),
            are_same: true,
        }
    }

    pub(super) fn compare(&self, found: &mut Found<'_>) -> ControlFlow<()> {
        for rule in &self.old {
            match self.new.iter().find(|other| other.name == rule.name) {
                None => found(existence(rule, "is gone"))?,
                Some(other) => same_rule(rule, other, found)?,
            }
        }
        for rule in &self.new {
            if !self.old.iter().any(|known| known.name == rule.name) {
                found(existence(rule, "is new"))?;
            }
        }
        ControlFlow::Continue(())
    }

    /// How a set changes; `None` if it is for the same callers.
    pub(super) fn set(&self, old: CallerSet, new: CallerSet) -> Option<ChangedSet> {
        let (before, now) = (names(&self.old, old), names(&self.new, new));
        let effect = if !self.are_same {
            (before != now).then_some(Effect::Different)?
        } else if old.bits() & !new.bits() != 0 {
            Effect::Narrower
        } else {
            (old.bits() != new.bits()).then_some(Effect::Wider)?
        };
        let [before, now] = [before, now].map(shown);
        Some(ChangedSet {
            effect,
            before,
            now,
        })
    }
}

/// The rules of a set by name; `None` for everyone.
fn names<'a>(rules: &[CallerRule<'a>], set: CallerSet) -> Option<BTreeSet<&'a str>> {
    let is_in = |place| CallerSet::NONE.with(place).meets(set);
    let all = rules.iter().enumerate();
    let held = all.filter(|(place, _)| is_in(*place));
    (!rules.is_empty()).then(|| held.map(|(_, rule)| rule.name).collect())
}

fn shown(names: Option<BTreeSet<&str>>) -> String {
    match names {
        None => "everyone".to_owned(),
        Some(names) if names.is_empty() => "nobody".to_owned(),
        Some(names) => names.into_iter().collect::<Vec<_>>().join(", "),
    }
}

fn is_same(old: &CallerRule<'_>, new: &CallerRule<'_>) -> bool {
    (old.name, old.keys, old.labels) == (new.name, new.keys, new.labels)
}

fn same_rule(old: &CallerRule<'_>, new: &CallerRule<'_>, found: &mut Found<'_>) -> ControlFlow<()> {
    let subject = subject(new);
    let who = [old, new].map(|rule| {
        let keys: Vec<_> = rule.keys.iter().collect();
        (keys.join(", "), labels(rule.labels))
    });
    let [(old_keys, old_labels), (new_keys, new_labels)] = who;
    for (aspect, what, before, now) in [
        (Aspect::Keys, "keys", old_keys, new_keys),
        (Aspect::Labels, "labels", old_labels, new_labels),
    ] {
        if before != now {
            let text = format!("{subject} is for other {what}");
            let change = Change::new(Effect::Different, subject.clone(), aspect, text);
            found(change.between(before, now))?;
        }
    }
    ceilings(&subject, old.ceilings, new.ceilings, found)
}

fn existence(rule: &CallerRule<'_>, words: &str) -> Change {
    let subject = subject(rule);
    let text = format!("{subject} {words}");
    Change::new(Effect::Different, subject, Aspect::Existence, text)
}

fn subject(rule: &CallerRule<'_>) -> Subject {
    Subject::CallerRule {
        name: rule.name.into(),
    }
}

/// `team: sales or presales, plan: free`
pub(super) fn labels(labels: Labels<'_>) -> String {
    let label = |(name, values): (&str, signalbox_policy::Words<'_>)| {
        let values: Vec<_> = values.iter().collect();
        format!("{name}: {}", values.join(" or "))
    };
    let labels: Vec<_> = labels.iter().map(label).collect();
    labels.join(", ")
}
