//! Values in place of their names.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    reference::{Piece, is_used, pieces},
    values::{Settled, unknown},
};
use crate::{
    Text,
    diagnostic::{Code, Findings, closest},
    limits::TEXT_BYTES,
};

/// What names stand for in one case alone.
pub(super) type Row = BTreeMap<String, String>;

/// Puts values into texts.
pub(super) struct Expander<'e> {
    pub(super) settled: &'e Settled<'e>,
    /// The names that stood in some text.
    pub(super) used: BTreeSet<String>,
    /// How much may still be put in; `None` if it was too much.
    room: Option<usize>,
}

impl<'e> Expander<'e> {
    pub(super) const fn of(settled: &'e Settled<'e>) -> Self {
        Self {
            settled,
            used: BTreeSet::new(),
            room: Some(TEXT_BYTES),
        }
    }

    /// Puts the values into a text; those of the `row` go first.
    pub(super) fn put(&mut self, text: &mut Text, row: &Row, findings: &mut Findings) {
        if is_used(&text.value) {
            text.value = self.expanded(text, row, findings);
        }
    }

    /// Counts a text that is there once more.
    pub(super) fn charge(&mut self, text: &Text, findings: &mut Findings) {
        self.take(text.value.len(), text, findings);
    }

    /// Whether there was too much to put in.
    pub(super) const fn is_full(&self) -> bool {
        self.room.is_none()
    }

    fn expanded(&mut self, text: &Text, row: &Row, findings: &mut Findings) -> String {
        let mut out = String::new();
        let mut is_whole = true;
        for piece in pieces(&text.value) {
            let piece = match piece {
                Piece::Literal(literal) => Some(literal),
                Piece::Name(name) => {
                    self.used.insert(name.to_owned());
                    self.value(name, text, row, findings)
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
            if self.take(piece.len(), text, findings) {
                out.push_str(piece);
            }
        }
        if !is_whole {
            findings.close(text.position);
        }
        out
    }

    /// Whether there is room for so many bytes more.
    fn take(&mut self, bytes: usize, text: &Text, findings: &mut Findings) -> bool {
        let left = self.room.and_then(|room| room.checked_sub(bytes));
        let was_full = std::mem::replace(&mut self.room, left).is_none();
        if left.is_none() && !was_full {
            let message = format!("with its values the document has more than {TEXT_BYTES} bytes");
            findings.add(Code::TooLarge, text.position, message);
        }
        left.is_some()
    }

    /// The value of a name; one that has none has been reported where it is declared.
    fn value<'r>(
        &self,
        name: &str,
        text: &Text,
        row: &'r Row,
        findings: &mut Findings,
    ) -> Option<&'r str>
    where
        'e: 'r,
    {
        if let Some(value) = row.get(name) {
            return Some(value);
        }
        let value = self.settled.value(name);
        if value.is_none() {
            let message = format!("there is no value `{name}`");
            let known = row.keys().map(String::as_str);
            let known = known.chain(self.settled.names());
            let help = if row.is_empty() {
                unknown(name, known)
            } else {
                unknown_in_each(name, known)
            };
            findings.add_with_help(Code::UnknownValue, text.position, message, help);
        }
        value.flatten()
    }
}

fn unknown_in_each<'k>(name: &str, known: impl Iterator<Item = &'k str>) -> String {
    let known: Vec<&str> = known.collect();
    match closest(name, known.iter().copied()) {
        Some(meant) => format!("did you mean `{meant}`?"),
        None => format!("this case knows {}", known.join(", ")),
    }
}
