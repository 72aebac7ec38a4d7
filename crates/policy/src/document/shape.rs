//! Nodes as the shapes a document asks for; each says what it found instead.

use super::AllOrList;
use crate::{
    List, Position, Text,
    diagnostic::{Code, Findings, closest, shown},
    quote::value,
    scalar::Meaning,
    yaml::{Entry, Kind, Node},
};

/// The text of a node. `what` names it in messages.
pub(super) fn text(node: Node, what: &str, findings: &mut Findings) -> Option<Text> {
    let position = node.position;
    let found = node.found();
    let (text, plain) = match node.kind {
        Kind::Scalar { text, plain } => (text, plain),
        Kind::Refused => return None,
        Kind::Sequence(_) | Kind::Mapping(_) => {
            wrong_shape(position, what, "text", found, findings);
            return None;
        }
    };
    match Meaning::of(&text, plain) {
        Meaning::Words => {
            return Some(Text {
                value: text,
                position,
            });
        }
        Meaning::Nothing => blank(position, what, findings),
        Meaning::Number | Meaning::Boolean => {
            let shown = shown(&text);
            let message = format!("{what} is text, and `{shown}` without quotes is {found}");
            let help = format!("write \"{shown}\"");
            findings.add_with_suggestion(Code::Unquoted, position, message, help, Some(&text));
        }
    }
    None
}

/// The digits of a whole number; in quotes they are text, which a value may stand for.
pub(super) fn number(node: Node, what: &str, findings: &mut Findings) -> Option<Text> {
    let position = node.position;
    match &node.kind {
        Kind::Scalar { text, plain: true } if Meaning::of(text, true) == Meaning::Number => {
            let value = text.clone();
            Some(Text { value, position })
        }
        _ => text(node, what, findings),
    }
}

/// `true` or `false`; in quotes it is text, which a value may stand for. Other words that YAML readers
/// take for a boolean are left to whoever checks it.
pub(super) fn boolean(node: Node, what: &str, findings: &mut Findings) -> Option<Text> {
    let position = node.position;
    match &node.kind {
        Kind::Scalar { text, plain: true } if Meaning::of(text, true) == Meaning::Boolean => {
            let value = text.clone();
            Some(Text { value, position })
        }
        _ => text(node, what, findings),
    }
}

/// Names with their texts, in order.
pub(super) fn text_entries(
    node: Node,
    what: &str,
    entry: &str,
    findings: &mut Findings,
) -> Vec<(Text, Text)> {
    let entries = mapping(node, what, findings).unwrap_or_default();
    let read = |Entry { key, value }| Some((key, text(value, entry, findings)?));
    entries.into_iter().filter_map(read).collect()
}

/// The texts of a list; `None` if it has entries and none of them is text.
pub(super) fn list(node: Node, what: &str, findings: &mut Findings) -> Option<List> {
    let position = node.position;
    let nodes = nodes(node, what, findings)?;
    let written = nodes.len();
    let entry = format!("an entry of {what}");
    let texts = nodes
        .into_iter()
        .filter_map(|item| text(item, &entry, findings));
    let items: Vec<Text> = texts.collect();
    (!items.is_empty() || written == 0).then_some(List { items, position })
}

/// One text stands for a list of one.
pub(super) fn one_or_list(node: Node, what: &str, findings: &mut Findings) -> Option<List> {
    if !matches!(node.kind, Kind::Scalar { .. }) {
        return list(node, what, findings);
    }
    let one = text(node, what, findings)?;
    Some(List {
        position: one.position,
        items: vec![one],
    })
}

/// A list, or one word.
pub(super) fn all_or_list(node: Node, what: &str, findings: &mut Findings) -> Option<AllOrList> {
    if matches!(node.kind, Kind::Scalar { .. }) {
        return text(node, what, findings).map(AllOrList::Word);
    }
    list(node, what, findings).map(AllOrList::List)
}

/// The entries of a mapping.
pub(super) fn mapping(node: Node, what: &str, findings: &mut Findings) -> Option<Vec<Entry>> {
    let position = node.position;
    let found = node.found();
    match node.kind {
        Kind::Mapping(entries) => Some(entries),
        Kind::Refused => None,
        Kind::Scalar { text, plain } if Meaning::of(&text, plain) == Meaning::Nothing => {
            blank(position, what, findings);
            None
        }
        Kind::Scalar { .. } | Kind::Sequence(_) => {
            wrong_shape(position, what, "a mapping", found, findings);
            None
        }
    }
}

/// The nodes of a list.
pub(super) fn nodes(node: Node, what: &str, findings: &mut Findings) -> Option<Vec<Node>> {
    let position = node.position;
    let found = node.found();
    match node.kind {
        Kind::Sequence(items) => Some(items),
        Kind::Refused => None,
        Kind::Scalar { text, plain } if Meaning::of(&text, plain) == Meaning::Nothing => {
            blank(position, what, findings);
            None
        }
        Kind::Scalar { text, .. } => {
            let message = format!("{what} is a list, and this is {found}");
            let help = format!("write `[{}]`", value(&shown(&text)));
            findings.add_with_help(Code::WrongShape, position, message, help);
            None
        }
        Kind::Mapping(_) => {
            wrong_shape(position, what, "a list", found, findings);
            None
        }
    }
}

/// The keys of a mapping that someone meant to write: what is there and cannot be read, or is
/// misspelt, has its own diagnostic and is not missing as well.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Present {
    everything: bool,
    keys: Vec<&'static str>,
}

impl Present {
    /// The keys of an entry that could not be read at all.
    pub(super) const EVERYTHING: Self = Self {
        everything: true,
        keys: Vec::new(),
    };

    /// Takes note of a key, and reports it if it is not a known one.
    pub(super) fn note(
        &mut self,
        key: &Text,
        of: &str,
        known: &[&'static str],
        findings: &mut Findings,
    ) {
        if let Some(known) = known.iter().find(|known| **known == key.value) {
            self.keys.push(known);
            return;
        }
        let message = format!("unknown key `{}` in {of}", shown(&key.value));
        let meant = closest(&key.value, known.iter().copied());
        self.keys.extend(meant);
        let help = match meant {
            Some(meant) => format!("did you mean `{meant}`?"),
            None => format!("{of} takes {}", known.join(", ")),
        };
        findings.add_with_suggestion(Code::UnknownKey, key.position, message, help, meant);
    }

    /// Whether the entry could not be read at all.
    pub(crate) fn is_everything(&self) -> bool {
        self.everything
    }

    /// Whether someone meant to write `key`.
    pub(crate) fn has(&self, key: &str) -> bool {
        self.everything || self.keys.contains(&key)
    }
}

fn wrong_shape(at: Position, what: &str, wanted: &str, found: &str, findings: &mut Findings) {
    findings.add(
        Code::WrongShape,
        at,
        format!("{what} is {wanted}, and this is {found}"),
    );
}

/// Nothing is never everything, and never a default.
fn blank(at: Position, what: &str, findings: &mut Findings) {
    let part = if what.starts_with("an entry") {
        "entry"
    } else {
        "key"
    };
    let help = format!("write a value, or leave the {part} out");
    findings.add_with_help(Code::Blank, at, format!("{what} is blank"), help);
}
