//! A configuration of Envoy as a tree, in which each value knows its place: YAML or JSON, which is YAML
//! too.

use std::fmt;

use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_saphyr::{Options, Spanned, options::MergeKeyPolicy};

/// A value and its place.
pub(super) type Node = Spanned<Value>;

/// A value.
#[derive(Clone, Debug)]
pub(super) enum Value {
    Nothing,
    Flag(bool),
    /// A number or a text, as it is written.
    Text(String),
    List(Vec<Node>),
    Map(Vec<(Spanned<String>, Node)>),
}

impl Value {
    /// The value of a key of a mapping, if it is there and not null.
    pub(super) fn get(&self, key: &str) -> Option<&Node> {
        let (_, value) = self.entries().iter().find(|(name, _)| name.value == key)?;
        (!matches!(value.value, Self::Nothing)).then_some(value)
    }

    /// The value at a path of keys.
    pub(super) fn at(&self, path: &[&str]) -> Option<&Node> {
        let (first, rest) = path.split_first()?;
        let value = self.get(first)?;
        match rest {
            [] => Some(value),
            rest => value.value.at(rest),
        }
    }

    pub(super) fn entries(&self) -> &[(Spanned<String>, Node)] {
        match self {
            Self::Map(entries) => entries,
            _ => &[],
        }
    }

    /// The items of a list; none of anything else.
    pub(super) fn items(&self) -> &[Node] {
        match self {
            Self::List(items) => items,
            _ => &[],
        }
    }

    pub(super) fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Whether a key is there and true, as a boolean or the object that wraps one.
    pub(super) fn is_set(&self, key: &str) -> bool {
        self.get(key).is_some_and(|value| match &value.value {
            Self::Flag(flag) => *flag,
            Self::Text(text) => text == "true",
            Self::Map(_) => value.value.is_set("value"),
            _ => false,
        })
    }
}

/// Whether a `typed_config` is of this message.
pub(super) fn is(config: &Node, message: &str) -> bool {
    let of = config.value.get("@type").and_then(|kind| kind.value.text());
    of.is_some_and(|of| of.rsplit('.').next() == Some(message))
}

/// The text of a key.
pub(super) fn word<'t>(value: &'t Value, key: &str) -> Option<&'t str> {
    value.get(key)?.value.text()
}

/// The tree of a text.
///
/// # Errors
/// Where it cannot be read.
pub(super) fn parse(text: &str) -> Result<Node, String> {
    serde_saphyr::from_str_with_options(text, options()).map_err(|error| {
        let place = error.location().map(|place| (place.line(), place.column()));
        let (line, column) = place.unwrap_or_default();
        format!(
            "{line}:{column}: neither YAML nor JSON that can be read: {}",
            error.without_snippet()
        )
    })
}

fn options() -> Options {
    let mut options = Options::default();
    options.merge_keys = MergeKeyPolicy::Merge;
    options.with_snippet = false;
    if let Some(budget) = &mut options.budget {
        budget.max_documents = 1;
        budget.max_depth = MOST_DEPTH;
        budget.max_events = MOST_NODES * 2;
        budget.max_nodes = MOST_NODES;
        budget.enforce_alias_anchor_ratio = false;
    }
    options
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyValue)
    }
}

struct AnyValue;

impl<'de> Visitor<'de> for AnyValue {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a value")
    }

    fn visit_unit<E: de::Error>(self) -> Result<Value, E> {
        Ok(Value::Nothing)
    }

    fn visit_none<E: de::Error>(self) -> Result<Value, E> {
        Ok(Value::Nothing)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        Value::deserialize(deserializer)
    }

    fn visit_bool<E: de::Error>(self, flag: bool) -> Result<Value, E> {
        Ok(Value::Flag(flag))
    }

    fn visit_f64<E: de::Error>(self, number: f64) -> Result<Value, E> {
        Ok(Value::Text(number.to_string()))
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<Value, E> {
        Ok(Value::Text(number.to_string()))
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<Value, E> {
        Ok(Value::Text(number.to_string()))
    }

    fn visit_i128<E: de::Error>(self, number: i128) -> Result<Value, E> {
        Ok(Value::Text(number.to_string()))
    }

    fn visit_u128<E: de::Error>(self, number: u128) -> Result<Value, E> {
        Ok(Value::Text(number.to_string()))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Value, E> {
        Ok(Value::Text(text.to_owned()))
    }

    fn visit_string<E: de::Error>(self, text: String) -> Result<Value, E> {
        Ok(Value::Text(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Value::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut map = Vec::new();
        while let Some(entry) = entries.next_entry()? {
            map.push(entry);
        }
        Ok(Value::Map(map))
    }
}

/// As large as anybody writes by hand or generates for one proxy.
const MOST_NODES: usize = 200_000;
const MOST_DEPTH: usize = 200;
