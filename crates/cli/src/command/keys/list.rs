//! `signalbox keys list`.

use std::path::PathBuf;

use anyhow::Context as _;
use jiff::Timestamp;
use serde_json::{Value, json};
use signalbox_host::keyring::{Key, Keyring, Standing};
use signalbox_policy::{Names, Purpose};

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
    let name = arguments.keys.display();
    let keyring = Keyring::load(&arguments.keys).with_context(|| format!("cannot use {name}"))?;
    for warning in keyring.warnings() {
        output::talk(&format!("warning: {warning}"));
    }
    let now = Timestamp::now();
    if arguments.json {
        output::json(&Value::Array(
            keyring.iter().map(|key| entry(key, now)).collect(),
        ))?;
        return Ok(Exit::Ok);
    }
    let width = keyring
        .iter()
        .map(|key| key.caller.id.len())
        .max()
        .unwrap_or_default();
    for key in keyring.iter() {
        let Key { caller, policy, .. } = &**key;
        output::data(&format!(
            "{:<width$}  {:<7}  policy {policy}  scopes {}  models {}",
            caller.id,
            standing(key.standing(now)),
            shown(&caller.scopes),
            names(&caller.models),
        ))?;
    }
    Ok(Exit::Ok)
}

fn entry(key: &Key, now: Timestamp) -> Value {
    json!({
        "id": key.caller.id,
        "standing": standing(key.standing(now)),
        "policy": key.policy,
        "purposes": key.caller.purposes.iter().map(Purpose::word).collect::<Vec<_>>(),
        "scopes": key.caller.scopes,
        "models": names_json(&key.caller.models),
        "published": names_json(&key.caller.published),
        "datasets": names_json(&key.caller.datasets),
        "expires": key.expires.map(|expires| expires.to_string()),
        "group": key.group,
    })
}

fn standing(standing: Standing) -> &'static str {
    match standing {
        Standing::Valid => "valid",
        Standing::Expired => "expired",
        Standing::Revoked => "revoked",
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
