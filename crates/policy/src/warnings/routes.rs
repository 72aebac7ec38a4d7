//! Routes that no request gets to, and headers that never arrive.

use std::collections::{BTreeMap, BTreeSet};

use super::{is_own, reach::Reach, templates::Templates};
use crate::{
    CallerSet, Document, ModelSource, RouteRule,
    diagnostic::{Findings, Warning, shown},
    document::Route,
};

/// The routes as written, by method and template.
struct Keys<'d> {
    all: BTreeSet<(&'d str, &'d str)>,
    /// The method of the first route of each template.
    first: BTreeMap<&'d str, &'d str>,
}

pub(super) fn warnings(document: &Document, reach: &Reach<'_>, findings: &mut Findings) {
    let keys = Keys::of(document);
    let templates = Templates::of(&reach.routes);
    for written in document.routes.iter().flatten() {
        headers(written, findings);
        if !is_own(written.key.position) {
            continue;
        }
        if let Some(route) = reach.route(&written.key.value) {
            unreachable(written, route, reach, findings);
        }
        shadowing(written, &keys, &templates, findings);
    }
}

impl<'d> Keys<'d> {
    fn of(document: &'d Document) -> Self {
        let mut keys = Self {
            all: BTreeSet::new(),
            first: BTreeMap::new(),
        };
        let routes = document.routes.iter().flatten();
        for (method, template) in routes.filter_map(|it| it.key.value.split_once(' ')) {
            keys.all.insert((method, template));
            keys.first.entry(template).or_insert(method);
        }
        keys
    }
}

fn unreachable(written: &Route, route: &RouteRule<'_>, reach: &Reach<'_>, findings: &mut Findings) {
    let name = shown(&written.key.value);
    let (message, help) = if route.callers == CallerSet::NONE {
        (
            format!("no rule under `callers` has `{name}`, so every key is refused"),
            "add it to the `routes` of a rule, or write `action: refuse` with a reason",
        )
    } else if route.model == ModelSource::None {
        return;
    } else if !reach.takes_a_model(route) {
        (
            format!("no model may be used on `{name}`, so every request is refused"),
            "add a model for it, or refuse the route with a reason",
        )
    } else if !reach.can_name_a_model(route) {
        (
            format!("no key that may call `{name}` may use a model there"),
            "let one rule under `callers` have both",
        )
    } else {
        return;
    };
    findings.warn(
        Warning::UnreachableRoute,
        written.key.position,
        message,
        help,
    );
}

/// A path belongs to its most specific template alone, whatever methods that takes.
fn shadowing(
    written: &Route,
    keys: &Keys<'_>,
    templates: &Templates<'_, '_>,
    findings: &mut Findings,
) {
    let Some((method, template)) = written.key.value.split_once(' ') else {
        return;
    };
    // Once for a template: at the first of its routes.
    if keys.first.get(template) != Some(&method) {
        return;
    }
    let is_missing = |it: &RouteRule<'_>| !keys.all.contains(&(it.method, template));
    if let Some(hidden) = templates.hidden_by(template, is_missing) {
        let (method, general) = (hidden.method, hidden.template);
        let message = format!(
            "`{method} {general}` is never reached by a path of `{template}`: the more specific path counts"
        );
        let help = format!("add `{method} {template}`, or leave one of the two paths out");
        findings.warn(Warning::ShadowedRoute, written.key.position, message, help);
    }
}

fn headers(written: &Route, findings: &mut Findings) {
    for name in written.headers.iter().flat_map(|list| &list.items) {
        if written.set_headers.iter().any(|(set, _)| set == name) {
            let message = format!(
                "`{}` is set on every request, so the client's own never goes to GT",
                shown(&name.value)
            );
            let help = "leave it out of `headers`, or out of `set_headers`";
            findings.warn(Warning::HeaderWithoutEffect, name.position, message, help);
        }
    }
}
