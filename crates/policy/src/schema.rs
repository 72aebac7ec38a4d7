//! JSON Schemas of documents and of case files, for editors.
//!
//! The keys are those of the tables that the reader goes by. What each key takes is written here, and
//! a test has the reader and the schema look at the same values. Draft 7: what `yaml-language-server`
//! reads best.

use serde_json::{Map, Value, json};

use crate::document::{
    CALLER_KEYS, CASE_KEYS, CEILING_KEYS, CHOICE_KEYS, CLIENT_KEYS, DOCUMENT_KEYS, EXPECT_KEYS,
    MODEL_KEYS, ROUTE_KEYS,
};

mod about;
mod takes;

use takes::{list, map, text};

/// A mapping of the language.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mapping {
    Document,
    Client,
    Route,
    Model,
    Choice,
    Ceilings,
    Caller,
    Case,
    Expect,
}

/// The schema of policy documents, and of bases for them.
#[must_use]
pub fn document() -> Value {
    let definitions = json!({"route": Mapping::Route.schema()});
    let mut schema = Mapping::Document.schema();
    head(&mut schema, "A policy document of Signalbox");
    put(&mut schema, "definitions", definitions);
    schema
}

/// The schema of case files.
#[must_use]
pub fn cases() -> Value {
    let cases = list(Mapping::Case.schema());
    let mapping = json!({
        "type": "object",
        "properties": {"cases": cases.clone()},
        "required": ["cases"],
        "additionalProperties": false,
    });
    let mut schema = json!({"anyOf": [mapping, cases]});
    head(&mut schema, "Cases for policies of Signalbox");
    schema
}

fn head(schema: &mut Value, title: &str) {
    put(
        schema,
        "$schema",
        "http://json-schema.org/draft-07/schema#".into(),
    );
    put(schema, "title", title.into());
}

fn put(schema: &mut Value, key: &str, value: Value) {
    if let Value::Object(entries) = schema {
        entries.insert(key.to_owned(), value);
    }
}

impl Mapping {
    /// The keys that the reader takes.
    const fn keys(self) -> &'static [&'static str] {
        match self {
            Self::Document => DOCUMENT_KEYS,
            Self::Client => CLIENT_KEYS,
            Self::Route => ROUTE_KEYS,
            Self::Model => MODEL_KEYS,
            Self::Choice => CHOICE_KEYS,
            Self::Ceilings => CEILING_KEYS,
            Self::Caller => CALLER_KEYS,
            Self::Case => CASE_KEYS,
            Self::Expect => EXPECT_KEYS,
        }
    }

    /// The keys without which a mapping is an error wherever it stands: a base need not have what its
    /// document says.
    const fn required(self) -> &'static [&'static str] {
        match self {
            Self::Route => &["verdict"],
            Self::Client | Self::Choice | Self::Case => &["name"],
            _ => &[],
        }
    }

    fn schema(self) -> Value {
        let keys = self.keys().iter();
        let property = |key: &&str| {
            let mut takes = takes::of(self, key);
            if let Some(about) = about::of(self, key) {
                put(&mut takes, "description", about.into());
            }
            ((*key).to_owned(), takes)
        };
        let properties: Map<String, Value> = keys.map(property).collect();
        let mut schema = json!({
            "type": "object",
            "properties": properties,
            "additionalProperties": false,
        });
        if !self.required().is_empty() {
            put(&mut schema, "required", self.required().into());
        }
        schema
    }
}

/// `values:`, or a file of values: a text, or `{}` for one that must be given.
fn values() -> Value {
    let must_be_given = json!({"type": "object", "maxProperties": 0});
    map(json!({"anyOf": [text(), must_be_given]}))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Mapping; 9] = [
        Mapping::Document,
        Mapping::Client,
        Mapping::Route,
        Mapping::Model,
        Mapping::Choice,
        Mapping::Ceilings,
        Mapping::Caller,
        Mapping::Case,
        Mapping::Expect,
    ];

    #[test]
    fn every_key_says_what_it_takes_and_what_it_is_for() {
        for mapping in ALL {
            for key in mapping.keys() {
                assert_ne!(takes::of(mapping, key), json!({}), "{mapping:?} {key}");
                assert!(about::of(mapping, key).is_some(), "{mapping:?} {key}");
            }
        }
    }
}
