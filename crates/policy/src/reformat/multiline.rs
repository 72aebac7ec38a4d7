//! Scalars of several lines, as they are written: each line keeps its words.

use granit_parser::ScalarStyle;

use crate::quote::value;

/// The first line of a scalar, and those below it without what they are indented by.
pub(super) struct Lines {
    pub(super) first: String,
    pub(super) rest: Vec<String>,
}

/// The lines of a scalar that is written in several; `None` if it stands on one, or has to.
pub(super) fn lines(text: &str, style: ScalarStyle, source: &str) -> Option<Lines> {
    match style {
        ScalarStyle::Literal | ScalarStyle::Folded => Some(block(text, source)),
        _ if !source.contains('\n') => None,
        _ => {
            // What folded lines are indented by says nothing.
            let mut lines = source.lines();
            let first = lines.next()?.to_owned();
            let rest = lines.map(|line| line.trim_start().to_owned()).collect();
            Some(Lines { first, rest })
        }
    }
}

/// After `|` or `>`. Where the header says more than to strip the last line break, the text is written
/// in quotes.
fn block(text: &str, source: &str) -> Lines {
    let mut lines = source.lines();
    let header = lines.next().unwrap_or_default();
    let header = header.split_whitespace().next().unwrap_or_default();
    let content: Vec<&str> = lines.collect();
    let indent = |line: &&str| line.len() - line.trim_start_matches(' ').len();
    let first = content.iter().find(|line| !line.trim().is_empty());
    let is_usual = matches!(header, "|" | "|-" | ">" | ">-");
    let Some(depth) = first.map(indent).filter(|_| is_usual) else {
        return Lines {
            first: value(text),
            rest: Vec::new(),
        };
    };
    let rest = content
        .iter()
        .map(|line| line.get(depth..).unwrap_or_default().to_owned());
    Lines {
        first: header.to_owned(),
        rest: rest.collect(),
    }
}
