//! Rules for callers that say nothing, and sets that none of them uses.

use super::{
    is_own,
    reach::{Reach, covers, has, is_in},
};
use crate::{
    CallerRule, CallerSet, Document, ModelSource,
    diagnostic::{Findings, Warning, shown},
    document::CallerEntry,
};

pub(super) fn warnings(document: &Document, reach: &Reach<'_>, findings: &mut Findings) {
    for written in document.callers.iter().flatten() {
        ceilings(written, reach, findings);
        if is_own(written.name.position) {
            redundant(written, document, reach, findings);
        }
    }
    sets(document, findings);
}

fn redundant(
    written: &CallerEntry,
    document: &Document,
    reach: &Reach<'_>,
    findings: &mut Findings,
) {
    let Some((place, rule)) = reach.caller(&written.name.value) else {
        return;
    };
    let says_more = |(other, it): &(usize, &CallerRule<'_>)| {
        *other != place && fits_whenever(it, rule) && allows_all_of(*other, place, reach)
    };
    let mut others = reach.callers.iter().enumerate().filter(says_more);
    let other = others.find(|(other, it)| {
        // Of two that say the same, the later one in the text is reported.
        let is_alike = fits_whenever(rule, it) && allows_all_of(place, *other, reach);
        !is_alike || !it.ceilings.is_empty() || comes_before(it.name, rule.name, document)
    });
    if let Some((_, other)) = other.filter(|_| rule.ceilings.is_empty()) {
        let (name, other) = (shown(rule.name), shown(other.name));
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

/// Whether every key that `narrow` fits, `wide` fits too.
fn fits_whenever(wide: &CallerRule<'_>, narrow: &CallerRule<'_>) -> bool {
    let mut keys = narrow.keys.iter();
    let has_keys =
        wide.keys.is_empty() || (!narrow.keys.is_empty() && keys.all(|key| is_in(key, wide.keys)));
    has_keys && covers(wide.labels, narrow.labels)
}

/// Whether the rule at one place allows whatever the one at another does.
fn allows_all_of(one: usize, other: usize, reach: &Reach<'_>) -> bool {
    let routes = reach.routes.iter().map(|route| route.callers);
    let models = reach.models.iter().map(|model| model.terms.callers);
    let allows = |set: CallerSet| !has(set, other) || has(set, one);
    routes.chain(models).all(allows)
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
    let used: Vec<&str> = lists
        .flat_map(|it| it.models.iter().flat_map(|list| &list.items))
        .map(|text| text.value.as_str())
        .collect();
    for set in &document.sets {
        if is_own(set.name.position) && !used.contains(&set.name.value.as_str()) {
            let message = format!(
                "no rule for callers uses the set `{}`",
                shown(&set.name.value)
            );
            let help = "name it in the `models` of a rule under `callers`, or leave it out";
            findings.warn(Warning::UnusedSet, set.name.position, message, help);
        }
    }
}
