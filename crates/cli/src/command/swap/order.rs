//! A transaction as the admin API takes it.

use anyhow::Context as _;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::HeaderValue;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, PercentEncode, utf8_percent_encode};
use serde_json::{Map, Value, json};
use signalbox_runtime::Digest;

use super::{
    Arguments,
    candidate::{Candidate, Component},
};
use crate::{admin::Body, transaction::Transaction};

/// One component goes as it is; several, references and cases go as JSON.
pub(super) fn transaction(
    arguments: &Arguments,
    mut candidates: Vec<Candidate>,
) -> anyhow::Result<Transaction> {
    if let [
        Candidate {
            name,
            component: Component::Bytes(bytes),
            statement,
            cases: None,
        },
    ] = &mut candidates[..]
    {
        return single(arguments, name, std::mem::take(bytes), statement.as_deref());
    }
    let mut body = Map::new();
    let policies = candidates.into_iter().map(policy);
    body.insert(
        "policies".into(),
        policies.collect::<anyhow::Result<Map<_, _>>>()?.into(),
    );
    for (name, value) in settings(arguments) {
        body.insert(name.into(), value);
    }
    Ok(Transaction {
        path: "/swaps".into(),
        body: Body::Json(body.into()),
    })
}

fn single(
    arguments: &Arguments,
    name: &str,
    bytes: Vec<u8>,
    statement: Option<&[u8]>,
) -> anyhow::Result<Transaction> {
    let mut path = format!(
        "/swaps?policy={}&digest={}",
        encoded(name),
        Digest::of(&bytes)
    );
    for (name, value) in settings(arguments) {
        let value = match value {
            Value::String(text) => text,
            Value::Array(texts) => {
                let texts: Vec<_> = texts.iter().filter_map(Value::as_str).collect();
                texts.join(",")
            }
            other => other.to_string(),
        };
        path.push_str(&format!("&{name}={}", encoded(&value)));
    }
    let statement = statement.map(|bytes| HeaderValue::try_from(STANDARD.encode(bytes)));
    Ok(Transaction {
        path,
        body: Body::Component {
            bytes,
            statement: statement.transpose().context("the signed statement")?,
        },
    })
}

fn policy(candidate: Candidate) -> anyhow::Result<(String, Value)> {
    let mut policy = Map::new();
    match candidate.component {
        Component::Bytes(bytes) => {
            policy.insert("component".into(), STANDARD.encode(&bytes).into());
            policy.insert("digest".into(), Digest::of(&bytes).to_string().into());
        }
        Component::Reference(reference) => {
            policy.insert("registry".into(), reference.into());
        }
    }
    if let Some(statement) = candidate.statement {
        policy.insert("statement".into(), serde_json::from_slice(&statement)?);
    }
    if let Some(cases) = candidate.cases {
        policy.insert("cases".into(), serde_json::to_value(cases)?);
    }
    Ok((candidate.name, policy.into()))
}

/// What is not as it is without a flag.
fn settings(arguments: &Arguments) -> Vec<(&'static str, Value)> {
    let mut settings = Vec::new();
    if arguments.dry_run {
        settings.push(("mode", json!("dry-run")));
    }
    if arguments.shadow {
        settings.push(("mode", json!("shadow")));
    }
    if let Some(after) = arguments.promote_after {
        settings.push(("promote_after", json!(after)));
    }
    if !arguments.accept.is_empty() {
        settings.push(("accept", json!(arguments.accept)));
    }
    if let Some(share) = arguments.canary {
        settings.push(("mode", json!("canary")));
        settings.push(("share", json!(share.to_string())));
    }
    if arguments.pin {
        settings.push(("roll_back", json!("pinned")));
    }
    if arguments.may_roll_back {
        settings.push(("roll_back", json!("vouched")));
    }
    if arguments.cut {
        settings.push(("cut", json!(true)));
    }
    settings
}

/// A value of a query: everything but letters, digits and four signs as `%XX`.
fn encoded(text: &str) -> PercentEncode<'_> {
    utf8_percent_encode(text, KEPT)
}

/// What stands in a value as it is.
const KEPT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');
