//! A JSON value made from a JSON schema: what a tool is called with, what a `json_schema` answer holds.

use serde_json::{Map, Value, json};

/// A value of the schema's type with its required properties; strings are `text`.
pub(super) fn example(schema: &Value, text: &str) -> Value {
    if let Some(constant) = schema.get("const") {
        return constant.clone();
    }
    if let Some(first) = schema
        .get("enum")
        .and_then(Value::as_array)
        .and_then(|values| values.first())
    {
        return first.clone();
    }
    match schema.get("type").and_then(Value::as_str) {
        Some("string") => json!(text),
        Some("integer" | "number") => json!(1),
        Some("boolean") => json!(true),
        Some("null") => Value::Null,
        Some("array") => schema
            .get("items")
            .map_or(json!([]), |items| json!([example(items, text)])),
        _ => Value::Object(object(schema, text)),
    }
}

fn object(schema: &Value, text: &str) -> Map<String, Value> {
    let required = schema
        .get("required")
        .and_then(Value::as_array)
        .map(Vec::as_slice)
        .unwrap_or_default();
    let names = required.iter().filter_map(Value::as_str);
    names
        .map(|name| (name.to_owned(), example(property(schema, name), text)))
        .collect()
}

/// A property nobody described may be anything: `null` is.
fn property<'a>(schema: &'a Value, name: &str) -> &'a Value {
    schema
        .get("properties")
        .and_then(|properties| properties.get(name))
        .unwrap_or(&Value::Null)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_required_property_gets_a_value_of_its_type() {
        let schema = json!({
            "type": "object",
            "properties": {
                "city": {"type": "string"}, "unit": {"enum": ["c", "f"]}, "days": {"type": "integer"},
                "tags": {"type": "array", "items": {"type": "boolean"}}, "left_out": {"type": "string"},
                "inner": {"type": "object", "properties": {"x": {"const": 7}}, "required": ["x"]},
            },
            "required": ["city", "unit", "days", "tags", "inner"],
        });
        let expected =
            json!({"city": "hi", "unit": "c", "days": 1, "tags": [true], "inner": {"x": 7}});
        assert_eq!(example(&schema, "hi"), expected);
    }
}
