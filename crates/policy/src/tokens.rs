//! Where the words of a text stand, for those who replace one.

use std::{collections::BTreeMap, ops::Range};

use granit_parser::{Event, Parser, Span};

/// The words of a text, by the place where each begins.
#[derive(Clone, Debug, Default)]
pub struct Tokens(BTreeMap<(u32, u32), Range<usize>>);

impl Tokens {
    /// Those of a text, as far as it can be read.
    #[must_use]
    pub fn of(text: &str) -> Self {
        let events = Parser::new_from_str(text).map_while(Result::ok);
        let scalars = events.filter_map(|(event, span)| match event {
            Event::Scalar(..) => token(text, &span),
            _ => None,
        });
        Self(scalars.collect())
    }

    /// The bytes of the word that begins there, with its quotes.
    #[must_use]
    pub fn at(&self, line: u32, column: u32) -> Option<Range<usize>> {
        self.0.get(&(line, column)).cloned()
    }
}

fn token(text: &str, span: &Span) -> Option<((u32, u32), Range<usize>)> {
    let line = u32::try_from(span.start.line()).ok()?;
    let column = u32::try_from(span.start.col()).ok()?;
    let start = span.start.byte_offset()?;
    let end = start + span.slice(text)?.trim_end().len();
    Some(((line, column.saturating_add(1)), start..end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_found_where_it_begins() {
        let text = "ü: \"a b\"\nlist: [c, 'd']\nbroken: [";
        let tokens = Tokens::of(text);
        let at = |line, column| tokens.at(line, column).and_then(|it| text.get(it));
        assert_eq!(at(1, 1), Some("ü"));
        assert_eq!(at(1, 4), Some("\"a b\""));
        assert_eq!(at(2, 11), Some("'d'"));
        assert_eq!(at(2, 10), None);
        assert!(Tokens::of("").0.is_empty());
    }
}
