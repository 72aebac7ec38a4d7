//! Changes of routes.

use super::{Changes, at::route as at, scope};
use crate::{
    Action, Document, Endpoint, List, ModelSource, Policy, Purpose, RouteRule, Rules, Verdict,
    document::{Route, Scope},
};

/// The endpoints of routes with a model that go to GT.
pub(super) fn forwarded_endpoints(policy: &Policy) -> Vec<Endpoint> {
    let forwarded = policy.routes().filter(is_forwarded);
    let routed = forwarded.filter(|route| route.model != ModelSource::None);
    routed
        .filter_map(|route| Endpoint::of(route.method, route.template))
        .collect()
}

fn is_forwarded(rule: &RouteRule<'_>) -> bool {
    rule.action == Action::Forward && rule.verdict != Verdict::NotSupported
}

pub(super) fn changes(place: usize, written: &Route, rule: &RouteRule<'_>, found: &mut Changes) {
    if is_forwarded(rule) {
        of_forwarded(place, written, rule, found);
    } else {
        of_refused(place, rule, found);
    }
}

fn of_forwarded(place: usize, written: &Route, rule: &RouteRule<'_>, found: &mut Changes) {
    let help = "add a case that this route answers";
    found.add("removed", help, move |document| {
        remove(document, place);
    });
    found.add(
        "refused",
        help,
        at(place, |route| {
            route.action = Some("refuse".into());
            route.because = Some("It is refused.".into());
        }),
    );
    scope::changes(place, rule, found);
    if written.purpose.is_some() {
        purposes(place, rule, found);
    }
    for name in rule.query.iter() {
        found.add(
            format!("query name `{name}` dropped"),
            format!("add a case with `?{name}=…` in its request, and with `query` in `expect`"),
            at(place, without(name, |route| &mut route.query)),
        );
    }
    for name in rule.required_headers.iter() {
        found.add(
            format!("required header `{name}` dropped"),
            format!("add a case without `{name}` that expects `missing_header`"),
            at(place, without(name, |route| &mut route.required_headers)),
        );
    }
    set_headers(place, written, found);
}

fn of_refused(place: usize, rule: &RouteRule<'_>, found: &mut Changes) {
    let (verdict, code) = match rule.verdict {
        Verdict::GtExtension => ("not_supported", "gt_extension_route"),
        Verdict::Native | Verdict::NotSupported => ("gt_extension", "route_not_supported"),
    };
    let help = format!("add a case that expects `{code}`");
    found.add("removed", &*help, move |document| {
        remove(document, place);
    });
    let source = Endpoint::of(rule.method, rule.template).map(Endpoint::model_source);
    found.add(
        "forwarded",
        &*help,
        at(place, move |route| {
            route.verdict = Some("native".into());
            route.action = Some("forward".into());
            let none = List {
                items: vec!["none".into()],
                ..List::default()
            };
            route.scope = Some(Scope {
                sets: vec![none],
                ..Scope::default()
            });
            route.model = match source {
                Some(ModelSource::Json) => Some("json".into()),
                Some(ModelSource::Multipart) => Some("multipart".into()),
                Some(ModelSource::None) | None => route.model.take(),
            };
        }),
    );
    if rule.verdict != Verdict::Native {
        found.add(
            format!("verdict `{verdict}`"),
            help,
            at(place, move |route| {
                route.verdict = Some(verdict.into());
                route.action = None;
            }),
        );
    }
}

fn purposes(place: usize, rule: &RouteRule<'_>, found: &mut Changes) {
    let held: Vec<Purpose> = rule.purposes.iter().collect();
    for purpose in Purpose::ALL {
        let word = purpose.word();
        let mut others = held.clone();
        let (change, help) = if held.contains(&purpose) {
            others.retain(|it| *it != purpose);
            (
                format!("purpose `{word}` dropped"),
                format!("add a case of a key with `purposes: {word}`"),
            )
        } else {
            others.push(purpose);
            (
                format!("purpose `{word}` added"),
                format!("add a case with `purposes: {word}` that expects `purpose_not_allowed`"),
            )
        };
        // A conversation key may do what an inference key may.
        let says_nothing = purpose == Purpose::Conversation && held.contains(&Purpose::Inference);
        if others.is_empty() || says_nothing {
            continue;
        }
        found.add(
            change,
            help,
            at(place, move |route| {
                let items = others.iter().map(|it| it.word().into()).collect();
                let position = route.key.position;
                route.purpose = Some(List { items, position });
            }),
        );
    }
}

fn set_headers(place: usize, written: &Route, found: &mut Changes) {
    let help = "add a case with `set_headers` in `expect`";
    for (number, (name, _)) in written.set_headers.iter().enumerate() {
        let name = &name.value;
        found.add(
            format!("header `{name}` not set"),
            help,
            at(place, move |route| {
                route.set_headers.remove(number);
            }),
        );
        found.add(
            format!("header `{name}` set to another value"),
            help,
            at(place, move |route| {
                if let Some((_, value)) = route.set_headers.get_mut(number) {
                    value.value.push('x');
                }
            }),
        );
    }
}

fn remove(document: &mut Document, place: usize) {
    if let Some(routes) = document.routes.as_mut().filter(|it| place < it.len()) {
        routes.remove(place);
    }
}

/// Takes a name out of one of a route's lists, and the list with its last name.
fn without(
    name: &str,
    list: impl Fn(&mut Route) -> &mut Option<List> + 'static,
) -> impl Fn(&mut Route) + 'static {
    let name = name.to_owned();
    move |route| {
        let list = list(route);
        if let Some(names) = list {
            names.items.retain(|it| it.value != name);
            if names.items.is_empty() {
                *list = None;
            }
        }
    }
}
