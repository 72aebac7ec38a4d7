//! The cases of a document or of a case file.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    client, expectation,
    routes::Routes,
    words::{self, NAME_HELP, is_name},
};
use crate::{
    BodyValue, Case, Expectation, List, Names, Purposes, Text,
    diagnostic::{Code, Findings, closest, did_you_mean, shown},
    document::{AllOrList, BodyEntry, CaseEntry, Expect},
};

/// What is known of the policy the cases are for.
#[derive(Clone, Copy)]
pub(super) enum Known<'r> {
    /// Nothing: any route and any code may be expected.
    Nothing,
    /// These routes, and the codes a document's policy answers with.
    Routes(&'r Routes),
}

/// Checks the shape of cases; whether they hold is for whoever runs them.
pub(super) fn cases(written: &[CaseEntry], known: Known<'_>, findings: &mut Findings) -> Vec<Case> {
    let mut names = BTreeSet::new();
    let mut cases = Vec::with_capacity(written.len());
    for entry in written {
        if let Some(name) = entry
            .name
            .as_ref()
            .filter(|name| !names.insert(&name.value))
        {
            let message = format!("there is already a case `{}`", shown(&name.value));
            findings.add(Code::DuplicateCase, name.position, message);
        }
        cases.extend(case(entry, known, findings));
    }
    cases
}

fn case(written: &CaseEntry, known: Known<'_>, findings: &mut Findings) -> Option<Case> {
    for (key, is_there) in [
        ("name", written.name.is_some()),
        ("request", written.request.is_some()),
        ("expect", written.expect.is_some()),
    ] {
        if !is_there && !written.present.has(key) {
            let message = format!("a case needs `{key}`");
            findings.add(Code::MissingKey, written.position, message);
        }
    }
    let name = written
        .name
        .as_ref()
        .map(|text| words::line(text, "`name`", findings));
    let request = written.request.as_ref().map(|text| request(text, findings));
    let expect = written
        .expect
        .as_ref()
        .and_then(|expect| expectation(expect, known, findings));
    let (scopes, purposes) = key(written, findings);
    let skip = written.skip.as_ref();
    let models = names(written.models.as_ref(), "`models`", findings);
    let published = names(written.published.as_ref(), "`published`", findings);
    let datasets = names(written.datasets.as_ref(), "`datasets`", findings);
    Some(Case {
        name: name?,
        request: request?,
        model: written.model.as_ref().map(|text| text.value.clone()),
        scopes,
        purposes,
        models,
        published,
        datasets,
        key: written.key.as_ref().map(|text| text.value.clone()),
        labels: key_labels(&written.labels, findings),
        body: body(&written.body, findings),
        headers: headers(&written.headers, findings),
        skip: skip.map(|text| words::line(text, "`skip`", findings)),
        expect: expect?,
    })
}

/// The scopes and the purposes of the key, which are a preset's or each written.
fn key(written: &CaseEntry, findings: &mut Findings) -> (Vec<String>, Purposes) {
    let purposes = written.purposes.as_ref();
    let purposes =
        purposes.map(|list| words::purposes(list, "`purposes`", "every purpose", findings));
    let preset = written.preset.as_ref();
    let Some((text, preset)) = preset.map(|text| (text, client::preset(text, findings))) else {
        let purposes = purposes.unwrap_or(Purposes::from_bits(u8::MAX));
        return (texts(written.scopes.as_ref()), purposes);
    };
    for (key, is_there) in [
        ("scopes", written.scopes.is_some()),
        ("purposes", written.purposes.is_some()),
    ] {
        if is_there {
            let message = format!("`preset` says what `{key}` says");
            let help = format!("leave `{key}` out, or write `scopes` and `purposes` in full");
            findings.add_with_help(Code::ConflictingPreset, text.position, message, help);
        }
    }
    let scopes = preset.map(|it| it.scopes.iter().map(|&scope| scope.to_owned()));
    let purposes = preset.map(|it| Purposes::from_iter([it.purpose]));
    (
        scopes.into_iter().flatten().collect(),
        purposes.unwrap_or_default(),
    )
}

fn request(text: &Text, findings: &mut Findings) -> String {
    let (method, target) = text.value.split_once(' ').unwrap_or_default();
    let is_method = !method.is_empty() && method.bytes().all(|byte| byte.is_ascii_uppercase());
    let is_target =
        target.starts_with('/') && !target.contains(|c: char| c == ' ' || c.is_control());
    if !is_method || !is_target {
        let message = format!("`{}` is no request line", shown(&text.value));
        let help = "write a method, one space and a path as a client sends it, like `POST /v1/chat/completions`";
        findings.add_with_help(Code::BadRequestLine, text.position, message, help);
    }
    text.value.clone()
}

fn names(written: Option<&AllOrList>, what: &str, findings: &mut Findings) -> Names {
    match written {
        None => Names::All,
        Some(AllOrList::List(list)) => Names::Only(texts(Some(list))),
        Some(AllOrList::Word(word)) => {
            if word.value != "all" {
                let shown = shown(&word.value);
                let message = format!("{what} is a list or the word `all`, and this is `{shown}`");
                let help = format!("write `[{shown}]`");
                findings.add_with_help(Code::WrongShape, word.position, message, help);
            }
            Names::All
        }
    }
}

fn headers(written: &[(Text, Text)], findings: &mut Findings) -> BTreeMap<String, String> {
    let mut headers = BTreeMap::new();
    for (name, value) in written {
        words::header_name(name, findings);
        headers.insert(name.value.clone(), value.value.clone());
    }
    headers
}

fn key_labels(written: &[(Text, Text)], findings: &mut Findings) -> BTreeMap<String, String> {
    let mut labels = BTreeMap::new();
    for (name, value) in written {
        if !is_name(&name.value) {
            let message = format!("`{}` is no name of a label", shown(&name.value));
            findings.add_with_help(Code::BadLabel, name.position, message, NAME_HELP);
        }
        labels.insert(name.value.clone(), value.value.clone());
    }
    labels
}

fn body(written: &[(Text, BodyEntry)], findings: &mut Findings) -> BTreeMap<String, BodyValue> {
    let mut body = BTreeMap::new();
    for (name, entry) in written {
        if name.value == "model" {
            let message = "`model` in `body` is the case's own `model`";
            findings.add_with_help(Code::BadCaseBody, name.position, message, "write it there");
        }
        let value = match entry {
            BodyEntry::Text(text) => BodyValue::Text(text.value.clone()),
            BodyEntry::Null(_) => BodyValue::Other(()),
            BodyEntry::Number(digits) => match digits.value.parse() {
                Ok(number) => BodyValue::Integer(number),
                Err(_) => BodyValue::Other(()),
            },
        };
        body.insert(name.value.clone(), value);
    }
    body
}

fn texts(list: Option<&List>) -> Vec<String> {
    list.map(|list| list.items.iter().map(|text| text.value.clone()).collect())
        .unwrap_or_default()
}

fn expectation(written: &Expect, known: Known<'_>, findings: &mut Findings) -> Option<Expectation> {
    if written.present.is_everything() {
        return None;
    }
    let Some(kind) = kind(written) else {
        let message = "`expect` has exactly one of `forward`, `refuse` and `list`";
        findings.add(Code::BadExpectation, written.position, message);
        return None;
    };
    expectation::check_kind(written, kind, findings);
    if let Some(route) = &written.forward {
        expected_route(route, known, findings);
        let forward = expectation::forward(written, route, findings);
        return Some(Expectation::Forward(forward));
    }
    if let Some(code) = &written.refuse {
        expected_code(code, known, findings);
        let refusal = expectation::refusal(written, code, findings);
        return Some(Expectation::Refuse(refusal));
    }
    let names = written.list.as_ref()?;
    Some(Expectation::List {
        names: texts(Some(names)),
    })
}

/// The one kind of answer that someone meant to write.
fn kind(written: &Expect) -> Option<&'static str> {
    let kinds = [
        ("forward", written.forward.is_some()),
        ("refuse", written.refuse.is_some()),
        ("list", written.list.is_some()),
    ];
    let mut kinds = kinds
        .into_iter()
        .filter(|(key, is_there)| *is_there || written.present.has(key));
    let (kind, _) = kinds.next()?;
    kinds.next().is_none().then_some(kind)
}

fn expected_route(route: &Text, known: Known<'_>, findings: &mut Findings) {
    let Known::Routes(routes) = known else { return };
    if routes.has(&route.value) {
        return;
    }
    let message = format!("this policy has no route `{}`", shown(&route.value));
    let names: Vec<String> = routes.names().collect();
    let meant = closest(&route.value, names.iter().map(String::as_str));
    let help = match meant {
        Some(meant) => format!("did you mean `{meant}`?"),
        None => "write it as under `routes:`".into(),
    };
    findings.add_with_suggestion(Code::UnknownCaseRoute, route.position, message, help, meant);
}

fn expected_code(code: &Text, known: Known<'_>, findings: &mut Findings) {
    let Known::Routes(_) = known else {
        let is_legal =
            |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
        if !(1..=64).contains(&code.value.len()) || !code.value.bytes().all(is_legal) {
            let message = format!("`{}` is no refusal code", shown(&code.value));
            let help = "a code is 1 to 64 of a–z 0–9 _";
            findings.add_with_help(Code::UnknownRefusal, code.position, message, help);
        }
        return;
    };
    if !REFUSALS.contains(&code.value.as_str()) {
        let message = format!("no policy document refuses with `{}`", shown(&code.value));
        let help = did_you_mean(&code.value, REFUSALS);
        let meant = closest(&code.value, REFUSALS.iter().copied());
        findings.add_with_suggestion(Code::UnknownRefusal, code.position, message, help, meant);
    }
}

/// What a case can be refused with: by its path, or by the policy.
const REFUSALS: &[&str] = &[
    "invalid_path",
    "invalid_query",
    "unknown_route",
    "method_not_allowed",
    "route_not_supported",
    "gt_extension_route",
    "purpose_not_allowed",
    "insufficient_scope",
    "dataset_not_allowed",
    "conversation_not_allowed",
    "caller_not_allowed",
    "missing_conversation",
    "missing_header",
    "missing_model",
    "model_not_found",
    "above_ceiling",
    "unclear_parameter",
];
