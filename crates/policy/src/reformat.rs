//! A text laid out anew. Comments, the order of entries, and where a line is left free between them
//! stay as they are.
//!
//! Unlike [`crate::format`], which writes a document from what it says, this goes by what stands
//! there: any YAML of the plain kind, cases and keyrings as well. What comes out is read again, and
//! thrown away unless it says the same with the same comments.

use core::fmt;

use crate::{
    Diagnostic,
    diagnostic::Findings,
    scalar::Meaning,
    yaml::{self, Kind, Node},
};

mod flow;
mod multiline;
mod print;
mod source;

use source::Source;

/// Why a text is not laid out anew.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotReformatted {
    /// It is not YAML of the plain kind: all that is wrong with it.
    Invalid(Vec<Diagnostic>),
    /// It would say something else, or lose a comment. That is a mistake of this formatter.
    WouldDiffer,
}

impl fmt::Display for NotReformatted {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Invalid(_) => "it cannot be read",
            Self::WouldDiffer => "formatted it would not say the same",
        })
    }
}

impl core::error::Error for NotReformatted {}

/// The text with two blanks for each level, one way to quote, collections in braces on one line where
/// they fit and on lines of their own where not.
///
/// A text that is one collection in braces or brackets is taken for JSON, and left as it is.
///
/// ```
/// let text = "# Ours.\npolicy:   'p'\n\n\nroutes:\n    GET /v1/models: { verdict: native } # all\n";
/// let laid_out = "# Ours.\npolicy: p\n\nroutes:\n  GET /v1/models: {verdict: native}  # all\n";
/// assert_eq!(signalbox_policy::reformat(text).as_deref(), Ok(laid_out));
/// ```
///
/// # Errors
/// If it cannot be read, or what came out would not say the same.
pub fn reformat(text: &str) -> Result<String, NotReformatted> {
    let before = tree(text).map_err(NotReformatted::Invalid)?;
    let source = Source::read(text).ok_or(NotReformatted::WouldDiffer)?;
    if source.root.is_flow() {
        return Ok(text.to_owned());
    }
    let laid_out = settled(print::print(&source))?;
    let keeps_meaning = || tree(&laid_out).is_ok_and(|after| says_the_same(&before, &after));
    let comments = source.comments();
    let keeps_comments = || Source::read(&laid_out).is_some_and(|it| it.comments() == comments);
    if keeps_meaning() && keeps_comments() {
        Ok(laid_out)
    } else {
        Err(NotReformatted::WouldDiffer)
    }
}

/// What stays as it is when it is laid out again. A comment in an odd place may take a round or two to
/// find one that it keeps.
fn settled(mut laid_out: String) -> Result<String, NotReformatted> {
    for _ in 0..MOST_ROUNDS {
        let source = Source::read(&laid_out).ok_or(NotReformatted::WouldDiffer)?;
        let again = print::print(&source);
        if again == laid_out {
            return Ok(laid_out);
        }
        laid_out = again;
    }
    Err(NotReformatted::WouldDiffer)
}

/// Nothing a person writes takes more than one.
const MOST_ROUNDS: usize = 4;

fn tree(text: &str) -> Result<Node, Vec<Diagnostic>> {
    let mut findings = Findings::default();
    let root = yaml::read(text, 0, &mut findings);
    findings.finish(root)
}

fn says_the_same(one: &Node, other: &Node) -> bool {
    match (&one.kind, &other.kind) {
        (
            Kind::Scalar { text, plain },
            Kind::Scalar {
                text: other,
                plain: also,
            },
        ) => text == other && Meaning::of(text, *plain) == Meaning::of(other, *also),
        (Kind::Sequence(items), Kind::Sequence(others)) => {
            let mut pairs = items.iter().zip(others);
            items.len() == others.len() && pairs.all(|(one, other)| says_the_same(one, other))
        }
        (Kind::Mapping(entries), Kind::Mapping(others)) => {
            let mut pairs = entries.iter().zip(others);
            entries.len() == others.len()
                && pairs.all(|(one, other)| {
                    one.key == other.key && says_the_same(&one.value, &other.value)
                })
        }
        _ => false,
    }
}
