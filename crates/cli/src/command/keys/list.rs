//! `signalbox keys list`.

use std::path::PathBuf;

use jiff::Timestamp;
use serde_json::{Map, Value, json};
use signalbox_gate::keyring::{Key, KeyStatus};
use signalbox_policy::{Names, Purpose};

use super::file::KeyFile;
use crate::show::table::table;
use crate::{exit::Exit, output};

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The keyring.
    #[arg(long, value_name = "KEYS.yaml")]
    keys: PathBuf,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<Exit> {
    let keyring = KeyFile::read(&arguments.keys)?.keyring;
    for warning in keyring.warnings() {
        output::talk(&format!("warning: {warning}"));
    }
    let now = Timestamp::now();
    if arguments.json {
        let entries = keyring.iter().map(|key| entry(key, now));
        output::json(&Value::Array(entries.collect()))?;
        return Ok(Exit::Ok);
    }
    let rows: Vec<_> = keyring.iter().map(|key| row(key, now)).collect();
    let heading = ["id", "state", "policy", "expires", "scopes", "models"];
    output::data(&table(heading, &rows))?;
    Ok(Exit::Ok)
}

fn row(key: &Key, now: Timestamp) -> [String; 6] {
    [
        key.caller.id.clone(),
        state(key, now).to_owned(),
        key.policy.clone(),
        key.expires
            .map_or_else(|| "never".to_owned(), |expires| expires.to_string()),
        shown(&key.caller.scopes),
        names(&key.caller.models),
    ]
}

fn entry(key: &Key, now: Timestamp) -> Value {
    let caller = &key.caller;
    let labels: Map<String, Value> = caller
        .labels
        .iter()
        .map(|(name, text)| (name.clone(), json!(text)))
        .collect();
    let limits = &key.limits;
    json!({
        "id": caller.id,
        "standing": status(key.status(now)),
        "profile": key.is_profile(),
        "policy": key.policy,
        "purposes": caller.purposes.iter().map(Purpose::word).collect::<Vec<_>>(),
        "scopes": caller.scopes,
        "models": names_json(&caller.models),
        "published": names_json(&caller.published),
        "datasets": names_json(&caller.datasets),
        "limits": {
            "per_minute": limits.per_minute,
            "concurrent": limits.concurrent,
            "streams": limits.streams,
        },
        "expires": key.expires.map(|expires| expires.to_string()),
        "labels": labels,
        "group": key.group,
    })
}

/// A profile opens nothing by itself, however well it stands.
fn state(key: &Key, now: Timestamp) -> &'static str {
    match key.status(now) {
        KeyStatus::Valid if key.is_profile() => "profile",
        other => status(other),
    }
}

const fn status(status: KeyStatus) -> &'static str {
    match status {
        KeyStatus::Valid => "valid",
        KeyStatus::Expired => "expired",
        KeyStatus::Revoked => "revoked",
    }
}

fn names(names: &Names) -> String {
    match names {
        Names::All => "all".into(),
        Names::Only(names) => shown(names),
    }
}

fn names_json(names: &Names) -> Value {
    match names {
        Names::All => json!("all"),
        Names::Only(names) => json!(names),
    }
}

fn shown(names: &[String]) -> String {
    if names.is_empty() {
        "none".into()
    } else {
        names.join(",")
    }
}
