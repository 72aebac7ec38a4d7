//! Routes that no request gets to, and headers that never arrive.

use super::{
    is_own,
    reach::{Reach, works},
};
use crate::{
    CallerSet, Document, ModelSource, RouteRule,
    diagnostic::{Findings, Warning, shown},
    document::Route,
};

pub(super) fn warnings(document: &Document, reach: &Reach<'_>, findings: &mut Findings) {
    for written in document.routes.iter().flatten() {
        headers(written, findings);
        if !is_own(written.key.position) {
            continue;
        }
        if let Some(route) = reach.route(&written.key.value) {
            unreachable(written, route, reach, findings);
        }
        shadowing(written, document, reach, findings);
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
    } else if !reach.models.iter().any(|model| works(model, route)) {
        (
            format!("no model may be used on `{name}`, so every request is refused"),
            "add a model for it, or refuse the route with a reason",
        )
    } else if !reach.models.iter().any(|model| reach.goes(model, route)) {
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
fn shadowing(written: &Route, document: &Document, reach: &Reach<'_>, findings: &mut Findings) {
    let Some((method, template)) = written.key.value.split_once(' ') else {
        return;
    };
    let routes = document.routes.iter().flatten();
    let keys: Vec<(&str, &str)> = routes
        .filter_map(|it| it.key.value.split_once(' '))
        .collect();
    let has = |method: &str| keys.contains(&(method, template));
    // Once for a template: at the first of its routes.
    let is_first = keys.iter().find(|(_, it)| *it == template) == Some(&(method, template));
    let mut hidden = reach.routes.iter();
    let hidden = hidden.find(|it| hides(template, it.template) && !has(it.method));
    if let Some(hidden) = hidden.filter(|_| is_first) {
        let (method, general) = (hidden.method, hidden.template);
        let message = format!(
            "`{method} {general}` is never reached by a path of `{template}`: the more specific path counts"
        );
        let help = format!("add `{method} {template}`, or leave one of the two paths out");
        findings.warn(Warning::ShadowedRoute, written.key.position, message, help);
    }
}

/// Whether some path is of both, and counts as `template`.
fn hides(template: &str, other: &str) -> bool {
    let is_parameter = |segment: &str| segment.starts_with('{');
    let pairs = || template.split('/').zip(other.split('/'));
    let meet = template.split('/').count() == other.split('/').count()
        && pairs().all(|(one, other)| is_parameter(one) || is_parameter(other) || one == other);
    let mut first = pairs().filter(|(one, other)| is_parameter(one) != is_parameter(other));
    meet && first.next().is_some_and(|(one, _)| !is_parameter(one))
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
