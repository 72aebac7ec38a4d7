//! Which value of a document stands at a place. A reader's errors know the place alone.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_saphyr::Spanned;

use super::{Position, read, without_tokens};

/// A value of a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ValueAt {
    /// The keys that lead to it, with dots between them; empty for the document itself. Never a key
    /// that looks like a GT key.
    pub path: String,
    /// Whether it is null.
    pub is_null: bool,
}

/// The value that stands at a place; for the place of a key, the map that has it. `None` if nothing
/// begins there, or the document cannot be read at all.
#[must_use]
pub fn value_at(text: &str, place: Position) -> Option<ValueAt> {
    let document: Spanned<Node> = read(text).ok()?;
    let mut keys = Vec::new();
    let is_null = find(&document, place, &mut keys)?;
    Some(ValueAt {
        path: without_tokens(&keys.join(".")),
        is_null,
    })
}

/// What YAML says, without what it means.
enum Node {
    Map(Vec<(Spanned<String>, Spanned<Self>)>),
    List(Vec<Spanned<Self>>),
    Scalar { is_null: bool },
}

/// A map of blocks begins where its first key does, so whoever is further out comes first.
fn find<'a>(node: &'a Spanned<Node>, place: Position, keys: &mut Vec<&'a str>) -> Option<bool> {
    if Position::of(node) == place {
        return Some(matches!(node.value, Node::Scalar { is_null: true }));
    }
    match &node.value {
        Node::Scalar { .. } => None,
        Node::List(entries) => entries.iter().find_map(|entry| find(entry, place, keys)),
        Node::Map(entries) => {
            if entries.iter().any(|(key, _)| Position::of(key) == place) {
                return Some(false);
            }
            entries.iter().find_map(|(key, value)| {
                keys.push(&key.value);
                let found = find(value, place, keys);
                if found.is_none() {
                    keys.pop();
                }
                found
            })
        }
    }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NodeVisitor)
    }
}

struct NodeVisitor;

impl<'de> Visitor<'de> for NodeVisitor {
    type Value = Node;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("anything")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Node, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = map.next_entry()? {
            entries.push(entry);
        }
        Ok(Node::Map(entries))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Node, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = list.next_element()? {
            entries.push(entry);
        }
        Ok(Node::List(entries))
    }

    fn visit_unit<E>(self) -> Result<Node, E> {
        Ok(Node::Scalar { is_null: true })
    }

    fn visit_str<E>(self, _: &str) -> Result<Node, E> {
        Ok(Node::Scalar { is_null: false })
    }

    fn visit_bool<E>(self, _: bool) -> Result<Node, E> {
        Ok(Node::Scalar { is_null: false })
    }

    fn visit_i64<E>(self, _: i64) -> Result<Node, E> {
        Ok(Node::Scalar { is_null: false })
    }

    fn visit_u64<E>(self, _: u64) -> Result<Node, E> {
        Ok(Node::Scalar { is_null: false })
    }

    fn visit_f64<E>(self, _: f64) -> Result<Node, E> {
        Ok(Node::Scalar { is_null: false })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DOCUMENT: &str = "a: 1\nb:\n  c: {d: [x, null], e: ~}\n  f: true\ngtak_x: -1.5\n";

    fn at(line: u64, column: u64) -> Option<(String, bool)> {
        value_at(DOCUMENT, Position { line, column }).map(|value| (value.path, value.is_null))
    }

    #[test]
    fn a_value_is_found_by_its_place_and_named_by_its_keys() {
        let named = |path: &str, is_null| Some((path.to_owned(), is_null));
        assert_eq!(at(1, 4), named("a", false));
        assert_eq!(at(3, 6), named("b.c", false));
        assert_eq!(at(3, 10), named("b.c.d", false));
        assert_eq!(at(3, 14), named("b.c.d", true));
        assert_eq!(at(3, 24), named("b.c.e", true));
        assert_eq!(at(4, 6), named("b.f", false));
        assert_eq!(at(1, 1), named("", false));
        assert_eq!(at(1, 2), None);
    }

    #[test]
    fn the_place_of_a_key_is_that_of_its_map() {
        assert_eq!(at(3, 3), Some(("b".to_owned(), false)));
        assert_eq!(at(4, 3), Some(("b".to_owned(), false)));
        assert_eq!(at(5, 1), Some((String::new(), false)));
    }

    #[test]
    fn no_path_repeats_a_gt_key() {
        assert_eq!(at(5, 9), Some(("gtak_…".to_owned(), false)));
    }

    #[test]
    fn nothing_is_found_in_what_cannot_be_read() {
        let place = Position { line: 1, column: 4 };
        assert_eq!(value_at("a: [", place), None);
        assert_eq!(value_at("a: 1\na: 2", place), None);
    }
}
