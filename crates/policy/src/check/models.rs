//! The models of a document.

use super::{ceilings::ceilings, labels::labels, names, routes::Routes, words};
use crate::{
    CallerSet, Document, Endpoint, Endpoints, List, Position, Text,
    diagnostic::{Code, Findings},
    document::{Choice, Model, Published},
    limits::{NOTICE, PUBLISHED},
    policy::ModelEntry,
    terms::{FIELD, LINE},
};

pub(super) fn models(
    document: &Document,
    routes: &Routes,
    findings: &mut Findings,
) -> Vec<ModelEntry> {
    // Without the routes nothing can be said about them.
    let routes = document.routes.is_some().then_some(routes);
    let models = document.models.iter();
    models.map(|it| model(it, routes, findings)).collect()
}

fn model(written: &Model, routes: Option<&Routes>, findings: &mut Findings) -> ModelEntry {
    names::model(&written.name, findings);
    let (published, choices) = published(written.published.as_ref(), findings);
    let list = written.endpoints.as_ref();
    let listed = written.listed.as_ref();
    let deprecated = written.deprecated.as_ref();
    ModelEntry {
        pattern: written.name.value.clone(),
        published,
        endpoints: list.map_or(Endpoints::ALL, |list| endpoints(list, routes, findings)),
        is_listed: listed.is_none_or(|text| is_listed(text, &written.name, findings)),
        deprecated: deprecated.map(|text| notice(text, findings)),
        choices,
        ceilings: ceilings(written.ceilings.as_ref(), findings),
        // Who may use it is known when the rules for callers are.
        callers: CallerSet::ALL,
    }
}

/// One published name, or the packed choices among several.
fn published(written: Option<&Published>, findings: &mut Findings) -> (Option<String>, String) {
    match written {
        None => (None, String::new()),
        Some(Published::Name(text)) => {
            names::published(text, findings);
            (Some(text.value.clone()), String::new())
        }
        Some(Published::Choices(list, position)) => (None, choices(list, *position, findings)),
    }
}

fn choices(written: &[Choice], position: Position, findings: &mut Findings) -> String {
    let fault = match written.len() {
        0 => Some((
            "`published` has no entry",
            "write a name, or at least two choices",
        )),
        1 => Some(("one choice is none", "write two, or one name in its place")),
        count if count > PUBLISHED => Some(("a name has more than 16 choices", "leave some out")),
        _ => None,
    };
    if let Some((message, help)) = fault {
        findings.add_with_help(Code::BadChoice, position, message, help);
    }
    let packed: Vec<String> = written.iter().map(|it| choice(it, findings)).collect();
    for (place, it) in written.iter().enumerate() {
        // It takes every caller that comes to it.
        let takes_all = it.labels.is_none() && it.weight.is_none() && !it.present.has("weight");
        if takes_all && let Some(next) = written.get(place + 1) {
            let message = "no caller comes to this choice: the one before it is for all";
            let help = "put the choice without `labels` and `weight` last";
            findings.add_with_help(Code::BadChoice, next.position, message, help);
            break;
        }
    }
    packed.join(&LINE.to_string())
}

fn choice(written: &Choice, findings: &mut Findings) -> String {
    if written.name.is_none() && !written.present.has("name") {
        let help = "name what GT publishes";
        let message = "a choice needs `name`";
        findings.add_with_help(Code::MissingKey, written.position, message, help);
    }
    if let Some(text) = &written.name {
        names::published(text, findings);
    }
    let weight = written.weight.as_ref();
    let weight = weight.and_then(|text| words::number(text, "`weight`", MOST_WEIGHT, findings));
    let name = written.name.as_ref();
    let labels = written.labels.as_ref();
    let fields = [
        weight.map(|weight| weight.to_string()).unwrap_or_default(),
        name.map(|text| text.value.clone()).unwrap_or_default(),
    ];
    let labels = labels.map(|written| self::labels(written, findings));
    let fields: Vec<String> = fields.into_iter().chain(labels).collect();
    fields.join(&FIELD.to_string())
}

fn is_listed(text: &Text, name: &Text, findings: &mut Findings) -> bool {
    let known = [("true", true), ("false", false)];
    let listed = words::one_of(
        text,
        "value of `listed`",
        &known,
        Code::NotABoolean,
        findings,
    );
    if name.value.ends_with('*') {
        let message = "a pattern is never listed, so `listed` says nothing";
        findings.add_with_help(Code::NotABoolean, text.position, message, "leave it out");
    }
    listed.unwrap_or(true)
}

/// It goes to clients in a header.
fn notice(text: &Text, findings: &mut Findings) -> String {
    let line = words::prose(text, "`deprecated`", findings);
    let is_visible = line.bytes().all(|byte| (b' '..=b'~').contains(&byte));
    if line.len() > NOTICE || !is_visible {
        let message = format!("`deprecated` is no line of at most {NOTICE} bytes of ASCII");
        let help = "clients read it in a header: say what to use instead, in few words";
        findings.add_with_help(Code::BadText, text.position, message, help);
    }
    line
}

fn endpoints(list: &List, routes: Option<&Routes>, findings: &mut Findings) -> Endpoints {
    words::not_empty(
        list,
        "`for`",
        "leave it out for every route with a model",
        findings,
    );
    words::no_repeats(list, findings);
    let known = Endpoint::ALL.map(|endpoint| (endpoint.word(), endpoint));
    let mut found = Vec::new();
    for text in &list.items {
        let endpoint = words::one_of(text, "endpoint", &known, Code::UnknownEndpoint, findings);
        let Some(endpoint) = endpoint else { continue };
        found.push(endpoint);
        if routes.is_some_and(|routes| !routes.forward(endpoint)) {
            let word = endpoint.word();
            let message = format!("`{word}` is named, and no route of this policy forwards it");
            let help = format!("add `POST {}`, or leave `{word}` out", endpoint.template());
            findings.add_with_help(Code::EndpointWithoutRoute, text.position, message, help);
        }
    }
    found.into_iter().collect()
}

/// The sum of all weights of a name stays far below what the shares are reckoned with, 32 bits.
const MOST_WEIGHT: u32 = 1_000_000;
