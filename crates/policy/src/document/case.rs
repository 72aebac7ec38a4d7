//! Cases as written, in a document and in a file of their own.

use super::{
    BodyEntry, CaseEntry, EachEntry, Expect,
    shape::{Present, all_or_list, list, mapping, nodes, one_or_list, text, text_entries},
};
use crate::{
    Text,
    diagnostic::{Code, Findings},
    yaml::{Entry, Kind, Node},
};

/// The root of a case file: `cases:` and nothing else, or the list alone.
pub(crate) fn case_file(root: Node, findings: &mut Findings) -> Vec<CaseEntry> {
    let position = root.position;
    let root = match root.kind {
        Kind::Sequence(cases) => return read_all(cases, findings),
        kind => Node { position, kind },
    };
    let Some(entries) = mapping(root, "a case file", findings) else {
        return Vec::new();
    };
    let mut present = Present::default();
    let mut cases = None;
    for Entry { key, value } in entries {
        present.note(&key, "a case file", &["cases"], findings);
        if key.value == "cases" {
            cases = nodes(value, "`cases`", findings);
        }
    }
    if !present.has("cases") {
        findings.add(Code::MissingKey, position, "a case file needs `cases`");
    }
    read_all(cases.unwrap_or_default(), findings)
}

fn read_all(cases: Vec<Node>, findings: &mut Findings) -> Vec<CaseEntry> {
    let cases = cases.into_iter();
    cases.map(|node| entry(node, findings)).collect()
}

pub(super) fn entry(node: Node, findings: &mut Findings) -> CaseEntry {
    let mut case = CaseEntry {
        position: node.position,
        ..CaseEntry::default()
    };
    let Some(entries) = mapping(node, "a case", findings) else {
        case.present = Present::EVERYTHING;
        return case;
    };
    for Entry { key, value } in entries {
        case.present.note(&key, "a case", CASE_KEYS, findings);
        match key.value.as_str() {
            "name" => case.name = text(value, "`name`", findings),
            "request" => case.request = text(value, "`request`", findings),
            "model" => case.model = text(value, "`model`", findings),
            "preset" => case.preset = text(value, "`preset`", findings),
            "scopes" => case.scopes = list(value, "`scopes`", findings),
            "purposes" => case.purposes = one_or_list(value, "`purposes`", findings),
            "models" => case.models = all_or_list(value, "`models`", findings),
            "published" => case.published = all_or_list(value, "`published`", findings),
            "datasets" => case.datasets = all_or_list(value, "`datasets`", findings),
            "key" => case.key = text(value, "`key`", findings),
            "labels" => case.labels = text_entries(value, "`labels`", "a label", findings),
            "body" => case.body = body(value, findings),
            "headers" => {
                case.headers = text_entries(value, "`headers`", "a header value", findings);
            }
            "each" => case.each = each(value, findings),
            "skip" => case.skip = text(value, "`skip`", findings),
            "expect" => case.expect = Some(expect(value, findings)),
            _ => {}
        }
    }
    case
}

/// What the case is repeated for; `None` if some of it cannot be read.
fn each(node: Node, findings: &mut Findings) -> Option<Vec<EachEntry>> {
    let entries = nodes(node, "`each`", findings)?.into_iter();
    // All of them are looked at before it is known whether each can be read.
    let entries: Vec<_> = entries.map(|node| each_entry(node, findings)).collect();
    entries.into_iter().collect()
}

fn each_entry(node: Node, findings: &mut Findings) -> Option<EachEntry> {
    let position = node.position;
    let entries = mapping(node, "an entry of `each`", findings)?.into_iter();
    let value = |Entry { key, value }| {
        let entry = number_or_text(value, "a value in `each`", findings)?;
        Some((key, entry))
    };
    let values: Vec<_> = entries.map(value).collect();
    Some(EachEntry {
        position,
        values: values.into_iter().collect::<Option<_>>()?,
    })
}

/// What a policy can tell apart in a body: numbers, texts, and everything else.
fn body(node: Node, findings: &mut Findings) -> Vec<(Text, BodyEntry)> {
    let entries = mapping(node, "`body`", findings).unwrap_or_default();
    let member = |Entry { key, value }| {
        let position = value.position;
        let entry = match &value.kind {
            Kind::Scalar { text, plain: true } if text == "null" => BodyEntry::Null(position),
            _ => number_or_text(value, "a member of `body`", findings)?,
        };
        Some((key, entry))
    };
    entries.into_iter().filter_map(member).collect()
}

fn number_or_text(node: Node, what: &str, findings: &mut Findings) -> Option<BodyEntry> {
    let position = node.position;
    match &node.kind {
        Kind::Scalar { text, plain: true } if is_whole_number(text) => {
            let value = text.clone();
            Some(BodyEntry::Number(Text { value, position }))
        }
        _ => text(node, what, findings).map(BodyEntry::Text),
    }
}

fn is_whole_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn expect(node: Node, findings: &mut Findings) -> Expect {
    let mut expect = Expect {
        position: node.position,
        ..Expect::default()
    };
    let Some(entries) = mapping(node, "`expect`", findings) else {
        expect.present = Present::EVERYTHING;
        return expect;
    };
    for Entry { key, value } in entries {
        expect.present.note(&key, "`expect`", EXPECT_KEYS, findings);
        match key.value.as_str() {
            "forward" => expect.forward = text(value, "`forward`", findings),
            "model" => expect.model = text(value, "`model`", findings),
            "response_model" => {
                expect.response_model = text(value, "`response_model`", findings);
            }
            "path" => expect.path = text(value, "`path`", findings),
            "query" => expect.query = text(value, "`query`", findings),
            "set_headers" => {
                let entries = text_entries(value, "`set_headers`", "a header value", findings);
                expect.set_headers = Some(entries);
            }
            "drop_headers" => expect.drop_headers = list(value, "`drop_headers`", findings),
            "notice" => expect.notice = text(value, "`notice`", findings),
            "refuse" => expect.refuse = text(value, "`refuse`", findings),
            "message" => expect.message = text(value, "`message`", findings),
            "reason" => expect.reason = text(value, "`reason`", findings),
            "list" => expect.list = list(value, "`list`", findings),
            _ => {}
        }
    }
    expect
}

pub(crate) const CASE_KEYS: &[&str] = &[
    "name",
    "request",
    "model",
    "preset",
    "scopes",
    "purposes",
    "models",
    "published",
    "datasets",
    "key",
    "labels",
    "body",
    "headers",
    "each",
    "skip",
    "expect",
];

pub(crate) const EXPECT_KEYS: &[&str] = &[
    "forward",
    "model",
    "response_model",
    "path",
    "query",
    "set_headers",
    "drop_headers",
    "notice",
    "refuse",
    "message",
    "reason",
    "list",
];
