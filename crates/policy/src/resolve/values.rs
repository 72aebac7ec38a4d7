//! The values of a document: what is given, what is the default, and where they go.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Values,
    include::Part,
    reference::{Piece, is_name, is_used, pieces},
};
use crate::{
    Position, Text,
    diagnostic::{Code, Findings, closest, shown},
    document::{self, Value},
    limits::TEXT_BYTES,
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
    /// Puts the values into every text of every part.
    pub(super) fn put_into(&self, parts: &mut [Part], findings: &mut Findings) {
        let mut used = BTreeSet::new();
        let mut room = Some(TEXT_BYTES);
        for part in parts {
            part.document.each_text(&mut |text| {
                if is_used(&text.value) {
                    let value = self.expanded(text, &mut used, &mut room, findings);
                    text.value = value;
                }
            });
        }
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

    fn expanded(
        &self,
        text: &Text,
        used: &mut BTreeSet<String>,
        room: &mut Option<usize>,
        findings: &mut Findings,
    ) -> String {
        let mut out = String::new();
        let mut is_whole = true;
        for piece in pieces(&text.value) {
            let piece = match piece {
                Piece::Literal(literal) => Some(literal),
                Piece::Name(name) => {
                    used.insert(name.to_owned());
                    self.value(name, text, findings)
                }
                Piece::Broken => {
                    let message =
                        "`${` begins the name of a value, and no name with a `}` behind it follows";
                    let help = "write `${name}` with A–Z a–z 0–9 - _ in the name, or `$${` for the text itself";
                    findings.add_with_help(Code::BadReference, text.position, message, help);
                    None
                }
            };
            is_whole &= piece.is_some();
            let piece = piece.unwrap_or_default();
            let left = room.and_then(|room| room.checked_sub(piece.len()));
            let was_full = std::mem::replace(room, left).is_none();
            if left.is_some() {
                out.push_str(piece);
            } else if !was_full {
                let message =
                    format!("with its values the document has more than {TEXT_BYTES} bytes");
                findings.add(Code::TooLarge, text.position, message);
            }
        }
        if !is_whole {
            findings.close(text.position);
        }
        out
    }

    /// The value of a name; one that has none has been reported where it is declared.
    fn value(&self, name: &str, text: &Text, findings: &mut Findings) -> Option<&str> {
        let value = self.values.get(name);
        if value.is_none() {
            let message = format!("there is no value `{name}`");
            let help = unknown(name, self.values.keys().copied());
            findings.add_with_help(Code::UnknownValue, text.position, message, help);
        }
        value.copied().flatten()
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
    let help =
        format!("give it with `--set {name_shown}=VALUE`; for a host, build the document first");
    findings.add_with_help(Code::MissingValue, name.position, message, help);
}

fn unknown<'k>(name: &str, known: impl Iterator<Item = &'k str>) -> String {
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
