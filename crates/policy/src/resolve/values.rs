//! The values of a document: what is given, what is the default, and where they go.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Values,
    reference::{is_name, is_used},
};
use crate::{
    Position, Text,
    diagnostic::{Code, Findings, closest, shown},
    document::{self, Value},
    yaml::Node,
};

/// The values of a document, by name.
pub(super) struct Settled<'v> {
    /// `None` for one that was to be given and is not.
    values: BTreeMap<&'v str, Option<&'v str>>,
    declared: &'v [Value],
}

/// What each value is, as it is given or by default.
pub(super) fn settle<'v>(
    declared: &'v [Value],
    given: &'v Values,
    findings: &mut Findings,
) -> Settled<'v> {
    let mut values = BTreeMap::new();
    for Value { name, default } in declared {
        if !is_name(&name.value) {
            let message = format!("`{}` is no name of a value", shown(&name.value));
            let help = "use 1 to 64 of A–Z a–z 0–9 - _ and begin with a letter";
            findings.add_with_help(Code::BadValueName, name.position, message, help);
        }
        if let Some(text) = default {
            check_default(text, findings);
        }
        let given = given.get(&name.value);
        if let Some(why) = given.and_then(|text| fault(text)) {
            let message = format!("what is given for `{}` {why}", shown(&name.value));
            findings.add(Code::BadValue, name.position, message);
        }
        let value = given.or(default.as_ref().map(|text| &text.value));
        if value.is_none() {
            missing(name, findings);
        }
        values.insert(name.value.as_str(), value.map(String::as_str));
    }
    for name in given
        .keys()
        .filter(|name| !values.contains_key(name.as_str()))
    {
        let message = format!(
            "`{}` is given, and this document has no such value",
            shown(name)
        );
        let help = match declared {
            [] => "the document and its bases have no `values`".into(),
            _ => unknown(name, values.keys().copied()),
        };
        findings.add_with_help(Code::UnknownValue, Position::TOP, message, help);
    }
    Settled { values, declared }
}

impl Settled<'_> {
    /// No values.
    pub(super) const fn none() -> Self {
        Self {
            values: BTreeMap::new(),
            declared: &[],
        }
    }

    /// Whether there is a value of this name.
    pub(super) fn has(&self, name: &str) -> bool {
        self.values.contains_key(name)
    }

    /// The value of a name, which `None` in it says was to be given and is not; `None` for a name that
    /// stands for nothing.
    pub(super) fn value(&self, name: &str) -> Option<Option<&str>> {
        self.values.get(name).copied()
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.values.keys().copied()
    }

    /// Reports the values that nothing uses.
    pub(super) fn check_used(&self, used: &BTreeSet<String>, findings: &mut Findings) {
        for Value { name, .. } in self.declared {
            if is_name(&name.value) && !used.contains(&name.value) {
                let message = format!("no text uses the value `{}`", shown(&name.value));
                let help = format!(
                    "write `${{{}}}` where it belongs, or leave it out",
                    shown(&name.value)
                );
                findings.add_with_help(Code::UnusedValue, name.position, message, help);
            }
        }
    }
}

/// The root of a file of values.
pub(super) fn file(root: Node, findings: &mut Findings) -> Values {
    let values = document::values(root, "a file of values", findings).into_iter();
    let mut given = Values::new();
    for Value { name, default } in values {
        match default {
            Some(text) => drop(given.insert(name.value, text.value)),
            None => {
                let message = format!("`{}` is given and has no text", shown(&name.value));
                findings.add(Code::MissingValue, name.position, message);
            }
        }
    }
    given
}

fn check_default(text: &Text, findings: &mut Findings) {
    if let Some(why) = fault(&text.value) {
        findings.add(Code::BadValue, text.position, format!("a default {why}"));
    } else if is_used(&text.value) {
        let message = "a default uses no other value";
        let help = "write the text out";
        findings.add_with_help(Code::BadValue, text.position, message, help);
    }
}

fn fault(value: &str) -> Option<String> {
    if value.len() > MOST_VALUE_BYTES {
        return Some(format!("has more than {MOST_VALUE_BYTES} bytes"));
    }
    let has_control = value.chars().any(char::is_control);
    has_control.then(|| "has control characters".into())
}

fn missing(name: &Text, findings: &mut Findings) {
    let name_shown = shown(&name.value);
    let message = format!("the value `{name_shown}` has no default and is not given");
    let help = format!("give it with `--set {name_shown}=VALUE`");
    findings.add_with_help(Code::MissingValue, name.position, message, help);
}

pub(super) fn unknown<'k>(name: &str, known: impl Iterator<Item = &'k str>) -> String {
    let known: Vec<&str> = known.collect();
    match closest(name, known.iter().copied()) {
        Some(meant) => format!("did you mean `{meant}`?"),
        None if known.is_empty() => {
            "name it under `values:`; for the text itself write `$${`".into()
        }
        None => format!("`values:` has {}", known.join(", ")),
    }
}

/// What a reason may have.
const MOST_VALUE_BYTES: usize = 1024;
