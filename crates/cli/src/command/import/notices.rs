//! What of a file is not in the policy, and where secrets stood.

use std::collections::BTreeMap;

use super::{
    secret::{is_reference, is_secret, is_secret_key, is_secret_value},
    tree::Tree,
};
use crate::show;

/// What is to be said of an import.
#[derive(Debug, Default)]
pub(super) struct Notices {
    /// What matters for all of it.
    remarks: Vec<String>,
    /// Entries that are left out, with the reason.
    skipped: Vec<String>,
    /// Settings that a policy has no place for, and how often.
    ignored: BTreeMap<String, usize>,
    /// Where secrets stood.
    secrets: Vec<String>,
}

impl Notices {
    pub(super) fn remark(&mut self, text: impl Into<String>) {
        let text = text.into();
        if !self.remarks.contains(&text) {
            self.remarks.push(text);
        }
    }

    pub(super) fn skipped(&mut self, place: &str, why: &str) {
        self.skipped.push(format!("{place}: {why}"));
    }

    /// Settings of a mapping that nothing is made of. `known` are those that something is made of.
    pub(super) fn ignore_all_but(&mut self, place: &str, tree: &Tree, known: &[&str]) {
        for (key, value) in tree.entries() {
            let is_unset = match value {
                Tree::Nothing => true,
                Tree::Text(text) => text.is_empty(),
                _ => false,
            };
            // A secret is told of by itself.
            let is_secret = match value {
                Tree::Text(text) => is_secret_value(key, text),
                _ => is_secret_key(key),
            };
            if !is_unset && !is_secret && !known.contains(&key.as_str()) {
                self.ignore(&below(place, key));
            }
        }
    }

    pub(super) fn ignore(&mut self, place: &str) {
        *self.ignored.entry(place.to_owned()).or_default() += 1;
    }

    /// Finds secrets anywhere.
    pub(super) fn find_secrets(&mut self, place: &str, tree: &Tree) {
        match tree {
            Tree::Map(entries) => {
                for (key, value) in entries {
                    let place = below(place, key);
                    match value {
                        Tree::Text(text) if is_secret_value(key, text) => self.secrets.push(place),
                        value if is_secret_key(key) => self.find_any_text(&place, value),
                        value => self.find_secrets(&place, value),
                    }
                }
            }
            Tree::List(items) => {
                for (index, item) in items.iter().enumerate() {
                    self.find_secrets(&format!("{place}[{index}]"), item);
                }
            }
            Tree::Text(text) if is_secret(text) => self.secrets.push(place.to_owned()),
            _ => {}
        }
    }

    /// What stands below a key that means secrets.
    fn find_any_text(&mut self, place: &str, tree: &Tree) {
        match tree {
            Tree::Text(text) if !is_reference(text) => self.secrets.push(place.to_owned()),
            Tree::List(items) => {
                for (index, item) in items.iter().enumerate() {
                    self.find_any_text(&format!("{place}[{index}]"), item);
                }
            }
            Tree::Map(entries) => {
                for (key, value) in entries {
                    self.find_any_text(&below(place, key), value);
                }
            }
            _ => {}
        }
    }

    /// Each on a line of its own, without anything that a terminal would obey.
    pub(super) fn lines(&self) -> Vec<String> {
        let mut lines = self.remarks.clone();
        lines.extend(shortened(
            self.skipped
                .iter()
                .map(|it| format!("left out: {it}"))
                .collect(),
        ));
        let ignored = self.ignored.iter().map(|(place, count)| match count {
            1 => format!("not carried over: {place}"),
            count => format!("not carried over: {place}, {count} times"),
        });
        lines.extend(shortened(ignored.collect()));
        let secrets = self.secrets.iter();
        let secrets = secrets.map(|place| format!("a secret stood at {place}, and is not copied"));
        lines.extend(shortened(secrets.collect()));
        lines.iter().map(|line| show::plain(line)).collect()
    }
}

/// The first of many, and how many there are besides.
fn shortened(mut lines: Vec<String>) -> Vec<String> {
    let more = lines.len().saturating_sub(MOST_LINES);
    lines.truncate(MOST_LINES);
    if more > 0 {
        lines.push(format!("and {more} more of these"));
    }
    lines
}

/// The place of a key below another place.
pub(super) fn below(place: &str, key: &str) -> String {
    let key: String = match is_secret(key) {
        true => "…".to_owned(),
        false => key.chars().take(80).collect(),
    };
    match place {
        "" => key,
        place => format!("{place}.{key}"),
    }
}

const MOST_LINES: usize = 50;
