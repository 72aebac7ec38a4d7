//! The schemas of documents and cases, beside the reader.

use jsonschema::Validator;
use proptest::prelude::*;
use serde_json::{Value, json};
use signalbox_policy::{Document, format, generate::texts, read_cases, schema};

fn validator(schema: &Value) -> Validator {
    jsonschema::draft7::new(schema).unwrap()
}

/// Puts a mapping where it belongs in a document.
type Around = fn(Value) -> Value;

/// Each mapping of a document: by what stands around it, and its keys in the schema.
fn mappings() -> Vec<(Around, Value)> {
    let schema = schema::document();
    let of = |pointer: &str| schema.pointer(pointer).unwrap().clone();
    let model = "/properties/models/additionalProperties";
    let caller = "/properties/callers/additionalProperties";
    let case = "/properties/cases/items";
    vec![
        (|it| it, schema.clone()),
        (|it| json!({"client": it}), of("/properties/client")),
        (
            |it| json!({"routes": {"GET /v1/models": it}}),
            of("/definitions/route"),
        ),
        (|it| json!({"models": {"m": it}}), of(model)),
        (
            |it| json!({"models": {"m": {"published": [it, {"name": "b"}]}}}),
            of(&format!("{model}/properties/published/anyOf/1/items")),
        ),
        (
            |it| json!({"models": {"m": {"ceilings": it}}}),
            of(&format!("{model}/properties/ceilings")),
        ),
        (|it| json!({"callers": {"c": it}}), of(caller)),
        (
            |it| json!({"callers": {"c": {"ceilings": it}}}),
            of(&format!("{caller}/properties/ceilings")),
        ),
        (|it| json!({"cases": [it]}), of(case)),
        (
            |it| json!({"cases": [{"name": "n", "expect": it}]}),
            of(&format!("{case}/properties/expect")),
        ),
    ]
}

fn samples() -> Vec<Value> {
    vec![
        json!("word"),
        json!("4"),
        json!(4),
        json!(true),
        json!(null),
        json!([]),
        json!(["word"]),
        json!([4]),
        json!([["word"]]),
        json!({}),
        json!({"word": "word"}),
        json!({"word": ["word"]}),
        json!({"word": 4}),
        json!({"word": {}}),
        json!({"word": null}),
        json!({"name": "word"}),
        json!({"any": ["a", {"all": ["b"]}]}),
        json!([{"name": "word"}]),
        json!({"GET /v1/models": {"verdict": "native"}}),
    ]
}

/// With what the schema asks for besides.
fn with_required(schema: &Value, mut mapping: Value) -> Value {
    for key in schema["required"].as_array().into_iter().flatten() {
        let key = key.as_str().unwrap();
        let word = if key == "verdict" { "native" } else { "word" };
        let entries = mapping.as_object_mut().unwrap();
        entries.entry(key).or_insert_with(|| word.into());
    }
    mapping
}

#[test]
fn what_the_reader_refuses_at_a_key_the_schema_refuses() {
    let validator = validator(&schema::document());
    let mut taken = 0;
    for (around, schema) in mappings() {
        let keys = schema["properties"].as_object().unwrap().keys();
        let keys = keys.map(String::as_str).chain(["word", ""]);
        for key in keys {
            for sample in samples() {
                let mapping = with_required(&schema, json!({key: sample}));
                let document = around(mapping);
                // JSON is YAML.
                let read = Document::parse(&document.to_string());
                let fits = validator.is_valid(&document);
                assert!(read.is_ok() || !fits, "{document}: {read:#?}");
                taken += usize::from(read.is_ok() && fits);
            }
        }
    }
    assert!(taken > 100, "{taken}");
}

/// A value of the right shape fits for each key, so that no key is one nobody can write.
#[test]
fn every_key_of_the_reader_can_be_written() {
    let validator = validator(&schema::document());
    for (around, schema) in mappings() {
        for (key, takes) in schema["properties"].as_object().unwrap() {
            let word = takes.pointer("/anyOf/0/enum/0").cloned();
            let list = takes.pointer("/items/anyOf/0/enum/0").map(|it| json!([it]));
            let one = takes.pointer("/anyOf/0/anyOf/0/enum/0").cloned();
            let specific = [word, list, one].into_iter().flatten();
            let mut samples = specific
                .chain(samples())
                .chain([json!([{"name": "n"}]), json!({"m": {}})]);
            let fits = |sample: Value| {
                let document = around(with_required(&schema, json!({key: sample})));
                validator.is_valid(&document) && Document::parse(&document.to_string()).is_ok()
            };
            assert!(samples.any(fits), "{key}: {takes}");
        }
    }
}

#[test]
fn cases_alone_fit_as_they_are_read() {
    let validator = validator(&schema::cases());
    let case = json!({"name": "n", "request": "GET /v1/models", "expect": {"list": []}});
    for (cases, is_one) in [
        (json!([case]), true),
        (json!({"cases": [case]}), true),
        (json!({"cases": [case], "policy": "p"}), false),
        (json!({}), false),
        (json!({"cases": [{"name": 4}]}), false),
    ] {
        assert_eq!(validator.is_valid(&cases), is_one, "{cases}");
        assert_eq!(read_cases(&cases.to_string()).is_ok(), is_one, "{cases}");
    }
}

proptest! {
    #[test]
    fn every_generated_document_fits(text in texts()) {
        let mut options = serde_saphyr::Options::default();
        // As the reader has it: `no` is text.
        options.strict_booleans = true;
        let value: Value = serde_saphyr::from_str_with_options(&text, options).unwrap();
        let validator = validator(&schema::document());
        let found: Vec<String> = validator.iter_errors(&value).map(|it| it.to_string()).collect();
        prop_assert!(found.is_empty(), "{text}\n{found:#?}\n{:?}", Document::parse(&text).map(|it| format(&it)));
    }
}
