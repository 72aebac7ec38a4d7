//! Words, and lists and maps of them, that are checked as they are read: an error has the place of
//! its own entry.

use std::collections::BTreeMap;
use std::fmt::{self, Display};
use std::marker::PhantomData;

use serde::de::{self, Deserialize, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

/// What `read` makes of one word.
///
/// # Errors
/// If there is no word, or `read` refuses it.
pub fn word<'de, D, T, E>(
    deserializer: D,
    read: impl FnOnce(&str) -> Result<T, E>,
) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    E: Display,
{
    let word = String::deserialize(deserializer)?;
    read(&word).map_err(de::Error::custom)
}

/// What `read` makes of each word of a list; it is told what was made of those before.
///
/// # Errors
/// If there is no list of words, or `read` refuses one.
pub fn list<'de, D, T, E, F>(deserializer: D, read: F) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    E: Display,
    F: Fn(&str, &[T]) -> Result<T, E>,
{
    deserializer.deserialize_seq(ListVisitor(read, PhantomData))
}

/// What `read` makes of each key and its word.
///
/// # Errors
/// If there is no map of words, or `read` refuses one.
pub fn map<'de, D, T, E, F>(deserializer: D, read: F) -> Result<BTreeMap<String, T>, D::Error>
where
    D: Deserializer<'de>,
    E: Display,
    F: Fn(&str, &str) -> Result<T, E>,
{
    deserializer.deserialize_map(MapVisitor(read, PhantomData))
}

struct Word<F>(F);

impl<'de, T, E, F> DeserializeSeed<'de> for Word<F>
where
    E: Display,
    F: FnOnce(&str) -> Result<T, E>,
{
    type Value = T;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<T, D::Error> {
        word(deserializer, self.0)
    }
}

struct ListVisitor<F, T>(F, PhantomData<T>);

impl<'de, T, E, F> Visitor<'de> for ListVisitor<F, T>
where
    E: Display,
    F: Fn(&str, &[T]) -> Result<T, E>,
{
    type Value = Vec<T>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut words: A) -> Result<Vec<T>, A::Error> {
        let mut list = Vec::new();
        while let Some(entry) = words.next_element_seed(Word(|word: &str| (self.0)(word, &list)))? {
            list.push(entry);
        }
        Ok(list)
    }
}

struct MapVisitor<F, T>(F, PhantomData<T>);

impl<'de, T, E, F> Visitor<'de> for MapVisitor<F, T>
where
    E: Display,
    F: Fn(&str, &str) -> Result<T, E>,
{
    type Value = BTreeMap<String, T>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a map")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut words: A) -> Result<Self::Value, A::Error> {
        let mut map = BTreeMap::new();
        while let Some(key) = words.next_key::<String>()? {
            let value = words.next_value_seed(Word(|word: &str| (self.0)(&key, word)))?;
            map.insert(key, value);
        }
        Ok(map)
    }
}
