//! A small tree of what YAML wrote, with the place of each part.
//!
//! Only the plain part of YAML: one document of mappings with text keys, sequences and scalars.
//! Anchors, aliases, tags, merge keys, directives and further documents are refused, and so is
//! every key written twice. Depth, bytes and nodes are bounded. Nothing is converted: whoever
//! reads a scalar says what it must be.

use crate::{Position, Text, diagnostic::Findings, scalar::Meaning};

mod build;
mod keys;

/// What was written at one place.
#[derive(Debug)]
pub(crate) struct Node {
    pub(crate) position: Position,
    pub(crate) kind: Kind,
}

/// What a node is.
#[derive(Debug)]
pub(crate) enum Kind {
    /// Text, and whether it stood there without quotes.
    Scalar {
        text: String,
        plain: bool,
    },
    Sequence(Vec<Node>),
    Mapping(Vec<Entry>),
    /// Something already reported, an alias for example: to be passed over in silence.
    Refused,
}

/// One key of a mapping with its value.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) key: Text,
    pub(crate) value: Node,
}

/// Reads the one document of `text`; `None` if there is nothing to go on with. `file` is its number,
/// as in [`Position`].
pub(crate) fn read(text: &str, file: u16, findings: &mut Findings) -> Option<Node> {
    build::read(text, file, findings)
}

impl Node {
    /// What the node is, for messages.
    pub(crate) fn found(&self) -> &'static str {
        match &self.kind {
            Kind::Sequence(_) => "a list",
            Kind::Mapping(_) => "a mapping",
            Kind::Refused => "something refused",
            Kind::Scalar { text, plain } => match Meaning::of(text, *plain) {
                Meaning::Words => "text",
                Meaning::Number => "a number",
                Meaning::Boolean => "a boolean",
                Meaning::Nothing => "nothing",
            },
        }
    }
}
