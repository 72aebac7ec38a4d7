//! What stands on one line: scalars, and collections in braces and brackets.

use granit_parser::ScalarStyle;

use super::source::{Kind, Piece};
use crate::quote::{key, value};

/// A piece on one line; `None` if it cannot stand there.
pub(super) fn one_line(piece: &Piece<'_>) -> Option<String> {
    match &piece.kind {
        Kind::Scalar {
            text,
            style,
            source,
        } => scalar(text, *style, source),
        Kind::Sequence { items, .. } => {
            let items: Option<Vec<String>> = items.iter().map(inner).collect();
            Some(format!("[{}]", items?.join(", ")))
        }
        Kind::Mapping { entries, .. } => {
            let pair = |(key, value): &(Piece<'_>, Piece<'_>)| {
                Some(format!("{}: {}", inner(key)?, inner(value)?))
            };
            let pairs: Option<Vec<String>> = entries.iter().map(pair).collect();
            Some(format!("{{{}}}", pairs?.join(", ")))
        }
    }
}

/// The same inside of a collection, where nothing cannot be written.
fn inner(piece: &Piece<'_>) -> Option<String> {
    one_line(piece).filter(|text| !text.is_empty())
}

/// Plain text stays plain: it is so where it stands, and nothing here makes its place narrower.
fn scalar(text: &str, style: ScalarStyle, source: &str) -> Option<String> {
    match style {
        ScalarStyle::Plain if source.contains('\n') => {
            (!text.contains('\n')).then(|| text.to_owned())
        }
        ScalarStyle::Plain => Some(source.to_owned()),
        _ => Some(value(text)),
    }
}

/// The key of an entry that has a line of its own.
pub(super) fn block_key(piece: &Piece<'_>) -> String {
    match &piece.kind {
        Kind::Scalar {
            style: ScalarStyle::Plain,
            source,
            ..
        } if !source.contains('\n') => (*source).to_owned(),
        Kind::Scalar { text, .. } => key(text),
        // No key of a text that can be read.
        Kind::Sequence { .. } | Kind::Mapping { .. } => String::new(),
    }
}
