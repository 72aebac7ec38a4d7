//! What each key takes.

use serde_json::{Value, json};

use super::{Mapping, values};
use crate::{Category, Compatibility, Effort, Endpoint, Purpose, Verdict, presets::Preset};

/// What a key takes; nothing is said of one that is not here.
pub(super) fn of(mapping: Mapping, key: &str) -> Value {
    match mapping {
        Mapping::Document => document(key),
        Mapping::Client => client(key),
        Mapping::Route => route(key),
        Mapping::Model => model(key),
        Mapping::Choice => choice(key),
        Mapping::Ceilings => ceiling(key),
        Mapping::Caller => caller(key),
        Mapping::Case => case(key),
        Mapping::Expect => expect(key),
    }
}

fn document(key: &str) -> Value {
    match key {
        "policy" | "version" | "about" => text(),
        "include" => one_or_list(text()),
        "values" => values(),
        "client" => Mapping::Client.schema(),
        "routes" => routes(),
        "models" => map(Mapping::Model.schema()),
        "sets" => map(list(text())),
        "callers" => map(Mapping::Caller.schema()),
        "cases" => list(Mapping::Case.schema()),
        _ => json!({}),
    }
}

fn client(key: &str) -> Value {
    match key {
        "name" => text(),
        "category" => one_of(&Category::ALL.map(Category::word)),
        "compatibility" => one_of(&Compatibility::ALL.map(Compatibility::word)),
        "preset" => preset(),
        "setup" | "caveats" | "corrections" => list(text()),
        _ => json!({}),
    }
}

fn route(key: &str) -> Value {
    let verdicts = [Verdict::Native, Verdict::GtExtension, Verdict::NotSupported];
    match key {
        "verdict" => one_of(&verdicts.map(Verdict::word)),
        "action" => one_of(&["forward", "refuse"]),
        "scope" => scope(),
        "purpose" => one_or_list(one_of(&Purpose::ALL.map(Purpose::word))),
        "model" => one_of(&["json", "multipart"]),
        "because" => text(),
        "query" | "headers" | "required_headers" => list(text()),
        "set_headers" => map(text()),
        _ => json!({}),
    }
}

fn model(key: &str) -> Value {
    match key {
        "published" => json!({"anyOf": [text(), list(Mapping::Choice.schema())]}),
        "for" => list(one_of(&Endpoint::ALL.map(Endpoint::word))),
        "listed" => json!({"anyOf": [{"type": "boolean"}, given()]}),
        "deprecated" => text(),
        "ceilings" => Mapping::Ceilings.schema(),
        _ => json!({}),
    }
}

fn choice(key: &str) -> Value {
    match key {
        "name" => text(),
        "weight" => number(),
        "labels" => labels(),
        _ => json!({}),
    }
}

fn ceiling(key: &str) -> Value {
    match key {
        "max_tokens" | "n" => number(),
        "reasoning_effort" => one_of(&Effort::ALL.map(Effort::word)),
        _ => json!({}),
    }
}

fn caller(key: &str) -> Value {
    match key {
        "keys" => one_or_list(text()),
        "labels" => labels(),
        "routes" | "models" => list(text()),
        "ceilings" => Mapping::Ceilings.schema(),
        _ => json!({}),
    }
}

fn case(key: &str) -> Value {
    match key {
        "name" | "request" | "model" | "key" | "skip" => text(),
        "preset" => preset(),
        "scopes" => list(text()),
        "purposes" => one_or_list(one_of(&Purpose::ALL.map(Purpose::word))),
        "models" | "published" | "datasets" => {
            json!({"anyOf": [{"const": "all"}, given(), list(text())]})
        }
        "labels" | "headers" => map(text()),
        "body" => map(json!({"type": ["string", "integer", "null"]})),
        "each" => list(map(json!({"type": ["string", "integer"]}))),
        "expect" => Mapping::Expect.schema(),
        _ => json!({}),
    }
}

fn expect(key: &str) -> Value {
    match key {
        "forward" | "model" | "response_model" | "path" | "query" | "notice" => text(),
        "refuse" | "message" | "reason" => text(),
        "set_headers" => map(text()),
        "drop_headers" | "list" => list(text()),
        _ => json!({}),
    }
}

pub(super) fn text() -> Value {
    json!({"type": "string"})
}

pub(super) fn list(of: impl Into<Value>) -> Value {
    json!({"type": "array", "items": of.into()})
}

pub(super) fn map(of: impl Into<Value>) -> Value {
    json!({"type": "object", "additionalProperties": of.into()})
}

fn one_or_list(of: Value) -> Value {
    json!({"anyOf": [of.clone(), list(of)]})
}

/// Digits, or in their place a value.
fn number() -> Value {
    json!({"anyOf": [
        {"type": "integer", "minimum": 1},
        {"type": "string", "pattern": "^[1-9][0-9]*$"},
        given(),
    ]})
}

/// One of these words, or a value that may be one.
fn one_of(words: &[&str]) -> Value {
    json!({"anyOf": [{"enum": words}, given()]})
}

/// Text with the name of a value in it.
fn given() -> Value {
    json!({"type": "string", "pattern": "\\$\\{"})
}

fn preset() -> Value {
    one_of(&Preset::ALL.map(|preset| preset.word))
}

/// One scope, or sets of them.
fn scope() -> Value {
    let set = |of: &str, entries: Value| {
        json!({
            "type": "object",
            "properties": {of: entries},
            "required": [of],
            "additionalProperties": false,
        })
    };
    let all = set("all", list(text()));
    let any = set("any", list(json!({"anyOf": [text(), all.clone()]})));
    json!({"anyOf": [text(), any, all]})
}

fn labels() -> Value {
    map(one_or_list(text()))
}

/// Routes by method and path; GT's own are named, so that editors can offer them.
fn routes() -> Value {
    let route = || json!({"$ref": "#/definitions/route"});
    let models = Endpoint::ALL.map(|it| format!("POST {}", it.template()));
    let others = OTHER_ROUTES.iter().map(ToString::to_string);
    let named = models.into_iter().chain(others).map(|name| (name, route()));
    let named: serde_json::Map<String, Value> = named.collect();
    json!({
        "type": "object",
        "propertyNames": {"pattern": "^(DELETE|GET|HEAD|PATCH|POST|PUT) /v1/"},
        "properties": named,
        "additionalProperties": route(),
    })
}

/// GT's routes without a model.
const OTHER_ROUTES: &[&str] = &[
    "GET /v1/files/{id}",
    "GET /v1/models",
    "POST /v1/conversations/files",
    "POST /v1/datasets/{id}/files",
];
