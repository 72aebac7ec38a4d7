//! Events of the parser become a tree.

use granit_parser::{ErrorKind, Event, Marker, Parser, ScalarStyle, ScanError, Span};

use super::{
    Entry, Kind, Meaning, Node,
    keys::{WRITE_IN_FULL, key_text, once_each},
};
use crate::{
    Position,
    diagnostic::{Code, Findings, shown},
    limits::TEXT_BYTES,
};

pub(super) fn read(text: &str, file: u16, findings: &mut Findings) -> Option<Node> {
    if text.len() > TEXT_BYTES {
        let message = format!(
            "the text has {} bytes; at most {TEXT_BYTES} are read",
            text.len()
        );
        let top = Position {
            file,
            ..Position::TOP
        };
        findings.add(Code::TooLarge, top, message);
        return None;
    }
    let mut builder = Builder {
        file,
        findings,
        open: Vec::new(),
        root: None,
        nodes: 0,
        documents: 0,
    };
    for event in Parser::new_from_str_with_options(text, options()) {
        let goes_on = match event {
            Ok((event, span)) => builder.event(event, span),
            Err(error) => builder.syntax(&error),
        };
        if !goes_on {
            return None;
        }
    }
    builder.finish()
}

fn options() -> granit_parser::Options {
    let mut options = granit_parser::options! {
        disallow_directives: true,
        emit_anchor_events: true,
        emit_unresolved_aliases: true,
        flow_nesting_limit: MOST_DEPTH,
        block_nesting_limit: MOST_DEPTH,
    };
    options.set_emit_comments(false);
    options
}

struct Builder<'f> {
    file: u16,
    findings: &'f mut Findings,
    /// Collections that have begun and not ended, the innermost last.
    open: Vec<Open>,
    root: Option<Node>,
    nodes: usize,
    documents: usize,
}

struct Open {
    position: Position,
    parts: Parts,
}

enum Parts {
    Sequence(Vec<Node>),
    Mapping {
        entries: Vec<Entry>,
        key: Option<Node>,
    },
}

impl Builder<'_> {
    /// Takes one event; false means that reading is over.
    fn event(&mut self, event: Event<'_>, span: Span) -> bool {
        let position = self.at(span.start);
        if let Some(tag) = span.tag_start {
            let help = "leave the tag out; write text in quotes";
            self.refuse(Code::YamlTag, self.at(tag), "tags are not read", help);
        }
        match event {
            Event::DocumentStart(..) => self.document(position),
            Event::Anchor(_, name) => {
                let message = format!("the anchor `&{}` is not read", shown(&name));
                self.refuse(Code::YamlAnchor, position, &message, WRITE_IN_FULL);
                true
            }
            Event::Alias(_) | Event::UnresolvedAlias(_) => {
                self.refuse(
                    Code::YamlAnchor,
                    position,
                    "aliases are not read",
                    WRITE_IN_FULL,
                );
                self.node(Node {
                    position,
                    kind: Kind::Refused,
                })
            }
            Event::Scalar(text, style, ..) => {
                let (text, plain) = (text.into_owned(), style == ScalarStyle::Plain);
                self.node(Node {
                    position,
                    kind: Kind::Scalar { text, plain },
                })
            }
            Event::SequenceStart(..) => self.begin(position, Parts::Sequence(Vec::new())),
            Event::MappingStart(..) => {
                let (entries, key) = (Vec::new(), None);
                self.begin(position, Parts::Mapping { entries, key })
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(),
            _ => true,
        }
    }

    fn begin(&mut self, position: Position, parts: Parts) -> bool {
        self.open.push(Open { position, parts });
        true
    }

    fn document(&mut self, position: Position) -> bool {
        self.documents += 1;
        if self.documents == 1 {
            return true;
        }
        let help = "put each document into a file of its own";
        self.refuse(
            Code::YamlDocuments,
            position,
            "a second YAML document begins here",
            help,
        );
        false
    }

    /// Puts a finished node where it belongs.
    fn node(&mut self, node: Node) -> bool {
        self.nodes += 1;
        if self.nodes > MOST_NODES {
            let message = format!("the text has more than {MOST_NODES} values");
            self.findings.add(Code::TooLarge, node.position, message);
            return false;
        }
        match self.open.last_mut().map(|open| &mut open.parts) {
            None => self.root = Some(node),
            Some(Parts::Sequence(items)) => items.push(node),
            Some(Parts::Mapping { entries, key }) => match key.take() {
                None => *key = Some(node),
                Some(key) => {
                    if let Some(key) = key_text(key, self.findings) {
                        entries.push(Entry { key, value: node });
                    }
                }
            },
        }
        true
    }

    fn close(&mut self) -> bool {
        let Some(Open { position, parts }) = self.open.pop() else {
            return true;
        };
        let kind = match parts {
            Parts::Sequence(items) => Kind::Sequence(items),
            Parts::Mapping { entries, .. } => Kind::Mapping(once_each(entries, self.findings)),
        };
        self.node(Node { position, kind })
    }

    fn finish(self) -> Option<Node> {
        let is_blank = |node: &Node| matches!(&node.kind, Kind::Scalar { text, plain } if Meaning::of(text, *plain) == Meaning::Nothing);
        let root = self.root.filter(|root| !is_blank(root));
        if root.is_none() {
            let top = Position {
                file: self.file,
                ..Position::TOP
            };
            self.findings.add(
                Code::EmptyDocument,
                top,
                "there is nothing in this document",
            );
        }
        root
    }

    fn syntax(&mut self, error: &ScanError) -> bool {
        let position = self.at(*error.marker());
        if *error.kind() == ErrorKind::RecursionLimitExceeded {
            let message = format!("lists and mappings are nested more than {MOST_DEPTH} deep");
            self.findings.add(Code::TooDeep, position, message);
            return false;
        }
        let message = error.info();
        match error.kind() {
            ErrorKind::ExpectedFlowMappingSeparator | ErrorKind::ExpectedFlowSequenceSeparator => {
                let help = "between `{` and `}` or `[` and `]`, text that holds `{`, `}`, `[`, `]` or `,` needs quotes";
                self.findings
                    .add_with_help(Code::YamlSyntax, position, message, help);
            }
            _ => self.findings.add(Code::YamlSyntax, position, message),
        }
        false
    }

    fn at(&self, marker: Marker) -> Position {
        let number = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        Position {
            line: number(marker.line()).max(1),
            column: number(marker.col()).saturating_add(1),
            file: self.file,
        }
    }

    fn refuse(&mut self, code: Code, position: Position, message: &str, help: &str) {
        self.findings.add_with_help(code, position, message, help);
    }
}

/// A node takes about a hundred bytes: a hostile text costs some 200 MB at most.
const MOST_NODES: usize = 2_000_000;

/// The language itself needs six.
const MOST_DEPTH: usize = 16;
