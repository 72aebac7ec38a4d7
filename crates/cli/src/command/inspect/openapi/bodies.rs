//! Bodies and answers, as far as GT documents them. What it does not is left open.

use serde_json::{Map, Value, json};
use signalbox_policy::{Endpoint, ModelSource, RouteDescription};

use super::questions::Models;

/// The body of a request; `None` where GT documents none.
pub(super) fn request(route: &RouteDescription, models: &Models) -> Option<Value> {
    let (media, mut members, mut required) = match (&*route.method, &*route.template) {
        ("POST", "/v1/conversations/files" | "/v1/datasets/{id}/files") => {
            ("multipart/form-data", json!({"file": file()}), vec!["file"])
        }
        (method, template) => of_endpoint(Endpoint::of(method, template), route.model)?,
    };
    if route.model != ModelSource::None {
        members
            .as_object_mut()?
            .insert("model".into(), model(models));
        required.insert(0, "model");
    }
    let schema = json!({"type": "object", "properties": members, "required": required});
    Some(json!({"required": true, "content": {media: {"schema": schema}}}))
}

/// Media type, members and the names of those that have to be there.
fn of_endpoint(
    endpoint: Option<Endpoint>,
    source: ModelSource,
) -> Option<(&'static str, Value, Vec<&'static str>)> {
    let text = || json!({"type": "string"});
    let (members, required) = match endpoint {
        Some(Endpoint::Chat) => {
            let message = json!({
                "type": "object",
                "properties": {"role": text(), "content": {}},
                "required": ["role"],
            });
            let messages = json!({"type": "array", "minItems": 1, "items": message});
            let stream = json!({"type": "boolean"});
            (
                json!({"messages": messages, "stream": stream}),
                vec!["messages"],
            )
        }
        Some(Endpoint::Conversations) => (json!({"title": text()}), vec![]),
        Some(Endpoint::Embeddings) => {
            let format = json!({"enum": ["float", "base64"]});
            (
                json!({"input": {}, "encoding_format": format}),
                vec!["input"],
            )
        }
        Some(Endpoint::Images) => (json!({"prompt": text()}), vec!["prompt"]),
        Some(Endpoint::Speech) => (json!({"input": text(), "voice": text()}), vec!["input"]),
        Some(Endpoint::Transcriptions) => (json!({"file": file()}), vec!["file"]),
        None => (json!({}), vec![]),
    };
    let media = match source {
        ModelSource::Json => "application/json",
        ModelSource::Multipart => "multipart/form-data",
        ModelSource::None => return None,
    };
    Some((media, members, required))
}

/// A file in a form: no type, because it is no JSON.
fn file() -> Value {
    json!({"contentMediaType": "application/octet-stream"})
}

/// Names, and patterns of what others begin with.
fn model(models: &Models) -> Value {
    let prefixes = models.prefixes.iter().map(|prefix| {
        let pattern = format!("^{}", escaped(prefix));
        json!({"type": "string", "pattern": pattern, "minLength": 1, "maxLength": 256})
    });
    let names = (!models.names.is_empty()).then(|| one_of(&models.names));
    let mut all: Vec<_> = names.into_iter().chain(prefixes).collect();
    match (all.len(), all.pop()) {
        (1, Some(only)) => only,
        (_, last) => {
            all.extend(last);
            json!({"anyOf": all})
        }
    }
}

/// Text as a regular expression that stands for it alone.
fn escaped(text: &str) -> String {
    text.chars().fold(String::new(), |mut escaped, c| {
        if r"\^$.|?*+()[]{}/".contains(c) {
            escaped.push('\\');
        }
        escaped.push(c);
        escaped
    })
}

pub(super) fn one_of<S: AsRef<str>>(names: &[S]) -> Value {
    let names: Vec<_> = names.iter().map(AsRef::as_ref).collect();
    match names.is_empty() {
        true => json!({"type": "string"}),
        false => json!({"type": "string", "enum": names}),
    }
}

/// An answer, and a refusal in the form that OpenAI's clients read.
pub(super) fn responses(method: &str, template: &str) -> Value {
    let open = || json!({"schema": {}});
    let content = match (method, template) {
        ("POST", "/v1/chat/completions") => {
            json!({"application/json": open(), "text/event-stream": open()})
        }
        ("POST", "/v1/audio/speech") => json!({"audio/*": open()}),
        ("GET", "/v1/models") => reference("ModelList"),
        ("GET", "/v1/models/{model}") => reference("Model"),
        _ => json!({"application/json": open()}),
    };
    json!({
        "200": {"description": "The answer.", "content": content},
        "4XX": {
            "description": "Refused; the message says what to do next.",
            "content": reference("Error"),
        },
    })
}

fn reference(name: &str) -> Value {
    let schema = format!("#/components/schemas/{name}");
    json!({"application/json": {"schema": {"$ref": schema}}})
}

/// What answers refer to.
pub(super) fn schemas() -> Map<String, Value> {
    let text = || json!({"type": "string"});
    let optional = || json!({"type": ["string", "null"]});
    let model = json!({
        "type": "object",
        "properties": {"id": text(), "object": {"const": "model"}},
        "required": ["id", "object"],
    });
    let list = json!({
        "type": "object",
        "properties": {
            "object": {"const": "list"},
            "data": {"type": "array", "items": {"$ref": "#/components/schemas/Model"}},
        },
        "required": ["object", "data"],
    });
    let error = json!({
        "type": "object",
        "properties": {"error": {
            "type": "object",
            "properties": {
                "message": text(), "type": text(), "code": optional(), "param": optional(),
            },
            "required": ["message", "type"],
        }},
        "required": ["error"],
    });
    let all = [("Model", model), ("ModelList", list), ("Error", error)];
    all.map(|(name, schema)| (name.to_owned(), schema))
        .into_iter()
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_stands_for_its_prefix_alone() {
        assert_eq!(escaped("gpt-4.1/x*"), r"gpt-4\.1\/x\*");
        let models = Models {
            names: vec![],
            prefixes: vec!["a.".into()],
        };
        assert_eq!(model(&models)["pattern"], r"^a\.");
    }
}
