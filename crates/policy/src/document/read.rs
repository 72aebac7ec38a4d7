//! The tree of a text as a document: known keys, each in its shape.

use super::{
    Document, Model, Route, Value, case, client, read_terms,
    shape::{Present, boolean, list, mapping, nodes, one_or_list, text, text_entries},
};
use crate::{
    diagnostic::{Code, Findings, shown},
    quote::value,
    scalar::Meaning,
    yaml::{Entry, Kind, Node},
};

pub(super) fn document(root: Node, findings: &mut Findings) -> Document {
    let mut document = Document::default();
    let Some(entries) = mapping(root, "a policy document", findings) else {
        document.present = Present::EVERYTHING;
        return document;
    };
    for Entry { key, value } in entries {
        document
            .present
            .note(&key, "a policy document", DOCUMENT_KEYS, findings);
        match key.value.as_str() {
            "policy" => document.policy = text(value, "`policy`", findings),
            "version" => document.version = text(value, "`version`", findings),
            "about" => document.about = text(value, "`about`", findings),
            "include" => document.include = one_or_list(value, "`include`", findings),
            "values" => document.values = values(value, "`values`", findings),
            "client" => document.client = Some(client::client(value, findings)),
            "routes" => {
                let entries = mapping(value, "`routes`", findings);
                let route = |entry| route(entry, findings);
                document.routes = entries.map(|all| all.into_iter().map(route).collect());
            }
            "models" => {
                let entries = mapping(value, "`models`", findings).unwrap_or_default();
                document.models = entries.into_iter().map(|e| model(e, findings)).collect();
            }
            "sets" => {
                let entries = mapping(value, "`sets`", findings).unwrap_or_default();
                let set = |entry| read_terms::model_set(entry, findings);
                document.sets = entries.into_iter().map(set).collect();
            }
            "callers" => {
                let entries = mapping(value, "`callers`", findings);
                let caller = |entry| read_terms::caller(entry, findings);
                document.callers = entries.map(|all| all.into_iter().map(caller).collect());
            }
            "cases" => {
                let entries = nodes(value, "`cases`", findings).unwrap_or_default();
                document.cases = entries
                    .into_iter()
                    .map(|e| case::entry(e, findings))
                    .collect();
            }
            _ => {}
        }
    }
    document
}

/// Values by name, under `values:` or in a file of their own.
pub(crate) fn values(node: Node, what: &str, findings: &mut Findings) -> Vec<Value> {
    let entries = mapping(node, what, findings).unwrap_or_default();
    let entry = |entry| named_value(entry, findings);
    entries.into_iter().filter_map(entry).collect()
}

/// A default as text, or `{}` for one that must be given.
fn named_value(entry: Entry, findings: &mut Findings) -> Option<Value> {
    let Entry { key: name, value } = entry;
    let position = value.position;
    let default = match &value.kind {
        Kind::Mapping(entries) if entries.is_empty() => None,
        Kind::Scalar { text, plain } if Meaning::of(text, *plain) == Meaning::Nothing => {
            findings.add_with_help(Code::Blank, position, "a value is blank", A_VALUE);
            return None;
        }
        Kind::Mapping(_) => {
            let message = "a value is text, and this is a mapping";
            findings.add_with_help(Code::WrongShape, position, message, A_VALUE);
            return None;
        }
        _ => Some(text(value, "a value", findings)?),
    };
    Some(Value { name, default })
}

fn route(entry: Entry, findings: &mut Findings) -> Route {
    let mut route = Route {
        key: entry.key,
        ..Route::default()
    };
    let Some(entries) = route_entries(entry.value, findings) else {
        route.present = Present::EVERYTHING;
        return route;
    };
    for Entry { key, value } in entries {
        route.present.note(&key, "a route", ROUTE_KEYS, findings);
        match key.value.as_str() {
            "verdict" => route.verdict = text(value, "`verdict`", findings),
            "action" => route.action = text(value, "`action`", findings),
            "scope" => route.scope = read_terms::scope(value, findings),
            "purpose" => route.purpose = one_or_list(value, "`purpose`", findings),
            "model" => route.model = text(value, "`model`", findings),
            "because" => route.because = text(value, "`because`", findings),
            "query" => route.query = list(value, "`query`", findings),
            "headers" => route.headers = list(value, "`headers`", findings),
            "required_headers" => {
                route.required_headers = list(value, "`required_headers`", findings);
            }
            "set_headers" => {
                let entries = text_entries(value, "`set_headers`", "a header value", findings);
                route.set_headers = entries;
            }
            _ => {}
        }
    }
    route
}

fn model(entry: Entry, findings: &mut Findings) -> Model {
    let mut model = Model {
        name: entry.key,
        ..Model::default()
    };
    for Entry { key, value } in model_entries(entry.value, findings) {
        Present::default().note(&key, "a model", MODEL_KEYS, findings);
        match key.value.as_str() {
            "published" => model.published = read_terms::published(value, findings),
            "for" => model.endpoints = list(value, "`for`", findings),
            "listed" => model.listed = boolean(value, "`listed`", findings),
            "deprecated" => model.deprecated = text(value, "`deprecated`", findings),
            "ceilings" => model.ceilings = Some(read_terms::ceilings(value, findings)),
            _ => {}
        }
    }
    model
}

/// People write `gpt-4o: support-agent` and `gpt-4o:`; both are told what to write instead.
fn model_entries(node: Node, findings: &mut Findings) -> Vec<Entry> {
    let Kind::Scalar { text, plain } = &node.kind else {
        return mapping(node, "a model", findings).unwrap_or_default();
    };
    if Meaning::of(text, *plain) == Meaning::Nothing {
        let help = "write `{}` to publish the name as itself, or `{published: NAME}`";
        findings.add_with_help(Code::Blank, node.position, "a model is blank", help);
    } else {
        let message = format!("a model is a mapping, and this is {}", node.found());
        let help = format!("write `{{published: {}}}`", value(&shown(text)));
        findings.add_with_help(Code::WrongShape, node.position, message, help);
    }
    Vec::new()
}

/// People write `GET /v1/models: native`; they are told what to write instead.
fn route_entries(node: Node, findings: &mut Findings) -> Option<Vec<Entry>> {
    let verdict = match &node.kind {
        Kind::Scalar { text, plain } if Meaning::of(text, *plain) == Meaning::Words => shown(text),
        _ => return mapping(node, "a route", findings),
    };
    let help = format!("write `{{verdict: {verdict}}}`");
    let message = "a route is a mapping, and this is text";
    findings.add_with_help(Code::WrongShape, node.position, message, help);
    None
}

const A_VALUE: &str = "write its text; under `values:` also `{}`, if it must be given";

pub(crate) const DOCUMENT_KEYS: &[&str] = &[
    "policy", "version", "about", "include", "values", "client", "routes", "models", "sets",
    "callers", "cases",
];

pub(crate) const ROUTE_KEYS: &[&str] = &[
    "verdict",
    "action",
    "scope",
    "purpose",
    "model",
    "because",
    "query",
    "headers",
    "required_headers",
    "set_headers",
];

pub(crate) const MODEL_KEYS: &[&str] = &["published", "for", "listed", "deprecated", "ceilings"];
