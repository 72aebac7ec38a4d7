//! Texts and lists that stand nowhere.

use crate::{List, Text};

pub(super) fn text(value: impl Into<String>) -> Text {
    Text {
        value: value.into(),
        ..Text::default()
    }
}

pub(super) fn list(words: &[&str]) -> List {
    List {
        items: words.iter().map(|word| text(*word)).collect(),
        ..List::default()
    }
}
