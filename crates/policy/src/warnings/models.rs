//! Models that nobody can name, or that another entry hides.

use std::collections::{BTreeMap, BTreeSet};

use super::{is_own, reach::Reach};
use crate::{
    CallerSet, Document, Endpoint, ModelRule, Policy, Position,
    diagnostic::{Findings, Warning, shown},
    document::Model,
};

pub(super) fn warnings(
    document: &Document,
    policy: &Policy,
    reach: &Reach<'_>,
    findings: &mut Findings,
) {
    alike(document, policy, findings);
    let written = document.models.iter().filter(|it| it.endpoints.is_none());
    let without_for: BTreeSet<&str> = written.map(|it| it.name.value.as_str()).collect();
    for written in &document.models {
        let Some(model) = reach.model(&written.name.value) else {
            continue;
        };
        ceilings(written, model, reach, findings);
        if !is_own(written.name.position) {
            continue;
        }
        if let Some((message, help)) = unreachable(model, reach) {
            let place = written.name.position;
            findings.warn(Warning::UnreachableModel, place, message, help);
        }
        if let Some(wider) = reach.next_wider(model) {
            hidden(written, model, wider, &without_for, findings);
        }
    }
}

fn alike(document: &Document, policy: &Policy, findings: &mut Findings) {
    let written = document.models.iter().map(|it| &it.name).enumerate();
    let places: BTreeMap<&str, (usize, Position)> = written
        .map(|(number, name)| (name.value.as_str(), (number, name.position)))
        .collect();
    for (one, other) in policy.names_alike() {
        // At the later of the two.
        let later = places.get(one).max(places.get(other));
        let place = later.map_or(Position::TOP, |(_, place)| *place);
        let (one, other) = (shown(one), shown(other));
        let message = format!("the models `{one}` and `{other}` differ in case alone, and are two");
        let help = "leave one out, or call it otherwise: clients take them for one";
        findings.warn(Warning::NamesDifferInCase, place, message, help);
    }
}

fn unreachable(model: &ModelRule<'_>, reach: &Reach<'_>) -> Option<(String, &'static str)> {
    let name = shown(model.pattern);
    if reach.can_be_named(model) {
        return None;
    }
    Some(if model.terms.callers == CallerSet::NONE {
        (
            format!("no rule under `callers` has the model `{name}`, so no key sees it"),
            "add it to the `models` of a rule or to a set that a rule has, or leave it out",
        )
    } else if reach.is_taken(model) {
        (
            format!("no key that may use the model `{name}` may call a route for it"),
            "let one rule under `callers` have both",
        )
    } else {
        (
            format!("no route of this policy takes the model `{name}`"),
            "add a route that is forwarded and has a `model`, or leave the model out",
        )
    })
}

fn hidden(
    written: &Model,
    model: &ModelRule<'_>,
    wider: &ModelRule<'_>,
    without_for: &BTreeSet<&str>,
    findings: &mut Findings,
) {
    let place = written.name.position;
    let (name, pattern) = (shown(model.pattern), shown(wider.pattern));
    if says_the_same(model, wider) {
        let message = format!("`{name}` says what `{pattern}` says, which fits it too");
        let help = "leave it out";
        findings.warn(Warning::RedundantModel, place, message, help);
        return;
    }
    // Where one of them has no `for`, its author thought of no route in particular.
    if written.endpoints.is_none() || without_for.contains(wider.pattern) {
        return;
    }
    let mut lost = Endpoint::ALL
        .into_iter()
        .filter(|it| wider.endpoints.include(Some(*it)) && !model.endpoints.include(Some(*it)));
    if let Some(lost) = lost.next() {
        let word = lost.word();
        let message = format!("`{name}` is not for `{word}`, and hides `{pattern}`, which is");
        let help =
            format!("add `{word}` to its `for`, if it is meant: the longest pattern alone counts");
        findings.warn(Warning::ShadowedModel, place, message, help);
    }
}

/// Whether leaving `model` out changes nothing. An exact name is listed, which no pattern is, and
/// weights share keys by the name of their entry.
fn says_the_same(model: &ModelRule<'_>, wider: &ModelRule<'_>) -> bool {
    let is_listed = model.terms.is_listed && !model.pattern.ends_with('*');
    let mut choices = model.terms.choices.iter();
    let (one, other) = (model.terms, wider.terms);
    !is_listed
        && choices.all(|choice| choice.weight.is_none())
        && (model.published, model.endpoints) == (wider.published, wider.endpoints)
        && (one.deprecated, one.choices) == (other.deprecated, other.choices)
        && (one.ceilings, one.callers) == (other.ceilings, other.callers)
}

/// Ceilings hold where the body is JSON with a model.
fn ceilings(written: &Model, model: &ModelRule<'_>, reach: &Reach<'_>, findings: &mut Findings) {
    let Some(ceilings) = &written.ceilings else {
        return;
    };
    if reach.is_taken(model) && !reach.is_taken_in_json(model) {
        let name = shown(model.pattern);
        let message = format!("`{name}` has ceilings, and no route for it has a JSON body");
        let help = "leave them out: forms are not looked at";
        findings.warn(
            Warning::CeilingWithoutEffect,
            ceilings.position,
            message,
            help,
        );
    }
}
