//! The keys of mappings: text, and each once.

use std::collections::BTreeMap;

use super::{Entry, Kind, Node};
use crate::scalar::Meaning;
use crate::{
    Text,
    diagnostic::{Code, Findings, shown},
};

/// The text of a key, if it is one.
pub(super) fn key_text(key: Node, findings: &mut Findings) -> Option<Text> {
    let found = key.found();
    let position = key.position;
    let (value, plain) = match key.kind {
        Kind::Scalar { text, plain } => (text, plain),
        Kind::Refused => return None,
        Kind::Sequence(_) | Kind::Mapping(_) => {
            let message = format!("a key is text, and this is {found}");
            findings.add(Code::BadKey, position, message);
            return None;
        }
    };
    if plain && value == "<<" {
        let message = "merge keys are not read";
        findings.add_with_help(Code::YamlMerge, position, message, WRITE_IN_FULL);
        return None;
    }
    if Meaning::of(&value, plain) != Meaning::Words {
        let shown = shown(&value);
        let message = format!("a key is text, and `{shown}` without quotes is {found}");
        findings.add_with_help(
            Code::BadKey,
            position,
            message,
            format!("write \"{shown}\""),
        );
        return None;
    }
    if value.len() > MOST_KEY_BYTES || value.chars().any(char::is_control) {
        let message = format!("a key has at most {MOST_KEY_BYTES} bytes and no control characters");
        findings.add(Code::BadKey, position, message);
        return None;
    }
    Some(Text { value, position })
}

/// The entries without those whose key came before.
pub(super) fn once_each(entries: Vec<Entry>, findings: &mut Findings) -> Vec<Entry> {
    let mut first = BTreeMap::new();
    let mut repeated = Vec::new();
    for (index, Entry { key, .. }) in entries.iter().enumerate() {
        let Some(line) = first.insert(key.value.as_str(), key.position.line) else {
            continue;
        };
        first.insert(&key.value, line);
        repeated.push(index);
        let message = format!("the key `{}` is already on line {line}", shown(&key.value));
        findings.add_with_help(
            Code::DuplicateKey,
            key.position,
            message,
            "keep one of them",
        );
    }
    let mut repeated = repeated.into_iter().peekable();
    let keep = |(index, entry)| (repeated.next_if_eq(&index).is_none()).then_some(entry);
    entries.into_iter().enumerate().filter_map(keep).collect()
}

/// What to do in place of anchors, aliases and merge keys.
pub(super) const WRITE_IN_FULL: &str =
    "write the value out at each place: a document is read as it stands";

/// A model name has at most 256 bytes; a method and a template fit too. The bound also keeps
/// every key below what YAML allows for one, however it is quoted.
const MOST_KEY_BYTES: usize = 300;
