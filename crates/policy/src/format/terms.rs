//! Who may use what, as canonical text.

use super::{Pair, flow, list, one_or_list, text, value, written};
use crate::{
    List, Text,
    document::{BodyEntry, CallerEntry, Ceilings, Choice, EachEntry, Labels, Published, Scope},
};

pub(super) fn scope(scope: &Scope) -> String {
    let one = |set: &List| match set.items.as_slice() {
        [one] => value(&one.value),
        _ => format!("{{all: {}}}", list(Some(set)).unwrap_or_default()),
    };
    match scope.sets.as_slice() {
        [set] => one(set),
        sets => {
            let sets: Vec<String> = sets.iter().map(one).collect();
            format!("{{any: [{}]}}", sets.join(", "))
        }
    }
}

pub(super) fn published(published: &Published) -> String {
    match published {
        Published::Name(name) => value(&name.value),
        Published::Choices(choices, _) => {
            let choices: Vec<String> = choices.iter().map(choice).collect();
            format!("[{}]", choices.join(", "))
        }
    }
}

fn choice(choice: &Choice) -> String {
    flow(&written([
        ("name", text(choice.name.as_ref())),
        ("weight", digits(choice.weight.as_ref())),
        ("labels", choice.labels.as_ref().map(labels)),
    ]))
}

fn labels(labels: &Labels) -> String {
    let label = |(name, values): &(Text, List)| {
        let values = one_or_list(Some(values)).unwrap_or_default();
        format!("{}: {values}", value(&name.value))
    };
    let labels: Vec<String> = labels.entries.iter().map(label).collect();
    format!("{{{}}}", labels.join(", "))
}

pub(super) fn ceilings(ceilings: &Ceilings) -> String {
    flow(&written([
        ("max_tokens", digits(ceilings.max_tokens.as_ref())),
        ("n", digits(ceilings.n.as_ref())),
        ("reasoning_effort", text(ceilings.reasoning_effort.as_ref())),
    ]))
}

pub(super) fn caller_pairs(caller: &CallerEntry) -> Vec<Pair> {
    written([
        ("keys", one_or_list(caller.keys.as_ref())),
        ("labels", caller.labels.as_ref().map(labels)),
        ("routes", list(caller.routes.as_ref())),
        ("models", list(caller.models.as_ref())),
        ("ceilings", caller.ceilings.as_ref().map(ceilings)),
    ])
}

/// Digits stand without quotes.
fn digits(text: Option<&Text>) -> Option<String> {
    let text = &text?.value;
    let is_bare = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    Some(if is_bare { text.clone() } else { value(text) })
}

/// So do booleans.
pub(super) fn boolean(text: Option<&Text>) -> Option<String> {
    let text = &text?.value;
    let is_bare = text == "true" || text == "false";
    Some(if is_bare { text.clone() } else { value(text) })
}

/// An entry a line, below the name of the key.
pub(super) fn each(entries: &[EachEntry]) -> String {
    if entries.is_empty() {
        return "[]".into();
    }
    let line = |entry: &EachEntry| {
        let values = body(&entry.values).unwrap_or_else(|| "{}".into());
        format!("\n      - {values}")
    };
    entries.iter().map(line).collect()
}

pub(super) fn body(body: &[(Text, BodyEntry)]) -> Option<String> {
    let member = |(name, entry): &(Text, BodyEntry)| {
        let shown = match entry {
            BodyEntry::Number(digits) => digits.value.clone(),
            BodyEntry::Text(text) => value(&text.value),
            BodyEntry::Null(_) => "null".to_owned(),
        };
        format!("{}: {shown}", value(&name.value))
    };
    let members: Vec<String> = body.iter().map(member).collect();
    (!members.is_empty()).then(|| format!("{{{}}}", members.join(", ")))
}
