//! A list of names, or the word `all`.

use std::fmt;

use serde::Deserialize;
use serde::de::{self, Deserializer, SeqAccess, Visitor};
use serde_saphyr::Spanned;

/// A list of names, or the word `all`.
#[derive(Debug)]
pub enum WrittenNames {
    /// The word.
    All,
    /// The list.
    Only(Vec<Spanned<String>>),
}

impl<'de> Deserialize<'de> for WrittenNames {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NamesVisitor)
    }
}

struct NamesVisitor;

impl<'de> Visitor<'de> for NamesVisitor {
    type Value = WrittenNames;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a list of names, or the word `all`")
    }

    fn visit_str<E: de::Error>(self, word: &str) -> Result<WrittenNames, E> {
        if word == "all" {
            Ok(WrittenNames::All)
        } else {
            Err(E::custom("write a list of names, or the word `all`"))
        }
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut names: A) -> Result<WrittenNames, A::Error> {
        let mut list = Vec::new();
        while let Some(name) = names.next_element()? {
            list.push(name);
        }
        Ok(WrittenNames::Only(list))
    }
}
