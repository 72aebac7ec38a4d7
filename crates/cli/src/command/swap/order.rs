//! A transaction as the admin API takes it.

use anyhow::Context as _;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Map, Value, json};
use signalbox_runtime::Digest;

use super::{
    Arguments,
    candidate::{Candidate, Component},
};
use crate::{admin::Body, transaction::Transaction};

/// One JSON document, whether it is about one policy or several.
pub(super) fn transaction(
    arguments: &Arguments,
    candidates: Vec<Candidate>,
) -> anyhow::Result<Transaction> {
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
        let statement = serde_json::from_slice(&statement).context("the signed statement")?;
        policy.insert("statement".into(), statement);
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
