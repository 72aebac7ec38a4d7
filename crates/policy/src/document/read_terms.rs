//! Who may use what, read from the tree: scopes, callers, choices and ceilings.

use super::{
    CallerEntry, Ceilings, Choice, Labels, ModelSet, Published, Scope,
    shape::{Present, list, mapping, nodes, number, one_or_list, text},
};
use crate::{
    List, Text,
    diagnostic::{Code, Findings, shown},
    yaml::{Entry, Kind, Node},
};

/// One scope, `{all: […]}` or `{any: […]}`, whose entries are either.
pub(super) fn scope(node: Node, findings: &mut Findings) -> Option<Scope> {
    let position = node.position;
    if matches!(node.kind, Kind::Scalar { .. }) {
        let sets = vec![of_one(text(node, "`scope`", findings)?)];
        return Some(Scope { position, sets });
    }
    let mut sets = Vec::new();
    let entries = scope_entries(node, findings)?;
    if entries.len() > 1 {
        let message = "`scope` has more than one of `any` and `all`";
        let help = "write one of them; an entry of `any` may be `{all: [SCOPE, SCOPE]}`";
        findings.add_with_help(Code::BadScope, position, message, help);
    }
    for Entry { key, value } in entries {
        Present::default().note(&key, "`scope`", &["any", "all"], findings);
        match key.value.as_str() {
            "any" => {
                let nodes = nodes(value, "`any`", findings).unwrap_or_default();
                sets.extend(nodes.into_iter().filter_map(|it| one_of_any(it, findings)));
            }
            "all" => sets.extend(list(value, "`all`", findings)),
            _ => {}
        }
    }
    Some(Scope { position, sets })
}

/// People write `scope: [a, b]`, and nobody can tell whether one of them will do.
fn scope_entries(node: Node, findings: &mut Findings) -> Option<Vec<Entry>> {
    if !matches!(node.kind, Kind::Sequence(_)) {
        return mapping(node, "`scope`", findings);
    }
    let message = "`scope` is one scope or a mapping, and this is a list";
    let help = "write `{any: [SCOPE, SCOPE]}` if one of them will do, or `{all: [SCOPE, SCOPE]}`";
    findings.add_with_help(Code::WrongShape, node.position, message, help);
    None
}

fn one_of_any(node: Node, findings: &mut Findings) -> Option<List> {
    if matches!(node.kind, Kind::Scalar { .. }) {
        return text(node, "an entry of `any`", findings).map(of_one);
    }
    let mut found = None;
    for Entry { key, value } in mapping(node, "an entry of `any`", findings)? {
        Present::default().note(&key, "an entry of `any`", &["all"], findings);
        if key.value == "all" {
            found = list(value, "`all`", findings);
        }
    }
    found
}

fn of_one(one: Text) -> List {
    List {
        position: one.position,
        items: vec![one],
    }
}

/// One name, or a list of choices.
pub(super) fn published(node: Node, findings: &mut Findings) -> Option<Published> {
    let position = node.position;
    if matches!(node.kind, Kind::Scalar { .. }) {
        return text(node, "`published`", findings).map(Published::Name);
    }
    let nodes = nodes(node, "`published`", findings)?;
    let choices = nodes.into_iter().map(|node| choice(node, findings));
    Some(Published::Choices(choices.collect(), position))
}

fn choice(node: Node, findings: &mut Findings) -> Choice {
    const WHAT: &str = "a choice";
    let mut choice = Choice {
        position: node.position,
        ..Choice::default()
    };
    if let Kind::Scalar { text, .. } = &node.kind {
        let message = "a choice is a mapping, and this is text";
        let help = format!("write `{{name: {}}}`", shown(text));
        findings.add_with_help(Code::WrongShape, node.position, message, help);
        choice.present = Present::EVERYTHING;
        return choice;
    }
    let Some(entries) = mapping(node, WHAT, findings) else {
        choice.present = Present::EVERYTHING;
        return choice;
    };
    for Entry { key, value } in entries {
        choice.present.note(&key, WHAT, CHOICE_KEYS, findings);
        match key.value.as_str() {
            "name" => choice.name = text(value, "`name`", findings),
            "weight" => choice.weight = number(value, "`weight`", findings),
            "labels" => choice.labels = labels(value, findings),
            _ => {}
        }
    }
    choice
}

fn labels(node: Node, findings: &mut Findings) -> Option<Labels> {
    let position = node.position;
    let entries = mapping(node, "`labels`", findings)?;
    let label = |Entry { key, value }| Some((key, one_or_list(value, "a label", findings)?));
    Some(Labels {
        position,
        entries: entries.into_iter().filter_map(label).collect(),
    })
}

pub(super) fn ceilings(node: Node, findings: &mut Findings) -> Ceilings {
    let mut ceilings = Ceilings {
        position: node.position,
        ..Ceilings::default()
    };
    let Some(entries) = mapping(node, "`ceilings`", findings) else {
        ceilings.present = Present::EVERYTHING;
        return ceilings;
    };
    for Entry { key, value } in entries {
        let present = &mut ceilings.present;
        present.note(&key, "`ceilings`", CEILING_KEYS, findings);
        match key.value.as_str() {
            "max_tokens" => ceilings.max_tokens = number(value, "`max_tokens`", findings),
            "n" => ceilings.n = number(value, "`n`", findings),
            "reasoning_effort" => {
                ceilings.reasoning_effort = text(value, "`reasoning_effort`", findings);
            }
            _ => {}
        }
    }
    ceilings
}

pub(super) fn caller(entry: Entry, findings: &mut Findings) -> CallerEntry {
    const WHAT: &str = "a rule for callers";
    let mut caller = CallerEntry {
        name: entry.key,
        ..CallerEntry::default()
    };
    let Some(entries) = mapping(entry.value, WHAT, findings) else {
        caller.present = Present::EVERYTHING;
        return caller;
    };
    for Entry { key, value } in entries {
        caller.present.note(&key, WHAT, CALLER_KEYS, findings);
        match key.value.as_str() {
            "keys" => caller.keys = one_or_list(value, "`keys`", findings),
            "labels" => caller.labels = labels(value, findings),
            "routes" => caller.routes = list(value, "`routes`", findings),
            "models" => caller.models = list(value, "`models`", findings),
            "ceilings" => caller.ceilings = Some(ceilings(value, findings)),
            _ => {}
        }
    }
    caller
}

pub(super) fn model_set(entry: Entry, findings: &mut Findings) -> ModelSet {
    ModelSet {
        name: entry.key,
        models: list(entry.value, "a set of models", findings),
    }
}

pub(crate) const CHOICE_KEYS: &[&str] = &["name", "weight", "labels"];

pub(crate) const CEILING_KEYS: &[&str] = &["max_tokens", "n", "reasoning_effort"];

pub(crate) const CALLER_KEYS: &[&str] = &["keys", "labels", "routes", "models", "ceilings"];
