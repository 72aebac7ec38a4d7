//! Strict YAML for the files an operator writes.
//!
//! Unknown and duplicate keys, anchors, merge keys, tags and further documents are errors, and a
//! key that is present has a value: null is never read as "left out".

mod names;
mod place;
mod shape;
mod words;

use std::fmt;
use std::marker::PhantomData;

use serde::de::{self, Deserialize, DeserializeOwned, Deserializer, Visitor};
use serde_saphyr::options::MergeKeyPolicy;
use serde_saphyr::{Options, Spanned};

pub use names::WrittenNames;
pub use place::{ValueAt, value_at};
pub use shape::Shape;
pub use words::{list, map, word};

/// Where in a file, and what the reader says of it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Unreadable {
    /// The place; line 0 if the reader knows none.
    pub position: Position,
    /// The reader's own words; never a value that looks like a GT key.
    pub message: String,
}

/// A place in a file, counted from one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Position {
    /// The line.
    pub line: u64,
    /// The column, in characters.
    pub column: u64,
}

impl Position {
    /// Where a value stands.
    pub fn of<T>(value: &Spanned<T>) -> Self {
        Self {
            line: value.referenced.line(),
            column: value.referenced.column(),
        }
    }
}

impl fmt::Display for Position {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}", self.line, self.column)
    }
}

/// Reads one document.
pub fn read<T: DeserializeOwned>(text: &str) -> Result<T, Unreadable> {
    serde_saphyr::from_str_with_options(text, options()).map_err(|error| {
        let error = error.without_snippet();
        let position = error
            .location()
            .map_or_else(Position::default, |location| Position {
                line: location.line(),
                column: location.column(),
            });
        Unreadable {
            position,
            message: without_tokens(without_place(&error.to_string(), position)),
        }
    })
}

/// For `#[serde(default, deserialize_with = …)]`: a key may be left out, but not be null.
pub fn present<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    deserializer
        .deserialize_option(NotNull(PhantomData))
        .map(Some)
}

/// For `#[serde(deserialize_with = …)]`: a key must be there and not be null.
pub fn required<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    deserializer.deserialize_option(NotNull(PhantomData))
}

struct NotNull<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for NotNull<T> {
    type Value = T;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a value")
    }

    fn visit_none<E: de::Error>(self) -> Result<T, E> {
        Err(E::custom(
            "null is not a value: write one, or remove the key",
        ))
    }

    fn visit_unit<E: de::Error>(self) -> Result<T, E> {
        self.visit_none()
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<T, D::Error> {
        T::deserialize(deserializer)
    }
}

fn options() -> Options {
    let mut options = Options::default();
    options.merge_keys = MergeKeyPolicy::Error;
    options.strict_booleans = true;
    options.reject_unsupported_tags = true;
    options.with_snippet = false;
    if let Some(budget) = &mut options.budget {
        budget.max_aliases = 0;
        budget.max_anchors = 0;
        budget.max_documents = 1;
        // A keyring of 100,000 keys has some forty events a key; its size is bounded before.
        budget.max_events = 20_000_000;
        budget.max_nodes = 20_000_000;
    }
    options
}

/// The reader ends its messages with the place, which stands before them already.
fn without_place(message: &str, at: Position) -> &str {
    let place = format!(" at line {}, column {}", at.line, at.column);
    message.strip_suffix(place.as_str()).unwrap_or(message)
}

/// The reader quotes values it did not expect, and someone will paste a GT key in the wrong place.
fn without_tokens(message: &str) -> String {
    let mut clean = String::with_capacity(message.len());
    let mut rest = message;
    while let Some((before, after)) = rest.split_once("gtak_") {
        clean.push_str(before);
        clean.push_str("gtak_…");
        rest = after.trim_start_matches(|c: char| c.is_ascii_graphic() && c != '`' && c != '"');
    }
    clean.push_str(rest);
    clean
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Sample {
        #[serde(default, deserialize_with = "present")]
        list: Option<Vec<String>>,
        #[serde(default, deserialize_with = "present")]
        map: Option<BTreeMap<String, String>>,
        #[serde(default, deserialize_with = "present")]
        word: Option<Spanned<String>>,
        #[serde(default, deserialize_with = "present")]
        inner: Option<Inner>,
    }

    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Inner {
        #[serde(deserialize_with = "required")]
        file: Vec<String>,
    }

    #[test]
    fn what_is_left_out_is_left_out() {
        let sample: Sample = read("{}").unwrap();
        assert!(sample.list.is_none() && sample.map.is_none());
        assert!(sample.word.is_none() && sample.inner.is_none());
        let full: Sample = read("list: [a]\nmap: {k: v}\nword: x\ninner: {file: [a]}").unwrap();
        assert_eq!(full.list.as_deref(), Some(&["a".to_owned()][..]));
        assert_eq!(full.map.map(|map| map.len()), Some(1));
        assert_eq!(
            full.word.map(|word| Position::of(&word)),
            Some(Position { line: 3, column: 7 })
        );
        assert_eq!(
            full.inner.map(|inner| inner.file),
            Some(vec!["a".to_owned()])
        );
    }

    #[test]
    fn null_and_blank_are_errors_with_a_position() {
        for text in [
            "list:",
            "list: null",
            "list: ~",
            "map:",
            "map: null",
            "word:",
            "word: null",
            "inner:",
            "inner: null",
            "inner: {}",
            "inner: {file: }",
            "inner: {file: null}",
            "list: [null]",
            "list: [a, ]\nlist: [b]",
            "map: {k: }",
            "map: {k: null}",
        ] {
            let error = read::<Sample>(text).unwrap_err();
            assert!(error.position.line > 0, "{text}: {error:?}");
        }
    }

    #[test]
    fn yaml_that_hides_things_is_refused() {
        for text in [
            "unknown: 1",
            "word: a\nword: b",
            "word: &x a",
            "list: &x [a]\nmap: {k: *x}",
            "map: {<<: {a: b}}",
            "word: !custom a",
            "word: a\n---\nword: b",
            "list: a",
            "word: [a]",
        ] {
            assert!(read::<Sample>(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_gt_key_in_the_wrong_place_is_not_repeated() {
        let error = read::<Sample>("inner: gtak_very-secret").unwrap_err();
        assert!(!error.to_string().contains("very"), "{error}");
        assert_eq!(
            without_tokens("a `gtak_abc` b gtak_x, c"),
            "a `gtak_…` b gtak_… c"
        );
    }
}
