//! Rules for callers that say nothing, and sets that none of them uses.

use std::collections::BTreeSet;

use super::{
    fitting::{Caller, has},
    is_own,
    reach::Reach,
};
use crate::{
    CallerSet, Document, ModelSource,
    diagnostic::{Findings, Warning, shown},
    document::CallerEntry,
};

pub(super) fn warnings(document: &Document, reach: &Reach<'_>, findings: &mut Findings) {
    let allowing = allowing_as_much(reach);
    for written in document.callers.iter().flatten() {
        ceilings(written, reach, findings);
        if is_own(written.name.position) {
            redundant(written, document, reach, &allowing, findings);
        }
    }
    sets(document, findings);
}

fn redundant(
    written: &CallerEntry,
    document: &Document,
    reach: &Reach<'_>,
    allowing: &[CallerSet],
    findings: &mut Findings,
) {
    let Some((place, caller)) = reach.caller(&written.name.value) else {
        return;
    };
    let rule = &caller.rule;
    // Whether the rule at one place allows whatever the one at another does.
    let allows_all_of = |one: usize, other: usize| {
        let allowing = allowing.get(other);
        allowing.is_some_and(|set| has(*set, one))
    };
    let says_more = |(other, it): &(usize, &Caller<'_>)| {
        *other != place && it.fits_whenever(caller) && allows_all_of(*other, place)
    };
    let mut others = reach.callers.iter().enumerate().filter(says_more);
    let other = others.find(|(other, it)| {
        // Of two that say the same, the later one in the text is reported.
        let is_alike = caller.fits_whenever(it) && allows_all_of(place, *other);
        !is_alike || !it.rule.ceilings.is_empty() || comes_before(it.rule.name, rule.name, document)
    });
    if let Some((_, other)) = other.filter(|_| rule.ceilings.is_empty()) {
        let (name, other) = (shown(rule.name), shown(other.rule.name));
        let message =
            format!("the rule `{other}` fits every key that `{name}` fits, and allows as much");
        let help =
            "leave it out, or allow less in the other: what fitting rules allow is put together";
        findings.warn(
            Warning::RedundantCaller,
            written.name.position,
            message,
            help,
        );
    }
}

/// For each rule, by its place, those that allow whatever it does.
fn allowing_as_much(reach: &Reach<'_>) -> Vec<CallerSet> {
    let mut allowing = vec![CallerSet::ALL; reach.callers.len()];
    for set in reach.caller_sets() {
        for (place, these) in allowing.iter_mut().enumerate() {
            if has(set, place) {
                *these = CallerSet::from_bits(these.bits() & set.bits());
            }
        }
    }
    allowing
}

fn comes_before(one: &str, other: &str, document: &Document) -> bool {
    let names = document.callers.iter().flatten().map(|it| &*it.name.value);
    let mut named = names.filter(|name| *name == one || *name == other);
    named.next() == Some(one)
}

/// They hold where the body is JSON with a model.
fn ceilings(written: &CallerEntry, reach: &Reach<'_>, findings: &mut Findings) {
    let Some(ceilings) = &written.ceilings else {
        return;
    };
    let mut routes = reach.routes.iter();
    if !routes.any(|route| route.model == ModelSource::Json) {
        let name = shown(&written.name.value);
        let message =
            format!("`{name}` has ceilings, and no route that is forwarded has `model: json`");
        let help = "leave them out: other bodies are not looked at";
        findings.warn(
            Warning::CeilingWithoutEffect,
            ceilings.position,
            message,
            help,
        );
    }
}

fn sets(document: &Document, findings: &mut Findings) {
    let lists = document.callers.iter().flatten();
    let used: BTreeSet<&str> = lists
        .flat_map(|it| it.models.iter().flat_map(|list| &list.items))
        .map(|text| text.value.as_str())
        .collect();
    for set in &document.sets {
        if is_own(set.name.position) && !used.contains(set.name.value.as_str()) {
            let message = format!(
                "no rule for callers uses the set `{}`",
                shown(&set.name.value)
            );
            let help = "name it in the `models` of a rule under `callers`, or leave it out";
            findings.warn(Warning::UnusedSet, set.name.position, message, help);
        }
    }
}
