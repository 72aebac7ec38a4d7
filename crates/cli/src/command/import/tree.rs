//! What a file of somebody else's program says, as a tree: YAML or JSON, with bounds and without
//! anything being guessed. A key that stands twice is an error.

use std::{fmt, path::Path};

use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_saphyr::{Options, options::MergeKeyPolicy};
use signalbox_files::read_regular;

/// One value.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Tree {
    Nothing,
    Flag(bool),
    Number(f64),
    Text(String),
    List(Vec<Self>),
    Map(Vec<(String, Self)>),
}

/// Why a file is no tree.
#[derive(Debug, thiserror::Error)]
pub(super) enum NoTree {
    #[error("cannot read {0}")]
    Unread(String, #[source] std::io::Error),
    #[error("{0} is not UTF-8")]
    NotText(String),
    #[error("{file} is neither YAML nor JSON that can be read: {why}")]
    Syntax { file: String, why: String },
}

impl Tree {
    /// The tree of a file.
    pub(super) fn of(path: &Path) -> Result<Self, NoTree> {
        let file = path.display().to_string();
        let bytes = read_regular(path, MOST_BYTES);
        let bytes = bytes.map_err(|error| NoTree::Unread(file.clone(), error))?;
        let text = String::from_utf8(bytes).map_err(|_| NoTree::NotText(file.clone()))?;
        Self::parse(&text).map_err(|why| NoTree::Syntax { file, why })
    }

    /// The tree of a text. Messages hold no value of it: one might be a secret.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        if text.trim_start().starts_with(['{', '[']) {
            match serde_json::from_str(text) {
                Ok(tree) => return Ok(tree),
                // Flow style begins in the same way.
                Err(error) if error.is_data() => return Err(error.to_string()),
                Err(_) => {}
            }
        }
        serde_saphyr::from_str_with_options(text, options()).map_err(|error| {
            let place = error.location().map(|place| (place.line(), place.column()));
            let (line, column) = place.unwrap_or_default();
            match error.without_snippet().to_string() {
                words if words.contains(TWICE) => format!("line {line}: {TWICE}"),
                words if words.contains("budget") || words.contains("limit") => {
                    format!("line {line}: it is larger when it is written out than may be")
                }
                _ => format!("line {line}, column {column}"),
            }
        })
    }

    /// The value of a key of a mapping.
    pub(super) fn get(&self, key: &str) -> Option<&Self> {
        let entries = self.entries();
        let mut found = entries.iter().filter(|(name, _)| name == key);
        found.next().map(|(_, value)| value)
    }

    /// The entries of a mapping; none of anything else.
    pub(super) fn entries(&self) -> &[(String, Self)] {
        match self {
            Self::Map(entries) => entries,
            _ => &[],
        }
    }

    /// The text, if it is one that says something.
    pub(super) fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) if !text.trim().is_empty() => Some(text),
            _ => None,
        }
    }

    /// What it is, for messages.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Nothing => "nothing",
            Self::Flag(_) => "a boolean",
            Self::Number(_) => "a number",
            Self::Text(_) => "text",
            Self::List(_) => "a list",
            Self::Map(_) => "a mapping",
        }
    }
}

fn options() -> Options {
    let mut options = Options::default();
    options.merge_keys = MergeKeyPolicy::Merge;
    options.with_snippet = false;
    options.alias_limits.max_total_replayed_events = MOST_REPLAYED;
    if let Some(budget) = &mut options.budget {
        budget.max_documents = 1;
        budget.max_depth = MOST_DEPTH;
        budget.max_events = MOST_NODES * 2;
        budget.max_nodes = MOST_NODES;
        // One anchor may serve a hundred models: what counts is what all of it comes to.
        budget.enforce_alias_anchor_ratio = false;
    }
    options
}

impl<'de> Deserialize<'de> for Tree {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyValue)
    }
}

struct AnyValue;

impl<'de> Visitor<'de> for AnyValue {
    type Value = Tree;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a value")
    }

    fn visit_unit<E: de::Error>(self) -> Result<Tree, E> {
        Ok(Tree::Nothing)
    }

    fn visit_none<E: de::Error>(self) -> Result<Tree, E> {
        Ok(Tree::Nothing)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Tree, D::Error> {
        Tree::deserialize(deserializer)
    }

    fn visit_bool<E: de::Error>(self, flag: bool) -> Result<Tree, E> {
        Ok(Tree::Flag(flag))
    }

    fn visit_f64<E: de::Error>(self, number: f64) -> Result<Tree, E> {
        Ok(Tree::Number(number))
    }

    #[expect(
        clippy::cast_precision_loss,
        reason = "a weight or a limit: nobody counts that far"
    )]
    fn visit_i64<E: de::Error>(self, number: i64) -> Result<Tree, E> {
        Ok(Tree::Number(number as f64))
    }

    #[expect(
        clippy::cast_precision_loss,
        reason = "a weight or a limit: nobody counts that far"
    )]
    fn visit_u64<E: de::Error>(self, number: u64) -> Result<Tree, E> {
        Ok(Tree::Number(number as f64))
    }

    #[expect(
        clippy::cast_precision_loss,
        reason = "a weight or a limit: nobody counts that far"
    )]
    fn visit_i128<E: de::Error>(self, number: i128) -> Result<Tree, E> {
        Ok(Tree::Number(number as f64))
    }

    #[expect(
        clippy::cast_precision_loss,
        reason = "a weight or a limit: nobody counts that far"
    )]
    fn visit_u128<E: de::Error>(self, number: u128) -> Result<Tree, E> {
        Ok(Tree::Number(number as f64))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Tree, E> {
        Ok(Tree::Text(text.to_owned()))
    }

    fn visit_string<E: de::Error>(self, text: String) -> Result<Tree, E> {
        Ok(Tree::Text(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Tree, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Tree::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Tree, A::Error> {
        let mut map: Vec<(String, Tree)> = Vec::new();
        let mut seen = std::collections::HashSet::new();
        while let Some((key, value)) = entries.next_entry::<String, Tree>()? {
            if !seen.insert(key.clone()) {
                return Err(de::Error::custom(TWICE));
            }
            map.push((key, value));
        }
        Ok(Tree::Map(map))
    }
}

const TWICE: &str = "a key stands twice in one mapping";
/// An export with the pictures of some hundred assistants in it.
const MOST_BYTES: u64 = 64 << 20;
const MOST_NODES: usize = 1_000_000;
/// What aliases stand for is kept once for each anchor around it: a little text is much memory.
const MOST_REPLAYED: usize = 50_000;
const MOST_DEPTH: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn yaml_and_json_say_the_same() {
        let yaml = Tree::parse("a: [1, x, ~, true]\nb: {c: 1.5}\n").unwrap();
        let json = Tree::parse("{\"a\": [1, \"x\", null, true], \"b\": {\"c\": 1.5}}").unwrap();
        assert_eq!(yaml, json);
        assert_eq!(
            Tree::parse("{a: 1, b: c}").unwrap().get("b"),
            Some(&Tree::Text("c".into()))
        );
    }

    #[test]
    fn anchors_count_as_often_as_they_are_used_and_no_further() {
        let tree = Tree::parse("x: &x {a: b}\ny: *x\nz: {<<: *x, c: d}\n").unwrap();
        assert_eq!(tree.get("y"), tree.get("x"));
        assert_eq!(
            tree.get("z").unwrap().get("a"),
            Some(&Tree::Text("b".into()))
        );
        let bomb: String = (1..40).fold("a0: &a0 [x, x]\n".to_owned(), |text, n| {
            format!("{text}a{n}: &a{n} [*a{0}, *a{0}]\n", n - 1)
        });
        assert!(Tree::parse(&bomb).is_err());
        let many = |count: usize| format!("a: &a [x, x]\nb: [{}]\n", "*a, ".repeat(count));
        assert!(Tree::parse(&many(10_000)).is_ok());
        let why = Tree::parse(&many(20_000)).unwrap_err();
        assert!(why.contains("larger when it is written out"), "{why}");
        assert!(Tree::parse(&"[".repeat(100_000)).is_err());
        assert!(Tree::parse("{\"a\":".repeat(10_000).as_str()).is_err());
    }

    #[test]
    fn a_key_twice_is_an_error_without_its_value() {
        for text in ["{\"a\": 1, \"a\": \"sk-secret\"}", "a: 1\na: sk-secret\n"] {
            let why = Tree::parse(text).unwrap_err();
            assert!(!why.contains("secret"), "{why}");
        }
        let why = Tree::parse("api_key: sk-secret\n  b: [").unwrap_err();
        assert!(!why.contains("secret"), "{why}");
    }

    #[test]
    fn numbers_of_any_size_end_in_a_number_or_a_place() {
        for text in ["-1", "0x10", "1e300", "18446744073709551615", "1.5"] {
            let tree = Tree::parse(&format!("a: {text}")).unwrap();
            assert!(
                matches!(tree.get("a"), Some(Tree::Number(_))),
                "{text}: {tree:?}"
            );
        }
        for text in ["1e999", "99999999999999999999999999999999999999999999"] {
            match Tree::parse(&format!("a: {text}")) {
                Ok(tree) => assert!(tree.get("a").is_some(), "{text}"),
                Err(why) => assert!(why.contains("line 1"), "{text}: {why}"),
            }
        }
    }
}
