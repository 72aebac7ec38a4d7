//! What a file's reader takes, as JSON Schema. Draft 7: what `yaml-language-server` reads best.

use serde_json::{Map, Value, json};
use signalbox_gate::yaml::Shape;

use super::page::Page;

pub(super) fn schema(title: &str, shape: &Shape, page: &Page) -> Value {
    let mut schema = of(shape, "", page);
    if let Value::Object(entries) = &mut schema {
        let draft = "http://json-schema.org/draft-07/schema#";
        entries.insert("$schema".to_owned(), draft.into());
        entries.insert("title".to_owned(), title.into());
    }
    schema
}

fn of(shape: &Shape, path: &str, page: &Page) -> Value {
    match shape {
        Shape::Boolean => json!({"type": "boolean"}),
        Shape::Number => json!({"type": "number"}),
        // A word of digits needs no quotes.
        Shape::Word => json!({"type": ["string", "number"]}),
        Shape::OneOf(words) => json!({"enum": words}),
        Shape::List(entry) => json!({"type": "array", "items": of(entry, path, page)}),
        Shape::Map(entry) => {
            let entry = of(entry, &below(path, "NAME"), page);
            json!({"type": "object", "additionalProperties": entry})
        }
        Shape::Keys(keys) => {
            let property = |(key, shape): &(&'static str, Shape)| {
                let path = below(path, key);
                let mut schema = of(shape, &path, page);
                if let (Value::Object(entries), Some(about)) = (&mut schema, page.about(&path)) {
                    entries.insert("description".to_owned(), about.into());
                }
                ((*key).to_owned(), schema)
            };
            let properties: Map<String, Value> = keys.iter().map(property).collect();
            json!({"type": "object", "properties": properties, "additionalProperties": false})
        }
        // Its reader says what is wrong with it.
        _ => json!({}),
    }
}

fn below(path: &str, key: &str) -> String {
    if path.is_empty() {
        key.to_owned()
    } else {
        format!("{path}.{key}")
    }
}
