//! What a type reads of a file: its keys, and what each of them takes. It is found by having the type
//! read, so it is never another than the reader's.

use std::cell::RefCell;
use std::fmt;

use serde::de::value::{BoolDeserializer, StrDeserializer};
use serde::de::{
    self, DeserializeOwned, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor,
};

/// What a type reads.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Shape {
    /// `true` or `false`.
    Boolean,
    /// A number.
    Number,
    /// One word, which may be a number.
    Word,
    /// One of these words.
    OneOf(Vec<&'static str>),
    /// A list.
    List(Box<Self>),
    /// A mapping with keys that its author chooses.
    Map(Box<Self>),
    /// A mapping with these keys.
    Keys(Vec<(&'static str, Self)>),
    /// One of several of these.
    Mixed,
}

impl Shape {
    /// What `T` reads.
    #[must_use]
    pub fn of<T: DeserializeOwned>() -> Self {
        at::<T>(&mut Vec::new())
    }
}

/// What stands at a place below `T`.
fn at<T: DeserializeOwned>(path: &mut Vec<&'static str>) -> Shape {
    let found = RefCell::new(Found::Mixed);
    let probe = Probe {
        path,
        found: &found,
        is_spanned: false,
    };
    // It never gets a whole value, and so gives none.
    let _ = T::deserialize(probe);
    let mut below = |key: &'static str| {
        path.push(key);
        let shape = at::<T>(path);
        path.pop();
        shape
    };
    match found.into_inner() {
        Found::Shape(shape) => shape,
        Found::List => Shape::List(Box::new(below(ENTRY))),
        Found::Map => Shape::Map(Box::new(below(ENTRY))),
        Found::Keys(keys) => {
            let keys = keys.iter().map(|key| (*key, below(key)));
            Shape::Keys(keys.collect())
        }
        Found::Mixed => Shape::Mixed,
    }
}

/// What was asked for at the end of the path.
enum Found {
    Shape(Shape),
    List,
    Map,
    Keys(&'static [&'static str]),
    Mixed,
}

/// Goes down a path as a type reads, and notes what is asked for at its end.
#[derive(Clone, Copy)]
struct Probe<'p> {
    path: &'p [&'static str],
    found: &'p RefCell<Found>,
    /// Whether the value comes with its place.
    is_spanned: bool,
}

impl<'p> Probe<'p> {
    /// What to go on with below here; `None` at the end of the path.
    fn below(self) -> Option<(&'static str, Self)> {
        let (first, path) = self.path.split_first()?;
        let below = Self {
            path,
            is_spanned: false,
            ..self
        };
        Some((*first, below))
    }

    fn end<T>(self, found: Found) -> Result<T, Stop> {
        *self.found.borrow_mut() = found;
        Err(Stop)
    }
}

macro_rules! scalars {
    ($shape:expr => $($method:ident)+) => {
        $(fn $method<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Stop> {
            self.end(Found::Shape($shape))
        })+
    };
}

impl<'de> Deserializer<'de> for Probe<'_> {
    type Error = Stop;

    scalars!(Shape::Boolean => deserialize_bool);
    scalars!(Shape::Number => deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64);
    scalars!(Shape::Number => deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64);
    scalars!(Shape::Number => deserialize_f32 deserialize_f64);
    scalars!(Shape::Word => deserialize_char deserialize_str deserialize_string);
    scalars!(Shape::Word => deserialize_bytes deserialize_byte_buf deserialize_unit);
    scalars!(Shape::Word => deserialize_identifier deserialize_ignored_any);

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Stop> {
        if self.is_spanned {
            let value = Self {
                is_spanned: false,
                ..self
            };
            return visitor.visit_map(WithPlace::Marker(value));
        }
        self.end(Found::Mixed)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Stop> {
        visitor.visit_some(self)
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: V,
    ) -> Result<V::Value, Stop> {
        self.end(Found::Mixed)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Stop> {
        let is_spanned = name == SPANNED;
        visitor.visit_newtype_struct(Self { is_spanned, ..self })
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Stop> {
        match self.below() {
            None => self.end(Found::List),
            Some(below) => visitor.visit_seq(Once(Some(below))),
        }
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Stop> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: usize,
        visitor: V,
    ) -> Result<V::Value, Stop> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Stop> {
        match self.below() {
            None => self.end(Found::Map),
            Some(below) => visitor.visit_map(Once(Some(below))),
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Stop> {
        match self.below() {
            None => self.end(Found::Keys(fields)),
            Some(below) => visitor.visit_map(Once(Some(below))),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        variants: &'static [&'static str],
        _: V,
    ) -> Result<V::Value, Stop> {
        self.end(Found::Shape(Shape::OneOf(variants.to_vec())))
    }
}

/// A mapping or a list with one entry.
struct Once<'p>(Option<(&'static str, Probe<'p>)>);

impl<'de> MapAccess<'de> for Once<'_> {
    type Error = Stop;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Stop> {
        let Some((key, _)) = &self.0 else {
            return Ok(None);
        };
        seed.deserialize(StrDeserializer::new(key)).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Stop> {
        let (_, value) = self.0.take().ok_or(Stop)?;
        seed.deserialize(value)
    }
}

impl<'de> SeqAccess<'de> for Once<'_> {
    type Error = Stop;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Stop> {
        let Some((_, entry)) = self.0.take() else {
            return Ok(None);
        };
        seed.deserialize(entry).map(Some)
    }
}

/// A value as the reader of YAML gives it with its place.
enum WithPlace<'p> {
    Marker(Probe<'p>),
    Value(Probe<'p>),
    Nothing,
}

impl<'de> MapAccess<'de> for WithPlace<'_> {
    type Error = Stop;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Stop> {
        let key = match self {
            Self::Marker(_) => MARKER,
            Self::Value(_) => "value",
            Self::Nothing => return Ok(None),
        };
        seed.deserialize(StrDeserializer::new(key)).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Stop> {
        match std::mem::replace(self, Self::Nothing) {
            Self::Marker(value) => {
                *self = Self::Value(value);
                seed.deserialize(BoolDeserializer::new(true))
            }
            Self::Value(value) => seed.deserialize(value),
            Self::Nothing => Err(Stop),
        }
    }
}

/// The end of reading.
#[derive(Debug)]
struct Stop;

impl fmt::Display for Stop {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("no more is read")
    }
}

impl std::error::Error for Stop {}

impl de::Error for Stop {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self
    }
}

/// Any entry of a list or of a mapping whose keys are its author's.
const ENTRY: &str = "entry";

/// As the reader of YAML calls a value with its place.
const SPANNED: &str = "__yaml_spanned";

/// And the first key of what it gives then.
const MARKER: &str = "__serde_saphyr_private_spanned";

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde::Deserialize;
    use serde_saphyr::Spanned;

    use super::*;
    use crate::text::yaml::{WrittenNames, present, word};

    #[derive(Deserialize)]
    #[serde(rename_all = "kebab-case")]
    enum Which {
        OneWay,
        Other,
    }

    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "it is read, and never used")]
    struct Inner {
        #[serde(deserialize_with = "even")]
        number: u32,
        which: Which,
    }

    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "it is read, and never used")]
    struct Outer {
        flag: bool,
        #[serde(default, deserialize_with = "present")]
        inner: Option<Spanned<Inner>>,
        words: Vec<Spanned<String>>,
        of: BTreeMap<String, Spanned<u64>>,
        names: WrittenNames,
    }

    fn even<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
        word(deserializer, |text| text.parse::<u32>())
    }

    #[test]
    fn a_type_tells_what_it_reads() {
        let inner = Shape::Keys(vec![
            ("number", Shape::Word),
            ("which", Shape::OneOf(vec!["one-way", "other"])),
        ]);
        let outer = Shape::Keys(vec![
            ("flag", Shape::Boolean),
            ("inner", inner),
            ("words", Shape::List(Box::new(Shape::Word))),
            ("of", Shape::Map(Box::new(Shape::Number))),
            ("names", Shape::Mixed),
        ]);
        assert_eq!(Shape::of::<Outer>(), outer);
    }
}
